#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/io/proactor.hpp>

#include "socket_sender.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace torc::io {

/// The operation in flight on a descriptor that waits for input, and what is known of its input.
struct ReadHalf {
    enum class Pending : std::uint8_t { nothing, accept, receive, await_event };
    Pending pending = Pending::nothing;
    /// Until a call says EAGAIN or falls short; the next edge of epoll(7) sets it again.
    bool is_ready = true;
    /// The peer has sent its last byte: no further edge will say that there is something to read.
    bool has_peer_ended = false;
    bool is_queued = false;
    Token token{};
};

/// The sending in flight on a socket, and what is known of its room.
struct WriteHalf {
    bool is_pending = false;
    /// Until the socket is full; the next edge of epoll(7) sets it again.
    bool is_ready = true;
    bool is_queued = false;
    Token token{};
    SocketSender sender;
};

/// What EpollProactor knows of one socket, listener or inotify(7) instance. Its two halves know
/// nothing of each other: one operation may be in flight on each.
struct Descriptor {
    int fd = -1;
    /// For ReadinessTable::at.
    std::uint32_t place = 0;
    bool is_registered = false;
    ReadHalf read{};
    WriteHalf write{};
};

/// The descriptors that an EpollProactor was given, what epoll(7) has told of them, and the queue
/// of those whose operation may get on without waiting.
class ReadinessTable {
public:
    enum class Half : std::uint8_t { read, write };

    /// `wake_fd`: an eventfd(2) that ends a `poll`; outlives this. Call once. Errors: those of
    /// epoll_create1(2) and epoll_ctl(2).
    [[nodiscard]] Result<void> open(int wake_fd);

    /// What is known of `fd`, from the first time that it is asked for on. Lives until `forget`.
    /// Throws std::bad_alloc.
    [[nodiscard]] Descriptor& descriptor(int fd) {
        Descriptor* const known = find(fd);
        return known != nullptr ? *known : add(fd);
    }
    /// Null: nothing is known of it.
    [[nodiscard]] Descriptor* find(int fd) noexcept {
        const auto number = static_cast<std::size_t>(fd);
        const bool is_known = number < places_.size() && places_[number] != no_place;
        return is_known ? &at(places_[number]) : nullptr;
    }
    /// May be another descriptor by now than the one that had the place before.
    [[nodiscard]] Descriptor& at(std::uint32_t place) noexcept {
        return (*chunks_[place / chunk_places])[place % chunk_places];
    }
    /// As if the descriptor had never been asked for. Its registration ends with its last close(2),
    /// or by `unregister`.
    void forget(Descriptor& descriptor);

    // Each gives the error of epoll_ctl(2).
    /// Listens to `descriptor`'s edges, or to a listener's queue, from now on; without effect when
    /// that is so already.
    [[nodiscard]] Result<void> register_socket(Descriptor& descriptor) {
        if (descriptor.is_registered) [[likely]] {
            return {};
        }
        return begin_edges(descriptor);
    }
    [[nodiscard]] Result<void> register_listener(Descriptor& descriptor);
    /// Queues the read half at the next of `events`, once.
    [[nodiscard]] Result<void> await_once(Descriptor& descriptor, std::uint32_t events);
    void unregister(const Descriptor& descriptor) noexcept;

    /// After a send that fell short: the next one waits until the kernel says that there is room.
    /// It says so when a third of the buffer is free, so what follows is worth its system calls.
    void await_room(Descriptor& descriptor) noexcept;

    /// Puts a half at the end of the queue, unless it is in it. Never allocates.
    void enqueue(Descriptor& descriptor, Half half) noexcept;

    /// Takes halves from the queue, first come, first served, and calls `attempt(descriptor, half)`
    /// for each, as long as `has_room()` says so.
    template <typename HasRoom, typename Attempt>
    void run_queue(HasRoom has_room, Attempt attempt) {
        std::size_t count = 0;
        while (count < queue_.size() && has_room()) {
            const Queued next = queue_[count++];
            (next.half == Half::read ? next.descriptor->read.is_queued
                                     : next.descriptor->write.is_queued) = false;
            attempt(*next.descriptor, next.half);
        }
        if (count == queue_.size()) {
            queue_.clear();
        } else {
            queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
        }
    }

    struct Polled {
        std::size_t events = 0;
        /// The wake descriptor was among them.
        bool is_woken = false;
    };
    /// epoll_wait(2), for `timeout_ms` or for ever (-1). Queues the halves that wait for what it
    /// tells. Throws std::bad_alloc.
    Polled poll(int timeout_ms);

private:
    struct Queued {
        Descriptor* descriptor = nullptr;
        Half half = Half::read;
    };

    [[nodiscard, gnu::cold]] Descriptor& add(int fd);
    [[nodiscard, gnu::cold]] Result<void> begin_edges(Descriptor& descriptor);
    [[nodiscard]] Result<void> register_events(Descriptor& descriptor, std::uint32_t events);
    void take_event(Descriptor& descriptor, std::uint32_t events);

    static constexpr std::uint32_t no_place = ~std::uint32_t{0};
    static constexpr std::uint32_t chunk_places = 64;
    /// By the number of a descriptor, which counts those of all workers: a place in `chunks_`,
    /// which have those of this one alone.
    std::vector<std::uint32_t> places_;
    /// Never move.
    std::vector<std::unique_ptr<std::array<Descriptor, chunk_places>>> chunks_;
    std::uint32_t places_made_ = 0;
    std::vector<std::uint32_t> free_places_;
    std::vector<Queued> queue_;
    UniqueFd epoll_fd_;
    int wake_fd_ = -1;
};

}  // namespace torc::io
