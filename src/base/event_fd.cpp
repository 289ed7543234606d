#include <torc/base/event_fd.hpp>
#include <torc/base/start_error.hpp>

#include <fmt/format.h>

#include <sys/eventfd.h>
#include <unistd.h>

namespace torc {

Result<EventFd> EventFd::create(EmptyRead empty_read) noexcept {
    const int flags = EFD_CLOEXEC | (empty_read == EmptyRead::fails ? EFD_NONBLOCK : 0);
    UniqueFd fd(::eventfd(0, flags));
    if (!fd) {
        return std::unexpected(Errno::last());
    }
    return EventFd(std::move(fd));
}

EventFd EventFd::create_at_start() {
    auto event = create();
    if (!event) {
        throw StartError(fmt::format("eventfd: {}", event.error().message()));
    }
    return *std::move(event);
}

void EventFd::signal() const noexcept {
    const std::uint64_t one = 1;
    // Only an overflow of the 64-bit counter could fail it, and then it is readable anyway.
    [[maybe_unused]] const ssize_t written = ::write(fd_.get(), &one, sizeof one);
}

void EventFd::clear() const noexcept {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(fd_.get(), &count, sizeof count);
}

}  // namespace torc
