// The states of a connection: its events, and what follows.

#include <torc/base/assert.hpp>
#include <torc/worker/connection.hpp>

#include <algorithm>
#include <utility>

namespace torc::worker {

Connection::~Connection() {
    if (lines_) {
        cut_off_lines();
    }
    if (uncounted_responses_ > 0) {
        count_durations();
    }
    release_batch();
}

bool Connection::may_count_for(CountedSite& site) noexcept {
    if (uncounted_responses_ > 0) {
        return false;
    }
    counted_ = CountedSiteRef(&site);
    return true;
}

Action Connection::on_received(std::string_view bytes) {
    TORC_ASSERT(state_ == State::idle || state_ == State::receiving || state_ == State::lingering);
    serving_since_ = services_.now;
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
    return serve_longer_backlog(bytes);
}

Action Connection::on_opened_by_proxy() {
    // It takes the way of what has begun already, so that others pay for no look at this.
    backlog_ = std::make_unique<Backlog>();
    backlog_->awaits_proxy_header = true;
    return receive();
}

Action Connection::await_proxy_header(std::string_view bytes) {
    backlog_->append(bytes);
    net::ProxyHeader& header = services_.scratch.proxy_header;
    header = net::parse_proxy_header(backlog_->view());
    if (header.state == net::ProxyHeader::State::incomplete) {
        return receive();
    }
    backlog_->keep_last(backlog_->view().size() - header.bytes);
    return Introduce{.header = &header};
}

Action Connection::on_introduced() {
    TORC_ASSERT(backlog_ && backlog_->awaits_proxy_header);
    backlog_->awaits_proxy_header = false;
    return serve_backlog(nullptr);
}

Action Connection::serve_longer_backlog(std::string_view bytes) {
    begins_request_ = false;
    if (backlog_->awaits_proxy_header) {
        return await_proxy_header(bytes);
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
    // Without a backlog it is a body that did not come: its request has its response already, and
    // another would be taken for the response to the next request.
    if (!has_timed_out_ || !backlog_ || backlog_->awaits_proxy_header) {
        return close();
    }
    const Served refused = refuse(backlog_->view(), http::Status::request_timeout);
    backlog_.reset();
    return after_serving(refused);
}

Action Connection::on_loaded(site::Asset& asset) {
    TORC_ASSERT(state_ == State::loading && backlog_);
    disk_wait_ += services_.now - load_begun_at_;
    // It may be the last who has the site, until the response has all that it needs of it.
    const HostedSiteRef site = waiting_for_;
    const Action next = serve_backlog(&asset);
    if (state_ != State::loading) {
        waiting_for_ = HostedSiteRef();
    }
    return next;
}

Action Connection::on_access_checked() {
    TORC_ASSERT(state_ == State::loading && backlog_ && awaits_check_);
    awaits_check_ = false;
    return serve_backlog(nullptr);
}

Action Connection::on_check_given_up() {
    services_.scratch.has_given_up_check = true;
    const Action next = on_access_checked();
    services_.scratch.has_given_up_check = false;
    return next;
}

Action Connection::on_sent(std::size_t bytes) {
    TORC_ASSERT(state_ == State::sending);
    batch_->note_sent(bytes);
    if (lines_) {
        lines_->on_send_ended(services_.now, services_.iteration, {});
        if (batch_->is_sent() && content_.has_more()) {
            lines_->finish_all_but_last(*services_.access_logs, services_.now);
        }
    }
    if (!batch_->is_sent()) {
        return send();
    }
    content_.on_message_sent(batch_->total_bytes());
    counted_->counters.sent_bytes += batch_->total_bytes();
    release_batch();
    return go_on();
}

Action Connection::on_file_sent(std::size_t bytes, ResponseTimes::Duration disk_wait) {
    TORC_ASSERT(state_ == State::sending_file);
    if (bytes == 0) {
        // The file was truncated. Its length was promised, and only a close tells the peer that
        // this is not all (RFC 9112 §8).
        return close();
    }
    content_.on_file_sent(bytes);
    counted_->counters.sent_bytes += bytes;
    if (lines_) {
        lines_->on_send_ended(services_.now, services_.iteration, disk_wait);
        lines_->on_file_sent(bytes);
    }
    return go_on();
}

Action Connection::go_on() {
    if (content_.has_file()) {
        return send_file();
    }
    content_.release_file();
    if (content_.has_more()) {
        content_.append_parts(batch());
        return send();
    }
    if (lines_) {
        finish_lines();
    }
    count_durations();
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
        serving_since_ = services_.now;
        return serve_backlog(nullptr);
    }
    // The responses that have just left may say nothing of an end, if the drain began meanwhile:
    // between two requests HTTP/1.1 allows a close all the same (RFC 9112 §9.5).
    return services_.ends_idle ? close() : receive();
}

Action Connection::serve_backlog(site::Asset* loaded_asset) {
    return serve(backlog_->view(), loaded_asset);
}

Action Connection::serve(std::string_view input, site::Asset* loaded_asset) {
    Served served{.next = Next::request};
    while (served.next == Next::request) {
        input.remove_prefix(skip_body(input.size()));
        if (input.empty()) {
            served.next = Next::input;
            break;
        }
        served = serve_one(input, std::exchange(loaded_asset, nullptr));
        input.remove_prefix(served.bytes);
    }
    if (served.next == Next::body) {
        // There is a backlog, with what is known of the body; the head may stand in it.
        backlog_->assign(input.substr(0, services_.scratch.request.head_bytes));
    } else {
        keep(input);
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
        begins_request_ = true;
    }
}

Action Connection::after_serving(Served served) {
    // Responses leave before anything is waited for, be it the disk.
    if (batch_ != nullptr && !batch_->is_empty()) {
        return send();
    }
    release_batch();
    switch (served.next) {
        case Next::asset:
            return load();
        case Next::access:
            return verify();
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

Action Connection::load() noexcept {
    state_ = State::loading;
    load_begun_at_ = services_.now;
    waits_since_ = std::min(waits_since_, services_.now);
    waiting_for_ = std::move(services_.scratch.load_site);
    return Load{.key = services_.scratch.load_key, .tree = services_.scratch.load_tree};
}

Action Connection::verify() noexcept {
    state_ = State::loading;
    awaits_check_ = true;
    waits_since_ = std::min(waits_since_, services_.now);
    return Verify{.attempt = &*services_.scratch.attempt};
}

Action Connection::send() noexcept {
    state_ = State::sending;
    if (lines_) {
        lines_->on_send_begun(services_.now, services_.iteration);
    }
    return Send{.message = &batch_->message(),
                .sent_bytes = batch_->sent_bytes(),
                .more_follows = content_.has_more() && !content_.may_wait()};
}

Action Connection::send_file() noexcept {
    state_ = State::sending_file;
    if (lines_) {
        lines_->on_send_begun(services_.now, services_.iteration);
    }
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

}  // namespace torc::worker
