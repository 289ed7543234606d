#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/settings.hpp>
#include <torc/io/proactor.hpp>
#include <torc/worker/connection_table.hpp>
#include <torc/worker/deadline_list.hpp>
#include <torc/worker/reader_watch.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace torc::worker {

/// How long a worker's connections may wait: a list for each thing that they wait for, sorted by
/// deadline. A connection is in one of them at the most. Decides who has waited for too long, and
/// who can be spared when there is no room; the worker ends them.
class Deadlines {
public:
    /// `proactor` outlives it.
    Deadlines(const io::Proactor& proactor, const config::Settings& settings) noexcept;

    /// From now on the timeouts are those of `settings`, for those that wait already too.
    void adopt(const config::Settings& settings) noexcept;

    /// Starts the wait of a connection for what it waits for after an event, or goes on with it.
    void start(ConnectionSlot& slot, MonotonicTime now) noexcept;

    /// When `take_expired` is due; `never` when nobody waits.
    [[nodiscard]] MonotonicTime next() noexcept;

    /// A connection whose deadline has passed.
    struct Expired {
        /// What the deadline means for it.
        enum class Consequence : std::uint8_t {
            end,
            /// The kernel has some of its responses, which its peer does not take.
            reset,
            /// The rest of a request did not come.
            time_out_request,
            give_up_load,
            /// Its peer still takes what the kernel has: it waits on.
            none,
        };
        ConnectionSlot* slot = nullptr;
        Consequence consequence = Consequence::none;
    };
    /// Takes out one whose deadline has passed; nothing: there is none (any more), as far as a
    /// bounded number of looks at sockets tells.
    [[nodiscard]] std::optional<Expired> take_expired(MonotonicTime now) noexcept;

    /// Whether a connection that lingers is to read on, after `bytes` more that nobody wants: it
    /// does so for the peer to see its response, as long as the peer sends fast enough.
    [[nodiscard]] bool may_linger_on(ConnectionSlot& slot, std::size_t bytes,
                                     MonotonicTime now) const noexcept;

    /// From now on, in a drain, connections that have not asked for anything yet wait for a second.
    void begin_graces() noexcept { gives_graces_ = true; }
    /// The connection that has been idle longest, or else a proxy's that has sent nothing yet;
    /// null: there is none.
    [[nodiscard]] ConnectionSlot* first_idle() noexcept {
        ConnectionSlot* const first = idle_.first();
        return first != nullptr ? first : introductions_.first();
    }

    /// Those that wait for a load, the one that has waited longest first.
    [[nodiscard]] DeadlineList<ConnectionSlot>& loading() noexcept { return loading_; }
    /// Those whose peers are to take what they are sent.
    [[nodiscard]] ReaderWatch& readers() noexcept { return readers_; }

    // Who can be spared. `patience`: how long a connection must have waited for that.

    /// The connection that has waited longest, first of those that want nothing, last of those that
    /// began a request: many that begin one and never end it must not keep everybody else out until
    /// their deadline. Null: all others have work that is in flight, or have just come (within
    /// `patience`).
    [[nodiscard]] ConnectionSlot* find_longest_waiting(MonotonicTime now,
                                                       std::chrono::nanoseconds patience) noexcept;
    /// The connection that waits for a load and is the least likely to be missed; null: none has
    /// waited for `patience`.
    [[nodiscard]] ConnectionSlot* find_longest_loading(MonotonicTime now,
                                                       std::chrono::nanoseconds patience) noexcept;

private:
    void start_receiving(ConnectionSlot& slot, MonotonicTime now) noexcept;
    void start_lingering(ConnectionSlot& slot, MonotonicTime now) noexcept;
    [[nodiscard]] Expired judge_idle(ConnectionSlot& slot, MonotonicTime now) noexcept;

    std::chrono::nanoseconds linger_timeout_;
    std::uint64_t bytes_per_second_min_;
    /// For a request to begin.
    DeadlineList<ConnectionSlot> idle_;
    /// The same since a drain began, of connections that have asked for nothing yet.
    DeadlineList<ConnectionSlot> graces_;
    /// For a PROXY header to begin.
    DeadlineList<ConnectionSlot> introductions_;
    /// For the rest of a request.
    DeadlineList<ConnectionSlot> requests_;
    ReaderWatch readers_;
    /// For the peer to stop.
    DeadlineList<ConnectionSlot> lingers_;
    DeadlineList<ConnectionSlot> loading_;
    bool gives_graces_ = false;
};

}  // namespace torc::worker
