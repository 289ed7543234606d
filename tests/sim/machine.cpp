#include "sim/machine.hpp"

#include <algorithm>
#include <utility>

namespace torc::sim {
namespace {

/// 2026-02-03 04:05:06 UTC: no time that a tool gives to all files.
constexpr WallTime first_wall_time{std::chrono::seconds(1'770'091'506)};
constexpr MonotonicTime first_time{std::chrono::hours(1)};

}  // namespace

Machine::Machine(std::uint64_t seed, const Faults& faults, History& history)
    : now_{.monotonic = first_time, .wall = first_wall_time},
      random_(seed),
      faults_(faults),
      history_(history) {
    history_.set_time(now_.monotonic);
}

void Machine::after(Duration delay, Event event) {
    planned_.push(
        {.at = now_.monotonic + delay, .sequence = sequence_++, .event = std::move(event)});
}

bool Machine::step(MonotonicTime deadline) {
    if (planned_.empty() || planned_.top().at > deadline) {
        if (deadline != never) {
            move_to(deadline);
        }
        return false;
    }
    move_to(planned_.top().at);
    // The queue gives no more than a view of what it is about to drop.
    const Event event = std::move(const_cast<Planned&>(planned_.top()).event);
    planned_.pop();
    event();
    return true;
}

void Machine::move_to(MonotonicTime time) {
    if (time > now_.monotonic) {
        now_.wall += time - now_.monotonic;
        now_.monotonic = time;
        history_.set_time(time);
    }
}

bool Machine::strikes(Fault fault) {
    const bool strikes = faults_.has(fault) && random_.chance(faults_.rate(fault));
    struck_[static_cast<std::size_t>(fault)] += strikes ? 1 : 0;
    return strikes;
}

Duration Machine::delay(Duration least, Duration most) {
    const auto range = static_cast<std::uint64_t>((most - least).count());
    const std::uint64_t first = random_.between(0, range);
    return least + Duration(std::min(first, random_.between(0, range)));
}

}  // namespace torc::sim
