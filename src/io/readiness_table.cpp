#include "readiness_table.hpp"

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace torc::io {
namespace {

constexpr auto socket_events =
    static_cast<std::uint32_t>(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);

}  // namespace

Result<void> ReadinessTable::open(int wake_fd) {
    epoll_fd_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_fd_) {
        return std::unexpected(Errno::last());
    }
    wake_fd_ = wake_fd;
    epoll_event event{.events = EPOLLIN, .data = {.fd = wake_fd}};
    if (::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, wake_fd, &event) < 0) {
        return std::unexpected(Errno::last());
    }
    return {};
}

Descriptor& ReadinessTable::add(int fd) {
    TORC_ASSERT(fd >= 0);
    const auto number = static_cast<std::size_t>(fd);
    if (number >= places_.size()) {
        places_.resize(std::max(number + 1, places_.size() * 2), no_place);
    }
    if (free_places_.empty()) {
        if (places_made_ == chunks_.size() * chunk_places) {
            // Room for all of them, so that neither `forget` nor `enqueue` ever allocates.
            const std::size_t places = (chunks_.size() + 1) * chunk_places;
            free_places_.reserve(places);
            queue_.reserve(2 * places);
            chunks_.push_back(std::make_unique<std::array<Descriptor, chunk_places>>());
        }
        free_places_.push_back(places_made_++);
    }
    const std::uint32_t place = free_places_.back();
    free_places_.pop_back();
    places_[number] = place;
    at(place).fd = fd;
    at(place).place = place;
    return at(place);
}

void ReadinessTable::forget(Descriptor& descriptor) {
    if (descriptor.read.is_queued || descriptor.write.is_queued) {
        std::erase_if(queue_, [&descriptor](const Queued& queued) {
            return queued.descriptor == &descriptor;
        });
    }
    free_places_.push_back(
        std::exchange(places_[static_cast<std::size_t>(descriptor.fd)], no_place));
    // A thread may still be reading for it, and the sender knows that reading by its number.
    SocketSender sender = std::move(descriptor.write.sender);
    sender.abandon();
    descriptor = Descriptor{};
    descriptor.write.sender = std::move(sender);
}

Result<void> ReadinessTable::register_events(Descriptor& descriptor, std::uint32_t events) {
    epoll_event event{.events = events, .data = {.fd = descriptor.fd}};
    if (::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_ADD, descriptor.fd, &event) < 0) {
        return std::unexpected(Errno::last());
    }
    descriptor.is_registered = true;
    return {};
}

Result<void> ReadinessTable::begin_edges(Descriptor& descriptor) {
    return register_events(descriptor, socket_events);
}

Result<void> ReadinessTable::register_listener(Descriptor& descriptor) {
    return descriptor.is_registered ? Result<void>() : register_events(descriptor, EPOLLIN);
}

Result<void> ReadinessTable::await_once(Descriptor& descriptor, std::uint32_t events) {
    epoll_event event{.events = events | static_cast<std::uint32_t>(EPOLLONESHOT),
                      .data = {.fd = descriptor.fd}};
    const int change = descriptor.is_registered ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (::epoll_ctl(epoll_fd_.get(), change, descriptor.fd, &event) < 0) {
        return std::unexpected(Errno::last());
    }
    descriptor.is_registered = true;
    return {};
}

void ReadinessTable::unregister(const Descriptor& descriptor) noexcept {
    ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_DEL, descriptor.fd, nullptr);
}

void ReadinessTable::await_room(Descriptor& descriptor) noexcept {
    // Not by the edge alone: if it was the file that ended, none would come.
    epoll_event event{.events = socket_events, .data = {.fd = descriptor.fd}};
    descriptor.write.is_ready =
        ::epoll_ctl(epoll_fd_.get(), EPOLL_CTL_MOD, descriptor.fd, &event) < 0;
}

void ReadinessTable::enqueue(Descriptor& descriptor, Half half) noexcept {
    bool& is_queued = half == Half::read ? descriptor.read.is_queued : descriptor.write.is_queued;
    if (!is_queued) {
        TORC_ASSERT(queue_.size() != queue_.capacity());
        queue_.push_back({.descriptor = &descriptor, .half = half});
        is_queued = true;
    }
}

ReadinessTable::Polled ReadinessTable::poll(int timeout_ms) {
    std::array<epoll_event, limits::completions_per_wait_max> events;
    const int count =
        ::epoll_wait(epoll_fd_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
    TORC_ASSERT(count >= 0 || errno == EINTR);
    Polled polled{.events = static_cast<std::size_t>(std::max(count, 0))};
    for (std::size_t index = 0; index < polled.events; ++index) {
        const epoll_event& event = events[index];
        if (event.data.fd == wake_fd_) {
            polled.is_woken = true;
        } else {
            take_event(descriptor(event.data.fd), event.events);
        }
    }
    return polled;
}

void ReadinessTable::take_event(Descriptor& descriptor, std::uint32_t events) {
    constexpr auto ends = static_cast<std::uint32_t>(EPOLLERR | EPOLLHUP);
    if ((events & (static_cast<std::uint32_t>(EPOLLIN | EPOLLPRI | EPOLLRDHUP) | ends)) != 0) {
        ReadHalf& half = descriptor.read;
        half.is_ready = true;
        half.has_peer_ended |= (events & (static_cast<std::uint32_t>(EPOLLRDHUP) | ends)) != 0;
        if (half.pending != ReadHalf::Pending::nothing) {
            enqueue(descriptor, Half::read);
        }
    }
    if ((events & (static_cast<std::uint32_t>(EPOLLOUT) | ends)) != 0) {
        WriteHalf& half = descriptor.write;
        half.is_ready = true;
        if (half.is_pending && !half.sender.is_reading()) {
            enqueue(descriptor, Half::write);
        }
    }
}

}  // namespace torc::io
