#pragma once

#include <torc/base/clock.hpp>

#include "sim/faults.hpp"
#include "sim/history.hpp"
#include "sim/random.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

namespace torc::sim {

using Duration = std::chrono::nanoseconds;

/// A machine whose time is a number: it has a clock, what is yet to happen on it, and chance.
/// Nothing in it depends on the wall clock, a thread, an address or the order of a hash table.
class Machine {
public:
    using Event = std::function<void()>;

    Machine(std::uint64_t seed, const Faults& faults, History& history);
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;
    ~Machine() = default;

    [[nodiscard]] Now now() const noexcept { return now_; }
    /// Time goes by without an event: somebody works.
    void pass(Duration time) { move_to(now_.monotonic + time); }
    /// The wall clock is set; the monotonic one knows nothing of it.
    void set_wall_clock(Duration difference) { now_.wall += difference; }

    /// `event` happens after `delay`, behind what was to happen at that time already.
    void after(Duration delay, Event event);
    /// Goes on to the next event that is not later than `deadline`, and lets it happen. False:
    /// there is none, and it is `deadline` now, unless that is `never`.
    bool step(MonotonicTime deadline);
    [[nodiscard]] std::uint64_t events() const noexcept { return sequence_; }

    [[nodiscard]] Random& random() noexcept { return random_; }
    [[nodiscard]] const Faults& faults() const noexcept { return faults_; }
    /// Whether `fault` strikes now. Counted.
    [[nodiscard]] bool strikes(Fault fault);
    /// It struck by somebody else's plan.
    void note_strike(Fault fault) noexcept { ++struck_[static_cast<std::size_t>(fault)]; }
    [[nodiscard]] std::uint64_t struck(Fault fault) const noexcept {
        return struck_[static_cast<std::size_t>(fault)];
    }
    [[nodiscard]] History& history() noexcept { return history_; }
    /// A time between the two, short ones more often.
    [[nodiscard]] Duration delay(Duration least, Duration most);

private:
    struct Planned {
        MonotonicTime at;
        std::uint64_t sequence = 0;
        Event event;
    };
    struct Later {
        [[nodiscard]] bool operator()(const Planned& left, const Planned& right) const noexcept {
            return left.at != right.at ? left.at > right.at : left.sequence > right.sequence;
        }
    };

    void move_to(MonotonicTime time);

    Now now_;
    std::priority_queue<Planned, std::vector<Planned>, Later> planned_;
    std::uint64_t sequence_ = 0;
    Random random_;
    const Faults faults_;
    std::array<std::uint64_t, fault_kinds> struck_{};
    History& history_;
};

}  // namespace torc::sim
