#pragma once

#include <torc/base/event_fd.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>

namespace torc::worker {

/// Whole lines on their way from the threads that log to the one thread that writes them, in the
/// order in which they were pushed. Bounded: when the writer does not keep up, what does not fit is
/// dropped and counted, and nobody waits. What is said to be for a producer may be called from any
/// thread; the rest is the writer's.
class LogQueue {
public:
    /// `bytes_max`: of lines that wait. Throws StartError.
    explicit LogQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    /// For a producer: takes the lines and leaves `lines` empty, with room for as many again. Costs
    /// an exchange of two buffers, or a copy where the last batch that waits has room.
    void push(std::string& lines) noexcept;
    /// For a producer: takes a copy of `lines`.
    void push_copy(std::string_view lines) noexcept;
    /// For a producer: the same, but when they don't fit it gives false and counts nothing.
    [[nodiscard]] bool try_push_copy(std::string_view lines) noexcept;

    // A cut divides what was pushed: what comes before it belongs to the log's file as it is, what
    // comes after it to the one that is opened then. Between the two, every producer pushes the
    // lines that it holds back.

    /// For a producer that holds lines back: from now on a cut waits for it. Gives the number of
    /// cuts so far.
    [[nodiscard]] std::uint64_t join() noexcept;
    /// For a producer: the cut after `cuts` was asked for, and `push_before_cut` is to be called.
    [[nodiscard]] bool wants_cut(std::uint64_t cuts) const noexcept {
        return cuts_.load(std::memory_order_relaxed) != cuts;
    }
    /// For a producer: pushes its lines in front of the cut that it sees; gives the number of cuts.
    [[nodiscard]] std::uint64_t push_before_cut(std::string& lines) noexcept;
    /// For a producer: pushes its last lines; no cut waits for it any longer.
    void leave(std::string& lines, std::uint64_t cuts) noexcept;
    /// Asks for a cut: comes when each producer that joined has pushed.
    void ask_for_cut() noexcept;

    /// Readable when something was pushed, dropped, cut or signalled since the last
    /// `clear_signal`.
    [[nodiscard]] int signal_descriptor() const noexcept { return signal_.descriptor(); }
    void signal() const noexcept { signal_.signal(); }
    void clear_signal() const noexcept { signal_.clear(); }

    enum class Next : std::uint8_t { nothing, lines, cut };
    /// What comes next; lines come in `batch`, in exchange for its buffer, which is used again if
    /// it has limits::access_log_buffer_bytes.
    [[nodiscard]] Next take(std::string& batch) noexcept;
    /// Whether a cut that was asked for was not taken yet.
    [[nodiscard]] bool awaits_cut() noexcept;
    /// Gives up waiting for producers: the cut is here and now, before all that waits.
    void cut_now() noexcept;

    /// For a producer that has no memory to render a line.
    void drop_line() noexcept;
    /// Lines that were dropped since the last call.
    [[nodiscard]] std::uint64_t take_dropped_lines() noexcept;
    /// Lines that wait.
    [[nodiscard]] std::uint64_t waiting_lines() noexcept;

private:
    struct Batch {
        std::string lines;
        bool is_cut = false;
    };

    // The caller holds the mutex.
    void push_locked(std::string& lines) noexcept;
    /// False when there is no room or no memory.
    [[nodiscard]] bool put(std::string& lines) noexcept;
    [[nodiscard]] bool join_to_last(std::string_view lines);
    [[nodiscard]] std::list<Batch>::iterator spare();
    void pushed_before_cut() noexcept;
    void cut() noexcept;

    const std::size_t bytes_max_;
    EventFd signal_ = EventFd::create_at_start();
    std::atomic<std::uint64_t> cuts_ = 0;
    std::mutex mutex_;
    std::list<Batch> waiting_;
    /// Batches that are used again; theirs are the buffers that producers get.
    std::list<Batch> spares_;
    std::size_t waiting_bytes_ = 0;
    std::uint64_t dropped_lines_ = 0;
    std::size_t producers_ = 0;
    /// Producers that have not yet pushed in front of the cut that was asked for.
    std::size_t awaited_producers_ = 0;
};

/// How many line ends there are.
[[nodiscard]] std::uint64_t count_lines(std::string_view text) noexcept;

}  // namespace torc::worker
