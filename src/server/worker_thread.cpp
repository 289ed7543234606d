#include <torc/base/assert.hpp>
#include <torc/base/clock.hpp>
#include <torc/base/cpu_set.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/worker_thread.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

namespace torc::server {

WorkerThread::WorkerThread(const WorkerThreadOptions& options) : options_(options) {
    try {
        thread_ = std::thread([this] { work(); });
    } catch (const std::system_error& error) {
        throw StartError(fmt::format(
            "worker {} gets no thread: {}; raise what limits the threads of this user or service "
            "(RLIMIT_NPROC: ulimit -u; TasksMax=; a control group's pids.max) or start fewer "
            "--workers",
            options_.worker, error.code().message()));
    }
}

WorkerThread::~WorkerThread() {
    if (!has_orders_) {
        orders_.set_value(std::nullopt);
    }
    thread_.join();
}

Result<void> WorkerThread::await_proactor() {
    return proactor_.get_future().get();
}

void WorkerThread::serve(const worker::WorkerOptions& options) {
    TORC_ASSERT(!has_orders_);
    has_orders_ = true;
    orders_.set_value(options);
}

void WorkerThread::await_serving() {
    serving_.get_future().get();
}

std::uint64_t WorkerThread::iterations() noexcept {
    const std::scoped_lock lock(worker_mutex_);
    return worker_ != nullptr ? worker_->iterations() : 0;
}

void WorkerThread::work() {
    ::pthread_setname_np(::pthread_self(), fmt::format("torc-{}", options_.worker).c_str());
    if (!options_.cpus.empty() && !pin_to_cpus(options_.cpus)) {
        const Errno error = Errno::last();
        spdlog::warn("worker {} can't be pinned to CPU {}: {}", options_.worker,
                     fmt::join(options_.cpus, ","), error.message());
    }
    std::unique_ptr<io::Proactor> proactor;
    try {
        auto made =
            io::make_proactor(options_.backend, {.connections_max = options_.connections_max});
        if (made) {
            proactor = *std::move(made);
            proactor_.set_value({});
        } else {
            proactor_.set_value(std::unexpected(made.error()));
        }
    } catch (...) {
        proactor_.set_exception(std::current_exception());
    }
    std::optional<worker::WorkerOptions> orders = orders_.get_future().get();
    if (orders) {
        run(std::move(proactor), *std::move(orders));
    }
}

namespace {

/// How long the end of a worker waits for files to be closed.
constexpr std::chrono::milliseconds close_patience{500};
constexpr std::chrono::milliseconds close_look{2};

/// Whether the proactor's own threads have nothing left to do within `patience`.
bool end_within(const io::Proactor& proactor, std::chrono::milliseconds patience) {
    const auto give_up = monotonic_now() + patience;
    while (proactor.has_blocking_calls()) {
        if (monotonic_now() >= give_up) {
            return false;
        }
        std::this_thread::sleep_for(close_look);
    }
    return true;
}

}  // namespace

void WorkerThread::run(std::unique_ptr<io::Proactor> proactor, worker::WorkerOptions options) {
    std::unique_ptr<worker::Worker> worker;
    try {
        worker = std::make_unique<worker::Worker>(*proactor, std::move(options));
    } catch (...) {
        serving_.set_exception(std::current_exception());
        return;
    }
    set_worker(worker.get());
    serving_.set_value();
    was_cut_off_ = !worker->run();
    set_worker(nullptr);
    if (worker->has_operations_in_flight()) {
        // The kernel may still write to their memory, and the process is about to end.
        [[maybe_unused]] auto* abandoned_worker = worker.release();
        [[maybe_unused]] auto* abandoned_proactor = proactor.release();
    } else {
        worker.reset();  // Its connections log what became of them.
        if (!end_within(*proactor, close_patience)) {
            // A file system that does not answer holds up the close of a file, and would hold up
            // the destructor.
            [[maybe_unused]] auto* abandoned_proactor = proactor.release();
        }
    }
    has_ended_ = true;
    if (options_.ended != nullptr) {
        options_.ended->signal();
    }
}

void WorkerThread::set_worker(worker::Worker* worker) {
    const std::scoped_lock lock(worker_mutex_);
    worker_ = worker;
}

}  // namespace torc::server
