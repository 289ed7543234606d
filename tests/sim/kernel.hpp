#pragma once

#include <torc/base/errno.hpp>

#include "sim/descriptors.hpp"
#include "sim/file_tree.hpp"
#include "sim/link.hpp"
#include "sim/machine.hpp"
#include "sim/notifier.hpp"

#include <sys/inotify.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::sim {

/// A listening socket and its queue of connections.
class Listener {
public:
    std::deque<LinkRef> queue;
    /// TCP_DEFER_ACCEPT: a connection comes into the queue with its first bytes.
    bool is_deferring = true;
    /// A socket filter drops every SYN.
    bool ignores_connections = false;
    bool is_closed = false;
    /// Called when the queue gets longer.
    std::function<void()> listener;
};

/// The server's end of a connection, as a descriptor refers to it.
class Socket {
public:
    explicit Socket(LinkRef connection) : link(std::move(connection)) {}
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    /// As the last descriptor of it is closed.
    ~Socket() {
        link->listen_server(nullptr);
        if (resets_on_close) {
            link->server_reset();
        } else {
            link->server_close();
        }
    }

    LinkRef link;
    bool receives_no_more = false;
    bool sends_no_more = false;
    bool resets_on_close = false;
};

/// The simulated kernel beneath one process: what is behind the system calls that production code
/// makes by itself (kernel_calls.cpp) and behind the operations of SimProactor.
class Kernel {
public:
    /// There is at most one at a time: `current`. `granularity`: of the times of files.
    Kernel(Machine& machine, Duration granularity);
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    ~Kernel();

    /// Null: there is none.
    [[nodiscard]] static Kernel* current() noexcept { return current_; }

    [[nodiscard]] Machine& machine() noexcept { return machine_; }
    [[nodiscard]] FileTree& tree() noexcept { return tree_; }
    [[nodiscard]] Descriptors& descriptors() noexcept { return descriptors_; }
    [[nodiscard]] History& history() noexcept { return machine_.history(); }

    /// Opens what `open_how` says from a directory's descriptor, or AT_FDCWD.
    [[nodiscard]] Result<int> open(int directory, std::string_view path, const open_how& how);
    /// The process may have no more descriptors than these.
    void limit_descriptors(std::size_t descriptors_max) { descriptors_max_ = descriptors_max; }
    [[nodiscard]] bool is_out_of_descriptors() const noexcept {
        return descriptors_.size() >= descriptors_max_;
    }

    // Sockets.

    [[nodiscard]] int make_listener();
    /// A client connects. Null: it is refused or ignored.
    [[nodiscard]] LinkRef connect(int listener, const Link::Sizes& sizes);
    /// The descriptor of the connection that has waited for the longest; EAGAIN, EMFILE.
    [[nodiscard]] Result<int> accept(int listener);
    void show_silent_connections(int listener);

    // System calls; the result is negative, and is the error then.

    [[nodiscard]] int call_open(std::string_view path, int flags);
    int call_close(int fd);
    [[nodiscard]] std::ptrdiff_t call_read(int fd, std::span<std::byte> buffer);
    [[nodiscard]] std::ptrdiff_t call_seek(int fd, std::ptrdiff_t offset);
    [[nodiscard]] int call_stat(int fd, struct statx& status);
    /// Of /proc/self/fd/N.
    [[nodiscard]] std::ptrdiff_t call_read_link(int fd, std::span<char> buffer);
    [[nodiscard]] int call_watch(int notifier, int directory, std::uint32_t mask);
    [[nodiscard]] int call_unwatch(int notifier, int watch);
    [[nodiscard]] int make_notifier();
    [[nodiscard]] Listener* find_listener(int fd);

private:
    void queue(const std::shared_ptr<Listener>& listener, const LinkRef& link);

    static Kernel* current_;

    Machine& machine_;
    FileTree tree_;
    std::vector<std::weak_ptr<Notifier>> notifiers_;
    std::size_t descriptors_max_ = 1024;
    std::uint64_t connections_ = 0;
    Descriptors descriptors_;
};

}  // namespace torc::sim
