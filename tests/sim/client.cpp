#include "sim/client.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace torc::sim {
namespace {

using namespace std::chrono_literals;

/// The defaults of the server's deadlines, by its documents.
constexpr Duration idle_timeout = 75s;
constexpr Duration request_timeout = 10s;
constexpr Duration send_timeout = 300s;
/// Between the moment when the server's kernel has a response, from which on the server counts, and
/// when it has arrived.
constexpr Duration arrival_time_max = 15s;
/// In which nothing happens that the client waits for: longer than any of them.
constexpr Duration patience = 400s;
/// In which a request is responded to when nothing is slow but the way to the client: half a
/// megabyte in windows of 2 KiB.
constexpr Duration response_time_max = 45s;
/// What is longer is not sent byte by byte.
constexpr std::size_t long_bytes = 4000;
constexpr std::size_t all = std::size_t{1} << 30U;

}  // namespace

Client::Client(ClientSurroundings& around, Random random, int number)
    : around_(around),
      random_(random),
      number_(number),
      maker_(random_.fork(), around.favourite),
      connections_left_(random_.between(1, 3)) {
    later(around_.machine.delay(0s, 2s), &Client::connect);
}

Client::~Client() {
    if (link_) {
        link_->listen_client(nullptr);
    }
}

void Client::later(Duration delay, void (Client::*step)()) {
    around_.machine.after(delay, [this, step, connection = connection_] {
        if (connection == connection_) {
            (this->*step)();
        }
    });
}

void Client::fail(const std::string& what) {
    const std::string request =
        asked_.empty()
            ? ""
            : " (" + asked_.front().bytes.substr(0, asked_.front().bytes.find('\r')) + ")";
    around_.machine.history().fail("client " + std::to_string(number_) + ": " + what + request);
}

void Client::connect() {
    constexpr std::array<std::size_t, 4> buffers = {2048, 16'384, 65'536, 262'144};
    link_ = around_.kernel.connect(
        around_.listener,
        {.client_buffer_bytes = buffers[random_.below(buffers.size())],
         .server_buffer_bytes = buffers[random_.below(buffers.size())],
         .latency = random_.chance(200) ? Duration(random_.between(1, 40) * 1'000'000)
                                        : Duration(random_.between(5, 300) * 1'000)});
    ++connection_;
    if (!link_) {
        if (around_.stopped_at == never) {
            fail("a connection was refused");
        }
        connections_left_ = 0;
        return;
    }
    around_.machine.history().note("connect", number_, link_->number());
    link_->listen_client([this] { on_event(); });
    reader_ = {};
    unsent_.clear();
    asked_.clear();
    is_sending_ = is_reading_ = has_ended_ = has_stalled_ = was_last_ = false;
    active_at_ = answered_at_ = now();
    plan();
    watch(connection_);
    send_some();
}

void Client::plan() {
    const Faults& faults = around_.machine.faults();
    requests_left_ = random_.between(1, 8);
    is_pipelining_ = random_.chance(400);
    has_pauses_ = random_.chance(300);
    stalls_ = random_.chance(40);
    constexpr std::array<std::size_t, 4> pieces = {1, 50, 1000, all};
    piece_bytes_max_ = pieces[random_.below(pieces.size())];
    reads_slowly_ = around_.machine.strikes(Fault::slow_readers);
    end_ = random_.chance(150) ? End::waits : End::closes;
    if (faults.has(Fault::client_half_closes) && random_.chance(400)) {
        end_ = End::half_closes;
    }
    if (faults.has(Fault::client_resets) && random_.chance(300)) {
        end_ = End::resets;
        later(around_.machine.delay(0s, 200ms), &Client::reset);
    }
}

void Client::send_some() {
    is_sending_ = false;
    if (!link_ || has_ended_) {
        return;
    }
    if (unsent_.empty()) {
        const bool may_ask = requests_left_ > 0 && (is_pipelining_ || asked_.empty()) &&
                             (asked_.empty() || !asked_.back().ends_connection) && !was_last_;
        if (!may_ask) {
            if (requests_left_ == 0 && end_ == End::half_closes) {
                has_ended_ = true;
                around_.machine.note_strike(Fault::client_half_closes);
                link_->client_end();
            }
            return;
        }
        begin_request();
    }
    const std::size_t least = unsent_.size() > long_bytes ? long_bytes / 8 : 1;
    const std::size_t piece =
        std::min(unsent_.size(), random_.between(1, piece_bytes_max_) + least - 1);
    const std::size_t sent = link_->client_send(std::string_view(unsent_).substr(0, piece));
    unsent_.erase(0, sent);
    if (unsent_.empty() && !asked_.empty() && !has_stalled_) {
        asked_.back().sent_at = now();
    }
    active_at_ = now();
    is_sending_ = true;
    const bool pauses = has_pauses_ && random_.chance(100);
    later(pauses      ? around_.machine.delay(1ms, 3s)
          : sent == 0 ? around_.machine.delay(10ms, 100ms)
                      : around_.machine.delay(1us, 200us),
          &Client::send_some);
}

void Client::begin_request() {
    --requests_left_;
    asked_.push_back(maker_.make());
    Request& request = asked_.back();
    if (request.ends_connection) {
        requests_left_ = 0;
    }
    request.begun_at = now();
    request.begun_at_wall = around_.machine.now().wall;
    unsent_ = request.bytes;
    if (stalls_ && requests_left_ == 0) {
        unsent_.resize(random_.between(1, unsent_.size() - 1));
        has_stalled_ = true;
    }
    ++around_.requests;
    around_.machine.history().note_text("ask", number_,
                                        request.bytes.substr(0, request.bytes.find('\r')));
}

void Client::on_event() {
    if (!std::exchange(is_reading_, true)) {
        later(reads_slowly_ ? around_.machine.delay(1ms, 2s) : around_.machine.delay(1us, 100us),
              &Client::read_some);
    }
}

void Client::read_some() {
    is_reading_ = false;
    if (!link_) {
        return;
    }
    if (link_->was_reset_by_server()) {
        on_end();
        return;
    }
    const std::string bytes = link_->client_receive(reads_slowly_ ? random_.between(1, 8192) : all);
    if (!bytes.empty()) {
        take(bytes);
    }
    if (!link_ || around_.machine.history().has_failed()) {
        return;
    }
    if (link_->is_at_end()) {
        on_end();
    } else if (!bytes.empty()) {
        on_event();  // There may be more.
    }
}

void Client::take(const std::string& bytes) {
    check_deadline();
    active_at_ = now();
    if (std::string error = reader_.take(bytes); !error.empty()) {
        fail(error);
        return;
    }
    take_responses();
}

void Client::take_responses() {
    while (!asked_.empty()) {
        std::string error;
        std::optional<Response> response = reader_.next(asked_.front().is_head, error);
        if (!error.empty()) {
            fail(error);
        }
        if (!response) {
            return;
        }
        if (was_last_) {
            fail("a response behind the last one");
            return;
        }
        answered(asked_.front(), *std::move(response));
        if (around_.machine.history().has_failed()) {
            return;
        }
        asked_.pop_front();
    }
    if (reader_.waiting_bytes() > 0) {
        fail("bytes that nobody asked for");
        return;
    }
    if (requests_left_ > 0 && !was_last_) {
        if (!std::exchange(is_sending_, true)) {
            const bool thinks = has_pauses_ || random_.chance(200);
            later(thinks ? around_.machine.delay(1ms, 5s) : around_.machine.delay(1us, 1ms),
                  &Client::send_some);
        }
    } else if (unsent_.empty() && end_ == End::closes) {
        finish();
    }
}

void Client::answered(const Request& request, Response response) {
    response.done_at = now();
    ++around_.responses;
    around_.machine.history().note("response", number_, response.status, response.body.size());
    if (std::string error = around_.model.judge(request, response); !error.empty()) {
        fail(error);
        return;
    }
    const Faults& faults = around_.machine.faults();
    const bool is_prompt = !faults.has(Fault::slow_disk) && !reads_slowly_;
    const MonotonicTime since = std::max(request.sent_at, std::exchange(answered_at_, now()));
    if (is_prompt && request.sent_at != never && response.done_at - since > response_time_max) {
        fail("a response that took " + std::to_string((response.done_at - since) / Duration(1s)) +
             " s");
    }
    maker_.remember(request, response);
    was_last_ = response.ends_connection();
    constexpr int first_error = 400;
    const bool may_be_last = request.ends_connection || response.status >= first_error ||
                             around_.stopped_at != never || has_ended_;
    if (was_last_ && !may_be_last) {
        fail("the connection ends without need");
    }
    if (request.sent_at == never && was_last_) {
        unsent_.clear();
    } else if (request.sent_at == never && request.means == Request::Means::file) {
        fail("a response to half a request");  // A body need not be there.
    }
    if (!was_last_ && request.ends_connection) {
        fail("the connection goes on behind its last request");
    }
}

bool Client::may_end_unanswered() const {
    const Faults& faults = around_.machine.faults();
    if (was_last_ || has_stalled_ || end_ == End::resets || around_.stopped_at != never) {
        return true;
    }
    if (asked_.empty()) {
        // Who is idle makes room for others.
        return faults.has(Fault::descriptor_shortage) || reads_slowly_ ||
               now() - active_at_ >= idle_timeout - arrival_time_max;
    }
    // It may have been ended as an idle one while the request was on its way.
    if (faults.has(Fault::descriptor_shortage) && (reads_slowly_ || reader_.waiting_bytes() == 0)) {
        return true;
    }
    const Request& request = asked_.front();
    // Who goes on to send what was refused, for longer than a lingering close waits, is reset, and
    // what it has not read by then is lost.
    if (reads_slowly_ && asked_.back().means == Request::Means::refusal) {
        return true;
    }
    // What is sent to a server that has given up the request resets the connection, and the 408
    // with it: SHUT_RD, by which the server ends its receive, ends the lingering close too.
    if (std::ranges::any_of(asked_, [&](const Request& one) {
            return std::min(one.sent_at, now()) - one.begun_at >= request_timeout;
        })) {
        return true;
    }
    // Its file was written meanwhile, or can't be read: there is no other way to tell the client.
    return faults.has(Fault::disk_errors) || now() - active_at_ >= send_timeout ||
           around_.model.has_changed(request.path, request.begun_at - 2s) ||
           (faults.has(Fault::slow_disk) && faults.has(Fault::tree_changes));
}

void Client::check_deadline() {
    const Duration limit = has_stalled_ ? request_timeout : idle_timeout;
    const bool is_judged = (asked_.empty() || has_stalled_) && !reads_slowly_ &&
                           around_.stopped_at == never &&
                           !around_.machine.faults().has(Fault::slow_disk);
    if (is_judged && now() - active_at_ > limit + arrival_time_max) {
        fail("the server kept the connection for too long");
    }
}

void Client::on_end() {
    check_deadline();
    around_.machine.history().note("ended", number_, link_->was_reset_by_server() ? 1 : 0,
                                   asked_.size());
    const bool is_whole = asked_.empty() && reader_.waiting_bytes() == 0;
    const bool closed_by_both = is_whole && (was_last_ || has_ended_);
    if (!closed_by_both && !may_end_unanswered()) {
        fail(is_whole ? "an idle connection was ended before its time"
                      : "the connection ended before the response");
    }
    finish();
}

void Client::finish() {
    if (link_->was_reset_by_server()) {
        link_->listen_client(nullptr);
    } else {
        link_->client_close();
    }
    link_ = nullptr;
    ++connection_;
    if (--connections_left_ > 0) {
        later(around_.machine.delay(0s, 3s), &Client::connect);
    }
}

void Client::reset() {
    if (link_) {
        around_.machine.history().note("reset", number_);
        around_.machine.note_strike(Fault::client_resets);
        link_->client_reset();
        finish();
    }
}

void Client::watch(std::uint64_t connection) {
    around_.machine.after(patience, [this, connection] {
        if (connection != connection_ || !link_) {
            return;
        }
        if (now() - active_at_ >= patience) {
            fail(asked_.empty() ? "the server never ends an idle connection"
                                : "a request that is never responded to");
        } else {
            watch(connection);
        }
    });
}

}  // namespace torc::sim
