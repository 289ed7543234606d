#include <torc/base/assert.hpp>
#include <torc/http/framing.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>
#include <torc/server/connection.hpp>

#include <algorithm>
#include <utility>

namespace torc::server {

static_assert(site::Responder::fixed_head_bytes_max + 3 * limits::request_line_bytes_default <=
                  limits::outbox_bytes,
              "any one answer must fit into an empty outbox");

Connection::~Connection() {
    if (outbox_ != nullptr) {
        services_.outboxes.release(*outbox_);
    }
    if (open_line_ && services_.access_log != nullptr) {
        services_.access_log->append(*open_line_, file_sent_bytes_, services_.now);
    }
}

Outbox& Connection::outbox() {
    if (outbox_ == nullptr) {
        outbox_ = &services_.outboxes.acquire();
    }
    return *outbox_;
}

Action Connection::received(std::string_view bytes) {
    if (bytes.empty()) {
        return ended();
    }
    if (waiting_ == Waiting::linger) {
        lingered_bytes_ += bytes.size();
        return lingered_bytes_ > limits::linger_bytes_max ? Action::close : Action::receive;
    }
    if (!backlog_) {
        return serve(bytes, nullptr);
    }
    backlog_->bytes.erase(0, std::exchange(backlog_->served_bytes, 0));
    backlog_->bytes.append(bytes);
    return serve_backlog(nullptr);
}

Action Connection::ended() {
    // Without a backlog it is a body that did not come: its request has its answer already, and
    // another would be taken for that to the next.
    if (!has_timed_out_ || !backlog_) {
        return Action::close;
    }
    backlog_.reset();
    services_.request.request_line = {};
    services_.request.present = 0;
    return after_serving(reject(http::Status::request_timeout, http::Method::unknown).next);
}

Action Connection::serve_backlog(site::Asset* loaded_asset) {
    return serve(backlog_->view(), loaded_asset);
}

Action Connection::serve(std::string_view input, site::Asset* loaded_asset) {
    Next next = Next::request;
    std::size_t used = 0;
    while (next == Next::request) {
        used += skip_body(input.size() - used);
        if (used == input.size()) {
            next = Next::input;
            break;
        }
        const Served served = serve_one(input.substr(used), std::exchange(loaded_asset, nullptr));
        used += served.bytes;
        next = served.next;
    }
    keep(input.substr(used));
    return after_serving(next);
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

Connection::Served Connection::serve_one(std::string_view input, site::Asset* loaded_asset) {
    // It tells of the request at the front alone; the next in the same input was not seen yet.
    const std::size_t scanned = backlog_ ? std::exchange(backlog_->scanned_bytes, 0) : 0;
    http::Request& request = services_.request;
    const http::ParseResult result = http::parse_request(input, scanned, request);
    switch (result.state) {
        case http::ParseState::incomplete:
            return {.bytes = 0, .next = Next::input};
        case http::ParseState::malformed:
            request.request_line = {};
            request.present = 0;
            return reject(result.status, http::Method::unknown);
        case http::ParseState::parsed:
            break;
    }
    return serve_parsed(loaded_asset);
}

Connection::Served Connection::serve_parsed(site::Asset* loaded_asset) {
    const http::Request& request = services_.request;
    const auto framing = http::determine_framing(request);
    if (!framing) {
        return reject(framing.error().status, request.method);
    }
    // A body that is too long to be read and dropped, or whose end can't be told without decoding
    // it, or that the peer holds back until it is asked for: answer, and let the connection end
    // there.
    const bool is_chunked = framing->body == http::BodyKind::chunked;
    const bool has_body = is_chunked || framing->content_length > 0;
    const bool is_body_skippable =
        !is_chunked && framing->content_length <= limits::request_body_drain_bytes_max &&
        !(has_body && framing->expects_continue);
    const bool is_last = !framing->persistent || !is_body_skippable || services_.is_draining;
    const site::Persistence persistence = is_last ? site::Persistence::close
                                          : request.version_minor == 0
                                              ? site::Persistence::keep_alive_stated
                                              : site::Persistence::keep_alive;

    auto target = http::resolve_target(request.target, services_.target_scratch);
    if (target && target->is_hidden) {
        target = std::unexpected(
            http::Rejection{.status = http::Status::not_found, .reason = "hidden path segment"});
    }
    const std::size_t head_bytes =
        target ? site::Responder::head_bytes_max(*target) : site::Responder::fixed_head_bytes_max;
    if (!outbox().has_room(head_bytes)) {
        return {.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = outbox().writer();
    site::Answer answer;
    site::Asset* asset = nullptr;
    if (!services_.responder.respond_to_method(request, persistence, writer, answer)) {
        if (!target) {
            answer = services_.responder.reject(target.error().status, request.method, persistence,
                                                writer);
        } else {
            asset = loaded_asset != nullptr ? loaded_asset
                                            : services_.site.find(target->path, services_.now);
            if (asset == nullptr) {
                load_path_ = target->path;
                return {.bytes = 0, .next = Next::asset};
            }
            answer = services_.responder.respond(request, *target, *asset, persistence, writer);
        }
    }
    is_closing_ = is_last;
    must_linger_ = has_body && is_last;
    body_remaining_bytes_ = is_last ? 0 : framing->content_length;
    take_answer(answer, writer, asset);
    const bool must_send = is_last || file_remaining_bytes_ > 0;
    return {.bytes = request.head_bytes, .next = must_send ? Next::send : Next::request};
}

Connection::Served Connection::reject(http::Status status, http::Method method) {
    if (!outbox().has_room(site::Responder::fixed_head_bytes_max)) {
        return {.bytes = 0, .next = Next::send};
    }
    is_closing_ = true;
    must_linger_ = true;
    http::HeadWriter writer = outbox().writer();
    const site::Answer answer =
        services_.responder.reject(status, method, site::Persistence::close, writer);
    take_answer(answer, writer, nullptr);
    return {.bytes = 0, .next = Next::send};
}

void Connection::take_answer(const site::Answer& answer, const http::HeadWriter& writer,
                             site::Asset* asset) {
    is_fresh_ = false;
    outbox_->append_head(writer);
    if (answer.body.length > 0 && asset->is_in_memory()) {
        outbox_->append_body(asset->contents().substr(answer.body.first, answer.body.length),
                             *asset);
    } else if (answer.body.length > 0) {
        file_asset_ = site::AssetRef(asset);
        file_offset_ = answer.body.first;
        file_remaining_bytes_ = answer.body.length;
        file_sent_bytes_ = 0;
    }
    if (services_.access_log != nullptr) {
        log(answer);
    }
}

void Connection::log(const site::Answer& answer) {
    const http::Request& request = services_.request;
    const AccessEntry entry{.remote_address = remote_address_,
                            .request_line = request.request_line,
                            .status = answer.status,
                            .referer = request.value(http::FieldName::referer),
                            .user_agent = request.value(http::FieldName::user_agent)};
    if (file_remaining_bytes_ > 0) {
        open_line_ = std::make_unique<OpenLine>(services_.access_log->open_line(entry));
    } else {
        services_.access_log->append(entry, answer.content_bytes, services_.now);
    }
}

Action Connection::after_serving(Next next) {
    if (outbox_ != nullptr && !outbox_->empty()) {
        waiting_ = Waiting::peer;
        return Action::send;
    }
    if (outbox_ != nullptr) {
        services_.outboxes.release(*std::exchange(outbox_, nullptr));
    }
    if (next == Next::asset) {
        waiting_ = Waiting::asset;
        return Action::load;
    }
    TORC_ASSERT(next == Next::input);
    if (backlog_) {
        backlog_->scanned_bytes = backlog_->view().size();
    }
    const bool has_begun = backlog_ != nullptr || body_remaining_bytes_ > 0;
    waiting_ = has_begun ? Waiting::request : Waiting::idle;
    return Action::receive;
}

Action Connection::sent(std::size_t bytes) {
    const bool is_whole = bytes == outbox_->total_bytes();
    services_.outboxes.release(*std::exchange(outbox_, nullptr));
    if (!is_whole) {
        return Action::close;
    }
    return file_remaining_bytes_ > 0 ? Action::send_file : after_answer();
}

io::FileSlice Connection::file_slice(int socket) const noexcept {
    return io::FileSlice{.socket = socket,
                         .file = file_asset_->file(),
                         .offset = file_offset_,
                         .length = file_remaining_bytes_};
}

Action Connection::file_sent(std::size_t bytes) {
    if (bytes == 0) {
        return Action::close;  // The file was truncated: a short answer must not look like a whole
                               // one.
    }
    TORC_ASSERT(bytes <= file_remaining_bytes_);
    file_offset_ += bytes;
    file_remaining_bytes_ -= bytes;
    file_sent_bytes_ += bytes;
    if (file_remaining_bytes_ > 0) {
        return Action::send_file;
    }
    file_asset_ = site::AssetRef();
    if (open_line_) {
        services_.access_log->append(*std::exchange(open_line_, nullptr), file_sent_bytes_,
                                     services_.now);
    }
    return after_answer();
}

Action Connection::after_answer() {
    if (is_closing_) {
        if (!must_linger_) {
            return Action::close;
        }
        waiting_ = Waiting::linger;
        return Action::linger;
    }
    if (backlog_) {
        return serve_backlog(nullptr);
    }
    if (services_.is_draining) {
        return Action::close;
    }
    waiting_ = body_remaining_bytes_ > 0 ? Waiting::request : Waiting::idle;
    return Action::receive;
}

Action Connection::loaded(site::Asset& asset) {
    TORC_ASSERT(waiting_ == Waiting::asset && backlog_);
    return serve_backlog(&asset);
}

}  // namespace torc::server
