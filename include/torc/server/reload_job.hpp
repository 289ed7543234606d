#pragma once

#include <torc/server/detached_task.hpp>
#include <torc/server/open_logs.hpp>
#include <torc/worker/snapshot.hpp>

#include <functional>
#include <string>
#include <vector>

namespace torc::server {

/// Reads a configuration and opens what it names, on a thread of its own: any of its files may be
/// on a file system that does not respond, and signals and workers that hang are to be looked after
/// meanwhile.
class ReloadJob {
public:
    struct Opened {
        worker::SharedSnapshot snapshot;
        /// What it logs to that was not open before.
        std::vector<SharedOpenLog> logs{};
        /// A line each.
        std::vector<std::string> warnings;
    };

    /// Begins. `open` may still run when nobody wants its result any more, so it owns what it
    /// needs. Throws StartError when there is no thread or descriptor.
    explicit ReloadJob(std::function<Opened()> open);

    /// Readable once it is over: for poll(2).
    [[nodiscard]] int descriptor() const noexcept { return task_.descriptor(); }
    [[nodiscard]] bool is_over() const noexcept { return task_.is_over(); }
    /// What `open` gave; throws what it threw. Precondition: is_over(). Call once.
    [[nodiscard]] Opened take() { return task_.take(); }

private:
    DetachedTask<Opened> task_;
};

}  // namespace torc::server
