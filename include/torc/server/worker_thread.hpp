#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/event_fd.hpp>
#include <torc/io/backend.hpp>
#include <torc/worker/worker.hpp>

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace torc::server {

/// Where and on what a worker runs.
struct WorkerThreadOptions {
    unsigned worker = 0;
    /// See place_workers; none: it is not pinned.
    std::vector<unsigned> cpus{};
    io::Backend backend = io::Backend::uring;
    std::uint32_t connections_max = 1024;
    /// Signalled when the worker has ended; outlives the thread. Null: nothing is.
    const EventFd* ended = nullptr;
};

/// The thread of one worker, for its whole life: it is pinned, makes its proactor, serves when it
/// is told to, and ends.
///
/// All but `has_ended` is for the thread that made the object.
class WorkerThread {
public:
    /// Starts the thread, which makes its proactor. Throws StartError when the system has no more
    /// threads to give.
    explicit WorkerThread(const WorkerThreadOptions& options);
    WorkerThread(const WorkerThread&) = delete;
    WorkerThread& operator=(const WorkerThread&) = delete;
    /// Waits for the end of the thread. A worker that serves must have been told to stop.
    ~WorkerThread();

    /// Waits for the proactor; gives the error when there is none. Call once, before `serve`.
    [[nodiscard]] Result<void> await_proactor();

    /// Makes the worker and has it serve. Precondition: there is a proactor. Call once.
    void serve(const worker::WorkerOptions& options);
    /// Waits until the worker is about to serve. Throws what its constructor threw. Call once.
    void await_serving();

    /// See Worker::iterations; 0 while none runs.
    [[nodiscard]] std::uint64_t iterations() noexcept;

    /// Whether the worker has served and will never again.
    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }
    /// Whether it cut off a connection. Precondition: has_ended().
    [[nodiscard]] bool was_cut_off() const noexcept { return was_cut_off_; }

private:
    void work();
    void run(std::unique_ptr<io::Proactor> proactor, worker::WorkerOptions options);
    void set_worker(worker::Worker* worker);

    const WorkerThreadOptions options_;
    std::promise<Result<void>> proactor_;
    /// Nothing: do not serve.
    std::promise<std::optional<worker::WorkerOptions>> orders_;
    bool has_orders_ = false;
    std::promise<void> serving_;
    std::mutex worker_mutex_;
    /// Null: it does not run.
    worker::Worker* worker_ = nullptr;
    std::atomic<bool> was_cut_off_ = false;
    std::atomic<bool> has_ended_ = false;
    // Last, so that the thread finds all of the above.
    std::thread thread_;
};

}  // namespace torc::server
