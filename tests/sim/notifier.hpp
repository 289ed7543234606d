#pragma once

#include "sim/file_tree.hpp"
#include "sim/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace torc::sim {

/// An inotify(7) instance.
class Notifier {
public:
    explicit Notifier(Machine& machine) : machine_(machine) {}
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;
    ~Notifier() = default;

    /// Called when there begins to be something to read.
    void listen(std::function<void()> listener) { listener_ = std::move(listener); }

    /// inotify_add_watch(2) of a directory: its number, which stays the same while it is watched.
    [[nodiscard]] int watch(const InodeRef& directory, std::uint32_t mask);
    /// inotify_rm_watch(2). False: there is no such watch.
    [[nodiscard]] bool unwatch(int watch);
    [[nodiscard]] bool has_input() const noexcept { return !queue_.empty(); }
    /// read(2): whole events, as many as there is room for. -EAGAIN: nothing has happened; -EINVAL:
    /// there is no room for one.
    [[nodiscard]] std::ptrdiff_t read(std::span<std::byte> buffer);

    /// Something has changed in the tree.
    void on_change(const FileTree::Change& change);

private:
    struct Watch {
        InodeRef directory;
        std::uint32_t mask = 0;
    };
    struct Event {
        int watch = 0;
        std::uint32_t mask = 0;
        std::string name{};
    };

    void add(Event event);

    Machine& machine_;
    int last_watch_ = 0;
    std::map<int, Watch> watches_;
    std::deque<Event> queue_;
    std::function<void()> listener_;
};

}  // namespace torc::sim
