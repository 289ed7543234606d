#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/server/listener.hpp>
#include <torc/server/worker.hpp>

#include <spdlog/spdlog.h>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace torc::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// How many connections are shut down in one iteration, which each takes a system call; the next
/// goes on with the rest, so that many that end keep nobody else waiting.
constexpr std::uint32_t shutdowns_per_iteration_max = 1024;
/// How many connections are ended at once for others that wait without a descriptor.
constexpr std::size_t evictions_per_iteration_max = 64;
/// How long the listeners stay open when the drain begins, for handshakes that are half done and
/// for connections that do not show before their request is there, which may be on its way.
constexpr milliseconds drain_listening{250};
/// What a connection that was accepted just before the drain gets to send its request.
constexpr seconds drain_grace{1};
/// So long a new connection, whose request is about to be read, need not make room.
constexpr milliseconds fresh_grace{250};
/// How often it is looked whether the peers of connections that wait for loads have gone, and at
/// how many of them at once.
constexpr seconds waiting_peers_interval{1};
/// The same while a stop waits for them.
constexpr milliseconds waiting_peers_drain_interval{100};
constexpr std::size_t waiting_peers_at_once = 256;
/// What is in flight gets this long to complete once everything was shut down.
constexpr seconds cut_off_patience{1};
/// The loads that nobody waits for any more get this long to complete before a stop leaves them.
constexpr milliseconds abandoned_loads_patience{250};

WallTime wall_now() noexcept {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

Worker::Worker(io::Proactor& proactor, WorkerOptions options)
    : proactor_(proactor),
      settings_(*options.settings),
      requested_stop_(*options.stop),
      connections_max_(options.connections_max),
      balance_(options.balance),
      seat_(options.seat),
      site_(settings_.load_rules, settings_.cache_limits),
      loader_(proactor_, site_, *options.root, settings_.timeouts.load),
      responder_(site_.rules().codings, settings_.extra_fields),
      services_{.site = site_,
                .responder = responder_,
                .outboxes = outboxes_,
                .parse_limits = settings_.parse_limits,
                .body_bytes_max = settings_.body_bytes_max,
                .encoded_slash = settings_.encoded_slash},
      idle_(settings_.timeouts.idle),
      requests_(settings_.timeouts.request),
      sends_(std::chrono::nanoseconds(settings_.timeouts.send) / 2),
      slow_sends_(std::chrono::nanoseconds(settings_.timeouts.send) / 2),
      lingers_(settings_.timeouts.linger),
      loading_(settings_.timeouts.load),
      graces_(drain_grace),
      connections_(connections_max_ + limits::connections_spare),
      acceptor_(proactor_, *options.listeners) {
    if (options.access_log != nullptr) {
        access_log_.emplace(*options.access_log, options.access_log_pace);
        services_.access_log = &*access_log_;
    }
}

Worker::~Worker() = default;

io::Token Worker::token(Operation operation, const ConnectionSlot& slot) noexcept {
    return make_token(operation, slot.index, slot.generation);
}

bool Worker::run() {
    acceptor_.start();
    if (balance_ != nullptr) {
        balance_->join(seat_, proactor_);
    }
    while (!is_finished()) {
        try {
            iterate();
        } catch (const std::bad_alloc&) {
            // What is missed now comes about in the next iteration.
        }
    }
    if (access_log_) {
        access_log_->push();
    }
    return !was_cut_off_;
}

void Worker::iterate() {
    const MonotonicTime deadline = next_deadline();
    const std::span<const io::Completion> completions = proactor_.wait(deadline);
    services_.now = proactor_.now();
    iterations_.store(iterations() + 1, std::memory_order_relaxed);
    const WallTime wall = wall_now();
    responder_.set_time(wall);
    site_.set_time(wall);
    loader_.follow_root(services_.now);
    if (access_log_) {
        access_log_->set_time(wall);
    }
    for (const io::Completion& completion : completions) {
        try {
            dispatch(completion);
        } catch (const std::bad_alloc&) {
            lose_connection_of(completion);
        }
        hand_out_ended();
    }
    if (!completions.empty()) {
        loader_.keep_root_verified(services_.now);
    }
    site_.cache().set_other_bytes(outboxes_.resident_bytes());
    loader_.reclaim();
    if (balance_ != nullptr && balance_->has_handed(seat_)) {
        take_handed();
    }
    if (std::exchange(has_closed_, false)) {
        acceptor_.resume();
    }
    // What was begun in this turn has its time still before it.
    if (services_.now >= deadline) {
        expire();
    }
    hand_out_ended();
    report_lost_completions();
    obey_stop();
    if (access_log_) {
        access_log_->push_if_due(services_.now);
    }
}

void Worker::report_lost_completions() {
    if (!proactor_.has_lost_completions() || std::exchange(has_reported_lost_completions_, true)) {
        return;
    }
    spdlog::error(
        "memory was so short that the kernel lost completions: some connections may stay open "
        "until a restart");
}

void Worker::lose_connection_of(const io::Completion& completion) {
    switch (operation_of(completion.token)) {
        case Operation::receive:
        case Operation::send:
        case Operation::send_file:
            lose(connections_.at(completion.token.slot));
            break;
        case Operation::accept:
        case Operation::load_open:
        case Operation::load_stat:
        case Operation::load_read:
        case Operation::load_list:
        case Operation::root_open:
        case Operation::watch_open:
        case Operation::watch_changes:
        case Operation::mounts_changed:
        case Operation::mounts_read:
            break;
    }
}

void Worker::lose(ConnectionSlot& slot) {
    if (!slot.connection) {
        return;
    }
    // What throws has not begun an operation.
    slot.is_busy = false;
    close(slot);
    if (memory_report_.may_report(services_.now)) {
        spdlog::warn("memory is short: connections that want more are closed");
    }
}

void Worker::dispatch(const io::Completion& completion) {
    switch (operation_of(completion.token)) {
        case Operation::accept:
            accepted(completion);
            break;
        case Operation::receive:
        case Operation::send:
        case Operation::send_file:
            connection_completed(completion);
            break;
        case Operation::load_open:
        case Operation::load_stat:
        case Operation::load_read:
        case Operation::load_list:
        case Operation::root_open:
        case Operation::watch_open:
        case Operation::watch_changes:
        case Operation::mounts_changed:
        case Operation::mounts_read:
            loader_.completed(completion, services_.now);
            break;
    }
}

void Worker::accepted(const io::Completion& completion) {
    if (const std::size_t waiting = acceptor_.completed(completion, services_.now, accepted_);
        waiting > 0) {
        // Whoever waits in the kernel's queue is better served late than refused.
        if (descriptor_report_.may_report(services_.now)) {
            spdlog::warn(
                "connections wait for descriptors, which ran out: {}; raise the limit (ulimit -Hn, "
                "LimitNOFILE=, fs.file-max)",
                completion.error().message());
        }
        site_.release_descriptor();
        make_room_for(waiting);
    }
    admit_accepted();
}

void Worker::admit_accepted() {
    for (const int socket : accepted_) {
        admit(socket);
    }
    accepted_.clear();
}

void Worker::admit(int socket) {
    if (balance_ != nullptr) {
        if (!services_.is_draining && hand_over(socket)) {
            return;
        }
        balance_->count_in(seat_);
    }
    serve(socket);
}

bool Worker::hand_over(int socket) noexcept {
    try {
        return balance_->hand_over(seat_, socket);
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void Worker::take_handed() {
    handed_.clear();
    balance_->take(seat_, handed_);
    for (const int socket : handed_) {
        serve(socket);
    }
}

void Worker::serve(int socket) {
    if (stop_ == Stop::now) {
        was_cut_off_ = true;
        proactor_.close(socket);
        count_out();
        return;
    }
    if (connections_.size() >= connections_max_) {
        make_room();
    }
    ConnectionSlot* const slot = acquire_slot(socket);
    if (slot == nullptr) {
        refuse(socket);
        return;
    }
    with_memory(*slot, [&] {
        if (access_log_) {
            const auto peer = peer_of(socket);
            slot->connection->set_remote_address(peer ? peer->host() : "-");
        }
        perform(*slot, slot->connection->opened());
    });
}

void Worker::refuse(int socket) {
    proactor_.close(socket);
    count_out();
    if (refusal_report_.may_report(services_.now)) {
        spdlog::warn(
            "connections are refused: this worker has {}, which is all that its descriptors or its "
            "memory allow, and none of them is idle; raise the limit of descriptors (ulimit -Hn, "
            "LimitNOFILE=)",
            connections_.size());
    }
}

ConnectionSlot* Worker::acquire_slot(int socket) noexcept {
    try {
        return connections_.acquire(socket, services_);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void Worker::make_room_for(std::size_t connections) {
    const std::size_t wanted = std::min(connections, evictions_per_iteration_max);
    for (std::size_t made = evictions_; made < wanted; ++made) {
        const std::uint32_t before = connections_.size();
        if (!make_room()) {
            return;
        }
        if (connections_.size() == before) {
            ++evictions_;  // It is closed once its operation has completed.
        }
    }
}

bool Worker::make_room() {
    // Who has waited longest, first of those that want nothing, last of those who began a request:
    // many who begin one and never end it must not keep everybody else out until their deadline.
    ConnectionSlot* chosen = idle_.first();
    for (DeadlineList<ConnectionSlot>* list : {&lingers_, &requests_}) {
        if (chosen == nullptr || has_just_come(*chosen)) {
            chosen = list->first();
        }
    }
    if (chosen == nullptr || has_just_come(*chosen)) {
        chosen = most_expendable_loading();
    }
    if (chosen == nullptr) {
        chosen = slow_sends_.first();
    }
    if (chosen != nullptr) {
        end(*chosen);
    }
    return chosen != nullptr;
}

bool Worker::has_just_come(const ConnectionSlot& slot) const noexcept {
    return slot.waiting == Waiting::idle && slot.connection->is_fresh() &&
           services_.now < slot.deadline - settings_.timeouts.idle + fresh_grace;
}

void Worker::connection_completed(const io::Completion& completion) {
    ConnectionSlot& slot = connections_.at(completion.token.slot);
    TORC_ASSERT(slot.is_busy && slot.generation == completion.token.generation);
    slot.is_busy = false;
    const auto operation = operation_of(completion.token);
    if (operation == Operation::receive && completion.failed() &&
        completion.error() == Errno(ENOBUFS)) {
        perform(slot, Action::receive);  // Every buffer was in use; they are back by the next turn.
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
        perform(slot, slot.connection->received(as_text(completion.data)));
    } else if (operation == Operation::send) {
        message_sent(slot, count);
    } else {
        perform(slot, slot.connection->file_sent(count));
    }
}

void Worker::message_sent(ConnectionSlot& slot, std::size_t bytes) {
    slot.sent_bytes += bytes;
    if (slot.sent_bytes < slot.connection->message_bytes()) {
        slot.sends_by_rest = true;
        perform(slot, Action::send);
        return;
    }
    perform(slot, slot.connection->sent(std::exchange(slot.sent_bytes, 0)));
}

void Worker::perform(ConnectionSlot& slot, Action action) {
    slot.is_busy = true;
    switch (action) {
        case Action::linger:
            proactor_.shutdown(slot.socket, SHUT_WR);
            [[fallthrough]];
        case Action::receive:
            proactor_.receive(token(Operation::receive, slot), slot.socket);
            break;
        case Action::send:
            send_message(slot);
            break;
        case Action::send_file:
            proactor_.send_file(token(Operation::send_file, slot),
                                slot.connection->file_slice(slot.socket));
            break;
        case Action::load:
            start_loading(slot);
            return;
        case Action::close:
            slot.is_busy = false;
            close(slot);
            return;
    }
    set_deadline(slot);
}

void Worker::send_message(ConnectionSlot& slot) {
    Connection& connection = *slot.connection;
    if (slot.sends_by_rest) {
        proactor_.send_rest(token(Operation::send, slot), slot.socket, connection.message(),
                            slot.sent_bytes, connection.more_follows());
    } else {
        proactor_.send(token(Operation::send, slot), slot.socket, connection.message(),
                       connection.more_follows());
    }
}

void Worker::close(ConnectionSlot& slot) {
    if (slot.is_ending && evictions_ > 0) {
        --evictions_;
    }
    has_closed_ = true;
    proactor_.close(slot.socket);
    connections_.release(slot);
    count_out();
}

void Worker::count_out() noexcept {
    if (balance_ != nullptr) {
        balance_->count_out(seat_);
    }
}

void Worker::end(ConnectionSlot& slot) {
    slot.unlink();
    if (slot.is_loading()) {
        stop_waiting_for_load(slot);
        close(slot);
        return;
    }
    slot.is_ending = true;
    proactor_.shutdown(slot.socket, SHUT_RDWR);
}

void Worker::hand_out(const site::Site::Loaded& loaded) {
    for (const site::Site::Waiter waiter : loaded.waiters) {
        const io::Token waiting = io::Token::unpack(waiter);
        ConnectionSlot& slot = connections_.at(waiting.slot);
        if (slot.generation != waiting.generation) {
            continue;  // It waits no more.
        }
        TORC_ASSERT(slot.is_loading());
        slot.is_busy = false;
        with_memory(slot, [&] { perform(slot, slot.connection->loaded(*loaded.asset)); });
    }
}

void Worker::hand_out_ended() {
    while (auto loaded = loader_.take_ended()) {
        hand_out(*loaded);
    }
}

void Worker::start_loading(ConnectionSlot& slot) {
    set_deadline(slot);
    const bool is_waiting = loader_.join(slot.connection->load_path(),
                                         token(Operation::load_open, slot).pack(), services_.now);
    if (!is_waiting) {
        give_up_load(slot);
    } else if (look_at_waiting_peers_at_ == never) {
        look_at_waiting_peers_at_ = next_look_at_waiting_peers();
    }
}

MonotonicTime Worker::next_look_at_waiting_peers() const noexcept {
    return services_.now +
           (services_.is_draining ? waiting_peers_drain_interval : waiting_peers_interval);
}

void Worker::stop_waiting_for_load(ConnectionSlot& slot) noexcept {
    slot.unlink();
    slot.is_busy = false;
    ConnectionTable::renew(slot);
}

void Worker::give_up_load(ConnectionSlot& slot) {
    stop_waiting_for_load(slot);
    with_memory(slot, [&] { perform(slot, slot.connection->loaded(loader_.overdue_asset())); });
}

void Worker::look_at_waiting_peers() {
    ConnectionSlot* slot = loading_.first();
    for (std::size_t count = 0; slot != nullptr && count < waiting_peers_at_once; ++count) {
        ConnectionSlot* const next = loading_.next(*slot);
        const io::PeerState peer = proactor_.peer_state(slot->socket);
        slot->is_half_closed = peer == io::PeerState::half_closed;
        if (peer == io::PeerState::gone) {
            end(*slot);
        }
        slot = next;
    }
    look_at_waiting_peers_at_ = loading_.first() != nullptr ? next_look_at_waiting_peers() : never;
}

ConnectionSlot* Worker::most_expendable_loading() {
    look_at_waiting_peers();
    ConnectionSlot* const longest = loading_.first();
    ConnectionSlot* slot = longest;
    for (std::size_t count = 0; slot != nullptr && count < waiting_peers_at_once; ++count) {
        if (slot->is_half_closed) {
            return slot;
        }
        slot = loading_.next(*slot);
    }
    return longest;
}

void Worker::set_deadline(ConnectionSlot& slot) {
    switch (slot.connection->waiting()) {
        case Waiting::idle:
            if (services_.is_draining && slot.connection->is_fresh()) {
                graces_.start(slot, services_.now);
            } else {
                idle_.start(slot, services_.now);
            }
            break;
        case Waiting::request:
            // From the first byte: sending one more now and then does not buy time.
            if (!slot.is_linked() || slot.waiting != Waiting::request) {
                requests_.start(slot, services_.now);
            }
            break;
        case Waiting::peer:
            sends_.start(slot, services_.now);
            break;
        case Waiting::linger:
            if (!slot.is_linked() || slot.waiting != Waiting::linger) {
                lingers_.start(slot, services_.now);
            }
            break;
        case Waiting::asset:
            loading_.start(slot, services_.now);
            break;
    }
    slot.waiting = slot.connection->waiting();
}

void Worker::expire() {
    std::size_t rest = shutdowns_per_iteration_max;
    for (DeadlineList<ConnectionSlot>* list : {&idle_, &lingers_, &graces_}) {
        for (; rest > 0; --rest) {
            ConnectionSlot* slot = list->take_expired(services_.now);
            if (slot == nullptr) {
                break;
            }
            end(*slot);
        }
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = sends_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        // In two halves: a reader who is slow but acknowledges something in each gets its time.
        slot->acknowledged_bytes = proactor_.acknowledged_bytes(slot->socket);
        slow_sends_.start(*slot, services_.now);
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = slow_sends_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        const std::uint64_t acknowledged = proactor_.acknowledged_bytes(slot->socket);
        if (slot->acknowledged_bytes == acknowledged) {
            end(*slot);
        } else {
            slot->acknowledged_bytes = acknowledged;
            slow_sends_.start(*slot, services_.now);
        }
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = requests_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        // Ends the receive in flight; the connection then answers 408.
        slot->connection->time_out();
        proactor_.shutdown(slot->socket, SHUT_RD);
    }
    for (; rest > 0; --rest) {
        ConnectionSlot* slot = loading_.take_expired(services_.now);
        if (slot == nullptr) {
            break;
        }
        give_up_load(*slot);
    }
    if (services_.now >= look_at_waiting_peers_at_) {
        look_at_waiting_peers();
    }
    if (services_.now >= loader_.next_deadline()) {
        loader_.stop_waiting_for_root(services_.now);
    }
    outboxes_.give_back_unused(services_.now);
    if (services_.now >= acceptor_.next_deadline()) {
        evictions_ = 0;  // Whatever became of them, it was not enough.
        acceptor_.expire(services_.now);
    }
    if (services_.now >= stop_listening_at_) {
        stop_listening();
    }
}

MonotonicTime Worker::next_deadline() {
    if (cut_off_next_ || (stop_ == Stop::drain && idle_.first() != nullptr)) {
        return MonotonicTime::min();  // The next iteration goes on with them.
    }
    return std::min({idle_.next(), requests_.next(), sends_.next(), slow_sends_.next(),
                     lingers_.next(), graces_.next(), loading_.next(), look_at_waiting_peers_at_,
                     loader_.next_deadline(), acceptor_.next_deadline(), stop_deadline_,
                     stop_listening_at_, leave_at_, outboxes_.due_at(),
                     access_log_ ? access_log_->due_at() : never});
}

void Worker::obey_stop() {
    const Stop requested = requested_stop_.load(std::memory_order_relaxed);
    if (stop_ == Stop::no && requested != Stop::no) {
        begin_drain();
    }
    const bool is_time_up = services_.now >= stop_deadline_;
    if (stop_ == Stop::drain && (requested == Stop::now || is_time_up)) {
        begin_cut_off();
    }
    if (stop_ == Stop::drain) {
        end_idle_connections();
    }
    if (cut_off_next_) {
        cut_off_connections();
    }
    const bool has_clients =
        connections_.size() > 0 || stop_listening_at_ != never || acceptor_.is_busy();
    if (stop_ == Stop::no || has_clients) {
        leave_at_ = never;
    } else if (leave_at_ == never) {
        leave_at_ = services_.now + abandoned_loads_patience;
    }
}

void Worker::begin_drain() {
    stop_ = Stop::drain;
    services_.is_draining = true;
    stop_deadline_ = services_.now + settings_.timeouts.drain;
    stop_listening_at_ = services_.now + drain_listening;
    look_at_waiting_peers();
    acceptor_.begin_stop();
}

void Worker::end_idle_connections() {
    for (std::uint32_t rest = shutdowns_per_iteration_max; rest > 0; --rest) {
        ConnectionSlot* slot = idle_.first();
        if (slot == nullptr) {
            return;
        }
        if (slot->connection->is_fresh()) {
            graces_.start(*slot, services_.now);
        } else {
            end(*slot);
        }
    }
}

void Worker::begin_cut_off() {
    stop_ = Stop::now;
    stop_deadline_ = never;
    cut_off_next_ = 0;
    if (stop_listening_at_ != never) {
        stop_listening();
    }
}

void Worker::cut_off_connections() {
    const auto cut_off = [this](ConnectionSlot& slot) {
        if (!slot.is_ending) {
            was_cut_off_ |= slot.connection->waiting() != Waiting::idle;
            end(slot);
        }
    };
    cut_off_next_ = connections_.visit(*cut_off_next_, shutdowns_per_iteration_max, cut_off);
    if (*cut_off_next_ == 0) {
        cut_off_next_.reset();
        stop_deadline_ = services_.now + cut_off_patience;
    }
}

void Worker::stop_listening() {
    stop_listening_at_ = never;
    if (balance_ != nullptr) {
        handed_.clear();
        balance_->leave(seat_, handed_);
        std::ranges::for_each(handed_, [this](int socket) { serve(socket); });
    }
    acceptor_.stop(accepted_);
    admit_accepted();
}

bool Worker::has_operations_in_flight() const noexcept {
    return connections_.size() > 0 || loader_.is_busy() || acceptor_.is_busy();
}

bool Worker::is_finished() const noexcept {
    if (stop_ == Stop::no || stop_listening_at_ != never) {
        return false;
    }
    // A file system that does not answer need not be waited for when nobody else does.
    const bool is_left_alone = services_.now >= leave_at_;
    return !has_operations_in_flight() || is_left_alone ||
           (stop_ == Stop::now && services_.now >= stop_deadline_);
}

}  // namespace torc::server
