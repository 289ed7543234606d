#include <torc/worker/deadlines.hpp>

#include <algorithm>
#include <utility>

namespace torc::worker {
namespace {

/// What a connection that was accepted just before the drain gets to send its request.
constexpr std::chrono::seconds grace{1};
/// How long a connection may linger, however fast its peer sends: so many linger timeouts.
constexpr int linger_timeouts_max = 12;
/// Of a pace that counts from its beginning.
constexpr std::chrono::hours endless{24 * 365};
/// Of how many that wait for loads it is looked whether their peers have ended their streams.
constexpr std::size_t loading_looks_max = 256;

}  // namespace

Deadlines::Deadlines(const io::Proactor& proactor, const config::Settings& settings) noexcept
    : linger_timeout_(settings.timeouts.linger),
      bytes_per_second_min_(settings.bytes_per_second_min),
      idle_(settings.timeouts.idle),
      graces_(grace),
      introductions_(settings.timeouts.request),
      requests_(settings.timeouts.request),
      readers_(proactor, settings.timeouts.send, settings.bytes_per_second_min),
      lingers_(settings.timeouts.linger),
      loading_(settings.timeouts.load) {}

void Deadlines::adopt(const config::Settings& settings) noexcept {
    linger_timeout_ = settings.timeouts.linger;
    bytes_per_second_min_ = settings.bytes_per_second_min;
    idle_.set_timeout(settings.timeouts.idle);
    introductions_.set_timeout(settings.timeouts.request);
    requests_.set_timeout(settings.timeouts.request);
    readers_.set_limits(settings.timeouts.send, settings.bytes_per_second_min);
    lingers_.set_timeout(settings.timeouts.linger);
    loading_.set_timeout(settings.timeouts.load);
}

void Deadlines::start(ConnectionSlot& slot, MonotonicTime now) noexcept {
    const State state = slot.connection->state();
    switch (state) {
        case State::idle:
            if (gives_graces_ && slot.connection->is_fresh()) {
                graces_.start(slot, now);
            } else {
                idle_.start(slot, now);
            }
            break;
        case State::receiving:
            start_receiving(slot, now);
            break;
        case State::sending:
        case State::sending_file:
            if (is_sending(slot.state)) {
                readers_.go_on(slot, now);
            } else {
                readers_.begin(slot, now);
            }
            break;
        case State::lingering:
            start_lingering(slot, now);
            break;
        case State::loading:
            loading_.start(slot, now);
            break;
        case State::closed:
            break;
    }
    slot.state = state;
}

void Deadlines::start_receiving(ConnectionSlot& slot, MonotonicTime now) noexcept {
    const bool was_introducing =
        std::exchange(slot.is_in_introductions, slot.connection->awaits_introduction());
    if (slot.is_in_introductions) {
        (gives_graces_ ? graces_ : introductions_).start(slot, now);
    } else if (!slot.is_linked() || slot.state != State::receiving || was_introducing ||
               slot.connection->begins_request()) {
        // From the first byte: sending one more now and then does not buy time. The rest of a body
        // that is dropped may have been waited for before.
        requests_.start(slot, now);
    }
}

void Deadlines::start_lingering(ConnectionSlot& slot, MonotonicTime now) noexcept {
    if (slot.state != State::lingering) {
        slot.pace = Pace();
        slot.pace.begin(now);
        static_cast<void>(slot.pace.look(0, now, endless));
    }
    lingers_.start(slot, now);
}

bool Deadlines::may_linger_on(ConnectionSlot& slot, std::size_t bytes,
                              MonotonicTime now) const noexcept {
    Pace& pace = slot.pace;
    static_cast<void>(pace.look(pace.total_bytes() + bytes, now, endless));
    const auto lasted = pace.observed_for(now);
    return lasted < linger_timeouts_max * linger_timeout_ &&
           (lasted < linger_timeout_ ||
            pace.bytes_per_second(now) >= static_cast<double>(bytes_per_second_min_));
}

MonotonicTime Deadlines::next() noexcept {
    return earliest(idle_.next(), graces_.next(), introductions_.next(), requests_.next(),
                    readers_.next(), lingers_.next(), loading_.next());
}

std::optional<Deadlines::Expired> Deadlines::take_expired(MonotonicTime now) noexcept {
    using enum Expired::Consequence;
    if (ConnectionSlot* const slot = idle_.take_expired(now)) {
        return judge_idle(*slot, now);
    }
    for (DeadlineList<ConnectionSlot>* list : {&lingers_, &graces_}) {
        if (ConnectionSlot* const slot = list->take_expired(now)) {
            return Expired{.slot = slot, .consequence = end};
        }
    }
    for (DeadlineList<ConnectionSlot>* list : {&introductions_, &requests_}) {
        if (ConnectionSlot* const slot = list->take_expired(now)) {
            return Expired{.slot = slot, .consequence = time_out_request};
        }
    }
    if (ConnectionSlot* const slot = loading_.take_expired(now)) {
        return Expired{.slot = slot, .consequence = give_up_load};
    }
    // Last: it looks at sockets, and gives up after so many looks.
    if (ConnectionSlot* const slot = readers_.take_expired(now)) {
        return Expired{.slot = slot, .consequence = end};
    }
    return std::nullopt;
}

Deadlines::Expired Deadlines::judge_idle(ConnectionSlot& slot, MonotonicTime now) noexcept {
    using enum Expired::Consequence;
    // It has sent its response, but the kernel may still have most of that.
    switch (readers_.look_at_rest(slot, now)) {
        case ReaderWatch::Rest::nothing:
            return {.slot = &slot, .consequence = end};
        case ReaderWatch::Rest::refused:
            return {.slot = &slot, .consequence = reset};
        case ReaderWatch::Rest::awaited:
            break;
    }
    idle_.start(slot, now);
    return {.slot = &slot, .consequence = none};
}

ConnectionSlot* Deadlines::find_longest_waiting(MonotonicTime now,
                                                std::chrono::nanoseconds patience) noexcept {
    const auto has_just_come = [&](const ConnectionSlot& slot) {
        return (slot.state == State::idle || slot.is_in_introductions) &&
               slot.connection->is_fresh() && now < slot.waits_since + patience;
    };
    for (DeadlineList<ConnectionSlot>* list : {&idle_, &lingers_, &introductions_, &requests_}) {
        ConnectionSlot* const first = list->first();
        if (first != nullptr && !has_just_come(*first)) {
            return first;
        }
    }
    return nullptr;
}

ConnectionSlot* Deadlines::find_longest_loading(MonotonicTime now,
                                                std::chrono::nanoseconds patience) noexcept {
    ConnectionSlot* const longest = loading_.first();
    if (longest != nullptr && now < longest->waits_since + patience) {
        return nullptr;  // Most loads take far less.
    }
    ConnectionSlot* slot = longest;
    for (std::size_t count = 0; slot != nullptr && count < loading_looks_max; ++count) {
        if (slot->is_half_closed) {
            return slot;
        }
        slot = loading_.next(*slot);
    }
    return longest;
}

}  // namespace torc::worker
