#pragma once

#include <torc/base/clock.hpp>
#include <torc/server/detached_task.hpp>
#include <torc/worker/snapshot.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace torc::server {

/// Looks now and then whether the directories that are served are still there, for a server whose
/// root is gone is not ready. By a thread of its own, for their file systems may not respond: then
/// it goes by what it knew before.
class RootWatch {
public:
    static constexpr std::chrono::seconds interval{5};

    /// When `look` is to be called; `never` while a look is under way.
    [[nodiscard]] MonotonicTime next_look() const noexcept { return task_ ? never : next_look_; }
    /// Readable when a look has ended: for poll(2). -1: none is under way.
    [[nodiscard]] int descriptor() const noexcept { return task_ ? task_->descriptor() : -1; }
    /// Begins a look that is due, or ends one: true if `lost` has changed.
    bool look(MonotonicTime now, const worker::Snapshot& snapshot);
    /// Paths at which there is nothing any more.
    [[nodiscard]] const std::vector<std::string>& lost() const noexcept { return lost_; }

private:
    std::optional<DetachedTask<std::vector<std::string>>> task_;
    std::vector<std::string> lost_;
    /// At once. Not the earliest of all times, from which nothing can be subtracted.
    MonotonicTime next_look_{};
};

}  // namespace torc::server
