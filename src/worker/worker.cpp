#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/net/endpoint.hpp>
#include <torc/worker/worker.hpp>

#include "format_report.hpp"
#include "peer.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <string>
#include <utility>
#include <variant>

namespace torc::worker {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Worker::Worker(io::Proactor& proactor, WorkerOptions options)
    : proactor_(proactor),
      reports_(*options.reports),
      mailbox_(*options.mailbox),
      budgets_(options.cache_limits),
      loader_services_{.proactor = proactor_,
                       .budgets = budgets_,
                       .reports = reports_,
                       .patience = options.snapshot->settings.timeouts.load},
      trees_(loader_services_),
      hosting_(trees_),
      access_control_(proactor_),
      services_{.hosting = hosting_, .batches = batches_, .access_control = &access_control_},
      deadlines_(proactor_, options.snapshot->settings),
      connections_(options.connections_max + limits::connections_spare),
      shutdown_(options.snapshot->settings.timeouts),
      drain_(options.drain != nullptr ? options.drain : &drain_alone_),
      acceptor_(proactor_, *options.listeners, reports_),
      admission_({.host = *this,
                  .proactor = proactor_,
                  .reports = reports_,
                  .services = services_,
                  .connections = connections_,
                  .deadlines = deadlines_,
                  .shutdown = shutdown_,
                  .connections_max = options.connections_max,
                  .balance = options.balance,
                  .worker = options.index,
                  .address_limit = options.address_limit}),
      statistics_(options.statistics) {
    services_.is_ready = options.is_ready;
    adopt(std::move(options.snapshot));
}

Worker::~Worker() = default;

io::Token Worker::token(Operation operation, const ConnectionSlot& slot) noexcept {
    return make_token(operation, slot.index, slot.generation);
}

bool Worker::run() {
    begin_serving();
    while (!has_left()) {
        iterate();
    }
    return finish();
}

void Worker::begin_serving() {
    acceptor_.start();
    mailbox_.open(proactor_);
}

bool Worker::finish() {
    mailbox_.close();
    access_logs_.push();
    return !shutdown_.has_unfinished_connections();
}

void Worker::iterate() {
    try {
        const MonotonicTime deadline = next_deadline();
        const std::span<const io::Completion> completions = proactor_.wait(deadline);
        look_at_clocks();
        dispatch_all(completions);
        budgets_.present.drop_unused_page();
        trees_.reclaim();
        take_mail();
        use_freed_slots();
        // What was begun in this iteration has its time still before it.
        if (services_.now >= deadline) {
            expire();
        }
        hand_out_ended();
        report_lost_completions();
        obey_stop();
        access_logs_.push_if_due(services_.now);
    } catch (const std::bad_alloc&) {
        // What is missed now comes about in the next iteration.
    }
}

void Worker::look_at_clocks() {
    const Now now = proactor_.now();
    services_.now = now.monotonic;
    services_.iteration = iterations() + 1;
    iterations_.store(services_.iteration, std::memory_order_relaxed);
    trees_.begin_iteration(now);
    access_logs_.set_time(now.wall);
}

void Worker::dispatch_all(std::span<const io::Completion> completions) {
    for (const io::Completion& completion : completions) {
        try {
            dispatch(completion);
        } catch (const std::bad_alloc&) {
            lose_connection_of(completion);
        }
        hand_out_ended();
    }
    budgets_.present.set_other_bytes(batches_.resident_bytes());
}

void Worker::use_freed_slots() {
    if (std::exchange(has_closed_, false)) {
        admission_.serve_parked();
        acceptor_.resume();
    }
}

void Worker::report_lost_completions() {
    if (!proactor_.has_lost_completions() || std::exchange(has_reported_lost_completions_, true)) {
        return;
    }
    report(reports_, Report::Severity::error,
           "memory was so short that the kernel lost completions: some connections may stay open "
           "until a restart");
}

void Worker::lose_connection_of(const io::Completion& completion) {
    if (owner_of(operation_of(completion.token)) == Owner::connection) {
        lose(connections_.at(completion.token.slot));
    }
}

void Worker::lose(ConnectionSlot& slot) {
    if (!slot.connection) {
        return;
    }
    // What throws has not begun an operation.
    slot.is_busy = false;
    ConnectionTable::renew(slot);  // A load may know it as one who waits.
    slot.close_reason = CloseReason::memory;
    close(slot);
    if (memory_report_.may_report(services_.now)) {
        report(reports_, Report::Severity::warning,
               "memory is short: connections that want more are closed");
    }
}

void Worker::dispatch(const io::Completion& completion) {
    switch (owner_of(operation_of(completion.token))) {
        case Owner::listener:
            accepted(completion);
            break;
        case Owner::connection:
            connection_completed(completion);
            break;
        case Owner::loader:
            trees_.completed(completion);
            break;
        case Owner::access:
            access_checked(completion);
            break;
    }
}

void Worker::accepted(const io::Completion& completion) {
    if (const std::size_t waiting = acceptor_.completed(completion, services_.now, accepted_);
        waiting > 0) {
        // Whoever waits in the kernel's queue is better served late than refused.
        if (descriptor_report_.may_report(services_.now)) {
            report(
                reports_, Report::Severity::warning,
                "connections wait for descriptors, which ran out: {}; raise the limit (ulimit -Hn, "
                "LimitNOFILE=, fs.file-max)",
                completion.error().message());
        }
        budgets_.release_descriptor();
        admission_.make_room_for(waiting);
    }
    admit_accepted();
}

void Worker::admit_accepted() {
    // Each once, even if memory is too short for one.
    while (!accepted_.empty()) {
        const net::Accepted connection = accepted_.back();
        accepted_.pop_back();
        admission_.admit(connection);
    }
}

void Worker::begin(ConnectionSlot& slot) {
    with_memory(slot, [&] {
        if (services_.access_logs != nullptr || hosting_.has_restricted_areas()) {
            introduce_peer(slot);
        }
        perform(slot, slot.is_by_proxy ? slot.connection->on_opened_by_proxy()
                                       : slot.connection->on_opened());
    });
}

void Worker::connection_completed(const io::Completion& completion) {
    ConnectionSlot& slot = connections_.at(completion.token.slot);
    TORC_ASSERT(slot.is_busy && slot.generation == completion.token.generation);
    slot.is_busy = false;
    const auto operation = operation_of(completion.token);
    if (operation == Operation::receive && completion.failed() &&
        completion.error() == Errno(ENOBUFS) && !slot.is_ending) {
        perform(slot, Receive{});  // Every buffer was in use; they are back next time.
        return;
    }
    const bool has_no_room =
        operation == Operation::send && completion.failed() && completion.error() == Errno(EAGAIN);
    if ((completion.failed() && !has_no_room) || slot.is_ending) {
        close(slot);
        return;
    }
    const auto count = static_cast<std::size_t>(std::max(completion.result, 0));
    if (operation == Operation::receive) {
        if (slot.state == State::lingering &&
            !deadlines_.may_linger_on(slot, count, services_.now)) {
            close(slot);
            return;
        }
        const Action action = slot.connection->on_received(as_text(completion.data));
        if (services_.scratch.refused_opening != http::Opening::http) {
            report_refused_opening(slot);
        }
        perform(slot, action);
    } else if (operation == Operation::send) {
        slot.sends_by_rest |= has_no_room;
        perform(slot, slot.connection->on_sent(count));
    } else {
        perform(slot, slot.connection->on_file_sent(count, completion.file_wait));
    }
}

void Worker::report_refused_opening(const ConnectionSlot& slot) {
    const http::Opening opening =
        std::exchange(services_.scratch.refused_opening, http::Opening::http);
    if (!opening_report_.may_report(services_.now)) {
        return;
    }
    const auto peer = peer_of(proactor_, slot.socket);
    const std::string client = peer ? peer->host() : "a client that has gone";
    switch (opening) {
        case http::Opening::http:
            break;
        case http::Opening::tls:
            report(
                reports_, Report::Severity::warning,
                "{} speaks TLS, but this port speaks plain HTTP: use http:// instead of https://, "
                "or put a TLS terminator in front of torc",
                client);
            break;
        case http::Opening::http2:
            report(reports_, Report::Severity::warning,
                   "{} speaks HTTP/2 with prior knowledge, but this port speaks HTTP/1.1", client);
            break;
        case http::Opening::ssh:
            report(reports_, Report::Severity::info, "{} speaks SSH, but this port speaks HTTP",
                   client);
            break;
        case http::Opening::other:
            report(reports_, Report::Severity::info, "{} sent what is no HTTP request", client);
            break;
    }
}

void Worker::perform(ConnectionSlot& slot, const Action& action) {
    slot.is_busy = true;
    std::visit([&](const auto& wanted) { start(slot, wanted); }, action);
}

void Worker::start(ConnectionSlot& slot, const Receive& /*receive*/) {
    proactor_.receive(token(Operation::receive, slot), slot.socket);
    deadlines_.start(slot, services_.now);
}

void Worker::start(ConnectionSlot& slot, const Send& send) {
    const io::Token operation = token(Operation::send, slot);
    slot.sends_by_rest |= send.sent_bytes > 0;
    if (slot.sends_by_rest) {
        proactor_.send_rest(operation, slot.socket, *send.message, send.sent_bytes,
                            send.more_follows);
    } else {
        proactor_.send(operation, slot.socket, *send.message, send.more_follows);
    }
    deadlines_.start(slot, services_.now);
}

void Worker::start(ConnectionSlot& slot, const SendFile& send) {
    if (slot.peer_place == PeerPlace::unknown) {
        slot.peer_place =
            is_peer_here(proactor_, slot.socket) ? PeerPlace::here : PeerPlace::elsewhere;
    }
    io::FileSlice slice = send.slice;
    slice.socket = slot.socket;
    if (slot.peer_place == PeerPlace::here) {
        slice.way = send.is_part_long() ? io::FileSlice::Way::copied_by_segment
                                        : io::FileSlice::Way::referred_by_segment;
    }
    proactor_.send_file(token(Operation::send_file, slot), slice);
    deadlines_.start(slot, services_.now);
}

void Worker::start(ConnectionSlot& slot, const Linger& /*linger*/) {
    proactor_.shutdown(slot.socket, SHUT_WR);
    start(slot, Receive{});
}

void Worker::start(ConnectionSlot& slot, const Close& /*close*/) {
    slot.is_busy = false;
    const bool had_work = slot.state != State::idle && slot.state != State::receiving;
    if (had_work && slot.close_reason == CloseReason::client) {
        slot.close_reason = CloseReason::finished;
    }
    close(slot);
}

void Worker::close(ConnectionSlot& slot) {
    has_closed_ = true;
    admission_.close(slot);
    connections_.release(slot);
}

void Worker::end(ConnectionSlot& slot) {
    slot.unlink();
    if (slot.is_loading()) {
        stop_waiting_for_load(slot);
        close(slot);
        return;
    }
    if (is_sending(slot.state)) {
        // Or the kernel would keep up to some megabytes for a peer that takes none of them.
        proactor_.reset_on_close(slot.socket);
    }
    slot.is_ending = true;
    admission_.on_ending();
    proactor_.shutdown(slot.socket, SHUT_RDWR);
}

bool Worker::has_operations_in_flight() const noexcept {
    return remaining() != Shutdown::Remaining::nothing;
}

}  // namespace torc::worker
