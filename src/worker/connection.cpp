#include <torc/base/assert.hpp>
#include <torc/worker/connection.hpp>

#include "find_asset.hpp"

#include <algorithm>
#include <utility>

namespace torc::worker {

static_assert(site::Responder::own_head_bytes_max + 2 * site::extra_fields_bytes_max <=
                  limits::outbox_bytes,
              "any head but a redirect's must fit into an empty outbox");

Connection::~Connection() {
    release_outbox();
    if (log_ && services_.access_log != nullptr) {
        services_.access_log->append(log_->line, log_->file_sent_bytes, services_.now);
    }
}

Action Connection::on_received(std::string_view bytes) {
    TORC_ASSERT(state_ == State::idle || state_ == State::receiving || state_ == State::lingering);
    if (bytes.empty()) {
        return on_end_of_input();
    }
    if (state_ == State::lingering) {
        return Receive{};
    }
    if (!backlog_) {
        // Most requests come whole: they are served where they are, and nothing is copied.
        return serve(bytes, nullptr);
    }
    if (backlog_->awaits_body(services_.body_bytes_max)) {
        bytes.remove_prefix(backlog_->body->feed(bytes));
        if (backlog_->awaits_body(services_.body_bytes_max)) {
            return receive();
        }
    }
    backlog_->append(bytes);
    return serve_backlog(nullptr);
}

Action Connection::on_end_of_input() {
    // Without a backlog it is a body that did not come: its request has its answer already, and
    // another would be taken for that to the next.
    if (!has_timed_out_ || !backlog_) {
        return close();
    }
    const Served refused = refuse(backlog_->view(), http::Status::request_timeout);
    backlog_.reset();
    return after_serving(refused);
}

Action Connection::on_loaded(site::Asset& asset) {
    TORC_ASSERT(state_ == State::loading && backlog_);
    return serve_backlog(&asset);
}

Action Connection::on_sent(std::size_t bytes) {
    TORC_ASSERT(state_ == State::sending);
    outbox_->note_sent(bytes);
    if (!outbox_->is_sent()) {
        return send();
    }
    content_.on_message_sent(outbox_->total_bytes());
    release_outbox();
    return go_on();
}

Action Connection::on_file_sent(std::size_t bytes) {
    TORC_ASSERT(state_ == State::sending_file);
    if (bytes == 0) {
        // The file was truncated. Its length was promised, and only a close tells the peer that
        // this is not all (RFC 9112 §8).
        return close();
    }
    content_.on_file_sent(bytes);
    if (log_) {
        log_->file_sent_bytes += bytes;
    }
    return go_on();
}

Action Connection::go_on() {
    if (content_.has_file()) {
        return send_file();
    }
    content_.release_file();
    if (content_.has_more()) {
        content_.append_parts(outbox());
        return send();
    }
    if (log_) {
        services_.access_log->append(log_->line, log_->content_bytes, services_.now);
        log_.reset();
    }
    return after_responses();
}

Action Connection::after_responses() {
    content_.end_run();
    switch (afterwards_) {
        case Afterwards::request:
            break;
        case Afterwards::close:
            return close();
        case Afterwards::linger:
            return linger();
    }
    if (backlog_) {
        return serve_backlog(nullptr);
    }
    // The responses that have just left may say nothing of an end, if the drain began meanwhile:
    // between two requests HTTP/1.1 allows a close all the same (RFC 9112 §9.5).
    return services_.is_draining ? close() : receive();
}

Action Connection::serve_backlog(site::Asset* loaded_asset) {
    return serve(backlog_->view(), loaded_asset);
}

Action Connection::serve(std::string_view input, site::Asset* loaded_asset) {
    Served served{.next = Next::request};
    std::size_t used = 0;
    while (served.next == Next::request) {
        used += skip_body(input.size() - used);
        if (used == input.size()) {
            served.next = Next::input;
            break;
        }
        served = serve_one(input.substr(used), std::exchange(loaded_asset, nullptr));
        used += served.bytes;
    }
    if (served.next == Next::body) {
        // There is a backlog, with what is known of the body; the head may stand in it.
        backlog_->assign(input.substr(used, services_.scratch.request.head_bytes));
    } else {
        keep(input.substr(used));
    }
    return after_serving(served);
}

std::size_t Connection::skip_body(std::size_t available) noexcept {
    const std::uint64_t skipped = std::min<std::uint64_t>(available, body_remaining_bytes_);
    body_remaining_bytes_ -= skipped;
    return static_cast<std::size_t>(skipped);
}

void Connection::keep(std::string_view rest) {
    if (afterwards_ != Afterwards::request) {
        // Nothing is served any more, but the peer has not heard of that: a close while it sends
        // would reset the connection.
        afterwards_ = rest.empty() ? afterwards_ : Afterwards::linger;
        backlog_.reset();
    } else if (rest.empty()) {
        backlog_.reset();
    } else if (backlog_) {
        backlog_->keep_last(rest.size());
    } else {
        backlog_ = std::make_unique<Backlog>();
        backlog_->assign(rest);
    }
}

Action Connection::after_serving(const Served& served) {
    // Responses leave before anything is waited for, be it the disk.
    if (outbox_ != nullptr && !outbox_->empty()) {
        return send();
    }
    release_outbox();
    switch (served.next) {
        case Next::asset:
            return load(served.load_key);
        case Next::input:
            if (backlog_) {
                backlog_->note_scanned();
            }
            break;
        case Next::body:
            break;
        case Next::request:
        case Next::send:
            assertion_failed("a request was left, or a response that is not in the batch");
    }
    return receive();
}

Action Connection::receive() noexcept {
    const bool has_begun = backlog_ != nullptr || body_remaining_bytes_ > 0;
    state_ = has_begun ? State::receiving : State::idle;
    return Receive{};
}

Action Connection::load(std::string_view key) noexcept {
    state_ = State::loading;
    return Load{.key = key};
}

Action Connection::send() noexcept {
    state_ = State::sending;
    return Send{.message = &outbox_->message(),
                .sent_bytes = outbox_->sent_bytes(),
                .more_follows = content_.has_more() && !content_.may_wait()};
}

Action Connection::send_file() noexcept {
    state_ = State::sending_file;
    return content_.rest_of_file();
}

Action Connection::linger() noexcept {
    state_ = State::lingering;
    return Linger{};
}

Action Connection::close() noexcept {
    state_ = State::closed;
    return Close{};
}

Outbox& Connection::outbox() {
    if (outbox_ == nullptr) {
        outbox_ = &services_.outboxes.acquire();
    }
    return *outbox_;
}

void Connection::release_outbox() noexcept {
    if (outbox_ != nullptr) {
        services_.outboxes.release(*std::exchange(outbox_, nullptr));
    }
}

Connection::Served Connection::serve_one(std::string_view input, site::Asset* loaded_asset) {
    const std::size_t scanned = backlog_ ? backlog_->take_scanned_bytes() : 0;
    http::Request& request = services_.scratch.request;
    const http::ParseResult result =
        http::parse_request(input, scanned, request, services_.parse_limits);
    switch (result.state) {
        case http::ParseState::incomplete:
            // What can't become a request is not waited for, such as a TLS client that waits too.
            return http::opening_of(input) == http::Opening::http
                       ? Served{.bytes = 0, .next = Next::input}
                       : refuse(input, http::Status::bad_request);
        case http::ParseState::malformed:
            return refuse(input, result.status);
        case http::ParseState::parsed:
            break;
    }
    return serve_parsed(input.substr(request.head_bytes), loaded_asset);
}

Connection::Served Connection::serve_parsed(std::string_view after_head,
                                            site::Asset* loaded_asset) {
    const http::Request& request = services_.scratch.request;
    const auto framing = http::determine_framing(request);
    if (!framing) {
        return reject(framing.error().status);
    }
    std::optional<ChunkedBody> chunked = backlog_ ? backlog_->body : std::nullopt;
    const BodyPlan body = plan_body(*framing, after_head, services_.body_bytes_max, chunked);
    switch (body.verdict) {
        case BodyPlan::Verdict::answer:
        case BodyPlan::Verdict::answer_and_close:
            break;
        case BodyPlan::Verdict::wait:
            if (!backlog_) {
                backlog_ = std::make_unique<Backlog>();
            }
            backlog_->body = chunked;
            return {.bytes = 0, .next = Next::body};
        case BodyPlan::Verdict::refuse:
            return reject(http::Status::bad_request);
    }
    const Served served = answer(body, framing->persistent, loaded_asset);
    if (served.bytes > 0 && backlog_) {
        backlog_->body.reset();
    }
    return served;
}

Connection::Served Connection::answer(const BodyPlan& body, bool is_persistent,
                                      site::Asset* loaded_asset) {
    const http::Request& request = services_.scratch.request;
    const bool is_abandoned = body.verdict == BodyPlan::Verdict::answer_and_close;
    const bool is_last = !is_persistent || is_abandoned || services_.is_draining;
    const site::Persistence persistence = is_last ? site::Persistence::close
                                          : request.version_minor == 0
                                              ? site::Persistence::keep_alive_stated
                                              : site::Persistence::keep_alive;
    if (!outbox().has_room(services_.responder.head_bytes_max())) {
        return {.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = outbox().writer();
    const bool is_read =
        request.method == http::Method::get || request.method == http::Method::head;
    if (!is_read) {
        take_answer(answer_to_method(persistence, writer), writer);
    } else if (const auto obstacle = answer_with_asset(persistence, writer, loaded_asset)) {
        return *obstacle;
    }
    if (is_last) {
        const bool may_still_send = is_abandoned || body.remaining_bytes > 0;
        afterwards_ = may_still_send ? Afterwards::linger : Afterwards::close;
    }
    body_remaining_bytes_ = is_last ? 0 : body.remaining_bytes;
    const bool must_send = is_last || content_.has_more();
    return {.bytes = request.head_bytes + body.bytes,
            .next = must_send ? Next::send : Next::request};
}

std::optional<Connection::Served> Connection::answer_with_asset(site::Persistence persistence,
                                                                http::HeadWriter& writer,
                                                                site::Asset* loaded_asset) {
    const http::Request& request = services_.scratch.request;
    const auto resolved = http::resolve_target(request.target, services_.scratch.target_bytes,
                                               services_.encoded_slash);
    // With an encoded slash: no file has such a name, but a view of an application may.
    const bool leads_nowhere = !resolved && resolved.error().status == http::Status::not_found;
    if (!resolved && !leads_nowhere) {
        take_answer(
            services_.responder.reject(resolved.error().status, request, persistence, writer),
            writer);
        return std::nullopt;
    }
    const http::Target target = resolved.value_or(http::Target{});
    FoundAsset found{.asset = loaded_asset};
    if (!leads_nowhere) {
        found = find_asset(services_, target, loaded_asset);
    } else if (loaded_asset == nullptr) {
        found = find_substitute(services_, request.target.substr(0, request.target.find('?')), "");
    }
    if (found.asset == nullptr) {
        return Served{.bytes = 0, .next = Next::asset, .load_key = found.key};
    }
    const std::size_t head_bytes = services_.responder.head_bytes_max(target, *found.asset);
    if (!outbox().has_room(head_bytes)) {
        if (!outbox().empty()) {
            return Served{.bytes = 0, .next = Next::send};
        }
        writer = outbox().long_head_writer(head_bytes);
    }
    take_answer(services_.responder.respond(request, target, *found.asset, persistence, writer),
                writer);
    return std::nullopt;
}

site::Answer Connection::answer_to_method(site::Persistence persistence, http::HeadWriter& writer) {
    const http::Request& request = services_.scratch.request;
    const auto form =
        http::check_target_form(request, services_.scratch.target_bytes, services_.encoded_slash);
    return form ? services_.responder.respond_to_method(request, persistence, writer)
                : services_.responder.reject(form.error().status, request, persistence, writer);
}

Connection::Served Connection::refuse(std::string_view input, http::Status status) {
    services_.scratch.refused_opening = is_fresh_ ? http::opening_of(input) : http::Opening::http;
    services_.scratch.request.forget();
    services_.scratch.request.request_line = http::first_line(input);
    return reject(status);
}

Connection::Served Connection::reject(http::Status status) {
    if (!outbox().has_room(services_.responder.head_bytes_max())) {
        return {.bytes = 0, .next = Next::send};
    }
    afterwards_ = Afterwards::linger;
    http::HeadWriter writer = outbox().writer();
    take_answer(services_.responder.reject(status, services_.scratch.request,
                                           site::Persistence::close, writer),
                writer);
    return {.bytes = 0, .next = Next::send};
}

void Connection::take_answer(site::Answer answer, const http::HeadWriter& writer) {
    is_fresh_ = false;
    outbox_->append_head(writer);
    content_.begin(answer, *outbox_);
    if (services_.access_log != nullptr) {
        open_or_append_line(answer);
    }
}

void Connection::open_or_append_line(const site::Answer& answer) {
    const http::Request& request = services_.scratch.request;
    const AccessEntry entry{.remote_address = remote_address_,
                            .request_line = request.request_line,
                            .status = answer.status,
                            .referer = request.value(http::FieldName::referer),
                            .user_agent = request.value(http::FieldName::user_agent)};
    if (content_.has_more()) {
        log_ = std::make_unique<LogUnderWay>(LogUnderWay{
            .line = services_.access_log->open_line(entry), .content_bytes = answer.content_bytes});
    } else {
        services_.access_log->append(entry, answer.content_bytes, services_.now);
    }
}

}  // namespace torc::worker
