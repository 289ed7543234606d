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
    if (outbox_ != nullptr) {
        services_.outboxes.release(*outbox_);
    }
    if (log_ && services_.access_log != nullptr) {
        services_.access_log->append(log_->line, log_->file_sent_bytes, services_.now);
    }
}

Outbox& Connection::outbox() {
    if (outbox_ == nullptr) {
        outbox_ = &services_.outboxes.acquire();
    }
    return *outbox_;
}

Action Connection::on_received(std::string_view bytes) {
    if (bytes.empty()) {
        return on_end_of_input();
    }
    if (waiting_ == Waiting::linger) {
        return Receive{};
    }
    if (!backlog_) {
        return serve(bytes, nullptr);
    }
    if (backlog_->body && backlog_->body->is_awaited(services_.body_bytes_max)) {
        return receive_body(bytes);
    }
    backlog_->bytes.erase(0, std::exchange(backlog_->served_bytes, 0));
    backlog_->bytes.append(bytes);
    return serve_backlog(nullptr);
}

Action Connection::on_end_of_input() {
    // Without a backlog it is a body that did not come: its request has its answer already, and
    // another would be taken for that to the next.
    if (!has_timed_out_ || !backlog_) {
        return Close{};
    }
    const Served refused = refuse(backlog_->view(), http::Status::request_timeout);
    backlog_.reset();
    return after_serving(refused);
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
        keep_head(input.substr(used, services_.request.head_bytes));
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
    if (rest.empty() || is_closing_) {
        must_linger_ |= !rest.empty();
        backlog_.reset();
    } else if (!backlog_) {
        backlog_ = std::make_unique<Backlog>();
        backlog_->bytes = rest;
    } else {
        backlog_->served_bytes = backlog_->bytes.size() - rest.size();
    }
}

void Connection::keep_head(std::string_view head) {
    // There is a backlog, with what is known of the body; the head may stand in it.
    backlog_->bytes = std::string(head);
    backlog_->served_bytes = 0;
}

Connection::Served Connection::serve_one(std::string_view input, site::Asset* loaded_asset) {
    // It tells of the request at the front alone; the next in the same input was not seen yet.
    const std::size_t scanned = backlog_ ? std::exchange(backlog_->scanned_bytes, 0) : 0;
    http::Request& request = services_.request;
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
    const http::Request& request = services_.request;
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

Action Connection::receive_body(std::string_view bytes) {
    ChunkedBody& body = *backlog_->body;
    const std::size_t body_bytes = body.feed(bytes);
    if (body.is_awaited(services_.body_bytes_max)) {
        return Receive{};
    }
    backlog_->bytes.append(bytes.substr(body_bytes));
    return serve_backlog(nullptr);
}

Connection::Served Connection::answer(const BodyPlan& body, bool is_persistent,
                                      site::Asset* loaded_asset) {
    const http::Request& request = services_.request;
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
    is_closing_ = is_last;
    must_linger_ = is_abandoned || (is_last && body.remaining_bytes > 0);
    body_remaining_bytes_ = is_last ? 0 : body.remaining_bytes;
    const bool must_send = is_last || content_.has_more();
    return {.bytes = request.head_bytes + body.bytes,
            .next = must_send ? Next::send : Next::request};
}

std::optional<Connection::Served> Connection::answer_with_asset(site::Persistence persistence,
                                                                http::HeadWriter& writer,
                                                                site::Asset* loaded_asset) {
    const http::Request& request = services_.request;
    const auto resolved =
        http::resolve_target(request.target, services_.target_scratch, services_.encoded_slash);
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
    const http::Request& request = services_.request;
    const auto form =
        http::check_target_form(request, services_.target_scratch, services_.encoded_slash);
    return form ? services_.responder.respond_to_method(request, persistence, writer)
                : services_.responder.reject(form.error().status, request, persistence, writer);
}

Connection::Served Connection::refuse(std::string_view input, http::Status status) {
    services_.refused_opening = is_fresh_ ? http::opening_of(input) : http::Opening::http;
    services_.request.forget();
    services_.request.request_line = http::first_line(input);
    return reject(status);
}

Connection::Served Connection::reject(http::Status status) {
    if (!outbox().has_room(services_.responder.head_bytes_max())) {
        return {.bytes = 0, .next = Next::send};
    }
    is_closing_ = true;
    must_linger_ = true;
    http::HeadWriter writer = outbox().writer();
    take_answer(
        services_.responder.reject(status, services_.request, site::Persistence::close, writer),
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
    const http::Request& request = services_.request;
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

Action Connection::send() noexcept {
    return Send{.message = &outbox_->message(),
                .sent_bytes = outbox_->sent_bytes(),
                .more_follows = content_.has_more() && !content_.may_wait()};
}

Action Connection::after_serving(const Served& served) {
    if (outbox_ != nullptr && !outbox_->empty()) {
        waiting_ = Waiting::peer;
        return send();
    }
    if (outbox_ != nullptr) {
        services_.outboxes.release(*std::exchange(outbox_, nullptr));
    }
    if (served.next == Next::asset) {
        waiting_ = Waiting::asset;
        return Load{.key = served.load_key};
    }
    TORC_ASSERT(served.next == Next::input || served.next == Next::body);
    if (backlog_ && served.next == Next::input) {
        backlog_->scanned_bytes = backlog_->view().size();
    }
    const bool has_begun = backlog_ != nullptr || body_remaining_bytes_ > 0;
    waiting_ = has_begun ? Waiting::request : Waiting::idle;
    return Receive{};
}

Action Connection::on_sent(std::size_t bytes) {
    outbox_->note_sent(bytes);
    if (!outbox_->is_sent()) {
        return send();
    }
    content_.on_message_sent(outbox_->total_bytes());
    services_.outboxes.release(*std::exchange(outbox_, nullptr));
    return after_sending();
}

Action Connection::on_file_sent(std::size_t bytes) {
    if (bytes == 0) {
        // The file was truncated: a short answer must not look like a whole one.
        return Close{};
    }
    content_.on_file_sent(bytes);
    if (log_) {
        log_->file_sent_bytes += bytes;
    }
    return after_sending();
}

Action Connection::after_sending() {
    if (content_.has_file()) {
        return content_.rest_of_file();
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
    return after_answer();
}

Action Connection::after_answer() {
    content_.end_run();
    if (is_closing_) {
        if (!must_linger_) {
            return Close{};
        }
        waiting_ = Waiting::linger;
        return Linger{};
    }
    if (backlog_) {
        return serve_backlog(nullptr);
    }
    if (services_.is_draining) {
        return Close{};
    }
    waiting_ = body_remaining_bytes_ > 0 ? Waiting::request : Waiting::idle;
    return Receive{};
}

Action Connection::on_loaded(site::Asset& asset) {
    TORC_ASSERT(waiting_ == Waiting::asset && backlog_);
    return serve_backlog(&asset);
}

}  // namespace torc::worker
