#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>

#include <cstdint>
#include <utility>

namespace torc {

/// An eventfd(2): a counter to which any thread adds, and a descriptor that poll(2), epoll(7) or a
/// ring finds readable until it is cleared. Signals that come before that are merged into one.
class EventFd {
public:
    /// What a read(2) of the descriptor does while nothing was signalled.
    enum class EmptyRead : std::uint8_t {
        /// Gives EAGAIN.
        fails,
        /// Waits: for an io_uring, which would complete a read with EAGAIN otherwise.
        waits,
    };

    /// None yet, and none of the below may be called.
    EventFd() noexcept = default;
    /// Errors: EMFILE, ENFILE, ENOMEM.
    [[nodiscard]] static Result<EventFd> create(EmptyRead empty_read = EmptyRead::fails) noexcept;
    /// For the start of the process. Throws StartError.
    [[nodiscard]] static EventFd create_at_start();

    [[nodiscard]] int descriptor() const noexcept { return fd_.get(); }

    /// Makes the descriptor readable. For any thread, and for a signal handler.
    void signal() const noexcept;
    /// Makes it unreadable again. Precondition: created with EmptyRead::fails, or readable.
    void clear() const noexcept;

private:
    explicit EventFd(UniqueFd fd) noexcept : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace torc
