#pragma once

#include <torc/base/clock.hpp>
#include <torc/worker/log_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace torc::server {

/// What the main thread knows of the server and others tell of it: metrics, status, health.
struct ServerState {
    WallTime started_at{};
    /// "uring" or "epoll".
    std::string io;
    /// URLs of what is listened on.
    std::vector<std::string> urls;
    /// By worker: the CPUs that it runs on, "0" or "0-3".
    std::vector<std::string> worker_cpus;
    /// By worker: see Watchdog::is_stalled.
    std::vector<bool> stalled;

    /// An access log, and what has become of its lines.
    struct Log {
        std::string path;
        std::shared_ptr<const worker::LogWriter::Tally> tally;
    };
    /// One may be there twice: the one before is still being written, or given up.
    std::vector<Log> logs;

    /// Whether all workers accept connections.
    bool has_started = false;
    bool is_draining = false;
    /// Whether the operator has it say that it is not ready.
    bool is_held_back = false;
    /// Roots whose paths lead nowhere at the moment.
    std::vector<std::string> lost_roots;

    /// Of the configuration; see worker::Snapshot::generation.
    std::uint64_t generation = 0;
    std::size_t sites = 0;
    std::uint64_t reloads_applied = 0;
    std::uint64_t reloads_refused = 0;
    /// Of the last reload; true before the first.
    bool was_reload_applied = true;
    /// When it ended; the start before the first.
    WallTime reloaded_at{};
    /// When what serves was loaded.
    WallTime applied_at{};
    /// Why it was refused, a line for each error; empty: it was not.
    std::string reload_errors;
    /// What takes effect at the next start or upgrade alone, a line each.
    std::vector<std::string> pending;
    /// What was odd in the configuration that serves, a line each.
    std::vector<std::string> warnings;
    /// That configuration, as `torc -T` prints it.
    std::string configuration;

    /// Whether requests are to be sent here.
    [[nodiscard]] bool is_ready() const noexcept {
        return has_started && !is_draining && !is_held_back && lost_roots.empty();
    }
    /// Why not. Precondition: !is_ready().
    [[nodiscard]] std::string unready_reason() const;
};

/// Where the main thread keeps it for others. Thread-safe.
class SharedServerState {
public:
    template <typename Change>
    void change(Change change) {
        const std::scoped_lock lock(mutex_);
        change(state_);
    }
    [[nodiscard]] ServerState copy() const {
        const std::scoped_lock lock(mutex_);
        return state_;
    }

private:
    mutable std::mutex mutex_;
    ServerState state_;
};

}  // namespace torc::server
