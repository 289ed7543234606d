#include <torc/base/assert.hpp>
#include <torc/base/clock.hpp>
#include <torc/base/cpu_set.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/memory_limit.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/document_root.hpp>
#include <torc/server/placement.hpp>
#include <torc/server/resource_limit.hpp>
#include <torc/server/root_opener.hpp>
#include <torc/server/server.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <new>
#include <thread>
#include <utility>

namespace torc::server {
namespace {

/// Standard streams, the log, signals and what libraries open for a moment.
constexpr std::uint64_t process_descriptors = 31;
/// The file, and two by which its thread is told things and tells that it has ended.
constexpr std::uint64_t log_descriptors = 3;
/// A ring or epoll, its wake-up, listeners, and files on their way into the cache.
constexpr std::uint64_t worker_descriptors = 32;
constexpr std::uint64_t connections_min = 16;
/// How long the main thread waits for memory that it did not get.
constexpr std::chrono::milliseconds memory_pause{100};
/// How often it is looked whether all workers serve by a new configuration.
constexpr std::chrono::milliseconds adoption_look{2};
constexpr std::uint64_t worker_cache_bytes_default_max = std::uint64_t{1} << 30U;

spdlog::level::level_enum level_of(worker::Report::Severity severity) noexcept {
    switch (severity) {
        case worker::Report::Severity::debug:
            return spdlog::level::debug;
        case worker::Report::Severity::info:
            return spdlog::level::info;
        case worker::Report::Severity::warning:
            return spdlog::level::warn;
        case worker::Report::Severity::error:
            return spdlog::level::err;
    }
    assertion_failed("a severity is one of those above");
}

}  // namespace

Server::Server(config::Settings settings, ReadSettings read_settings, ProcessStart start)
    : settings_(std::move(settings)),
      read_settings_(std::move(read_settings)),
      worker_cpus_(place_workers(settings_, allowed_cpus(), cpu_quota())),
      reports_(std::make_shared<const worker::ReportSink>([](const worker::Report& report) {
          spdlog::log(level_of(report.severity), "{}", report.text);
      })),
      mailboxes_(worker_cpus_.size()),
      address_limit_(settings_.connections_per_address_max),
      drain_(static_cast<std::uint32_t>(worker_cpus_.size())),
      statistics_(worker_cpus_.size()),
      service_manager_(std::move(start.service_manager)),
      predecessor_(std::move(start.predecessor)),
      invocation_(std::move(start.invocation)) {
    choose_backend();
    RootOpener opener(nullptr, backend_, *reports_);
    LogOpener logs(nullptr, log_setting(settings_));
    snapshot_ = opener.open_all(std::move(settings_), logs);
    logs_.add(logs.take_opened());
    note_logs();
    settings_ = snapshot_->settings;
    ignore_signals();
    if (worker_cpus_.size() > 1) {
        balance_.emplace(mailboxes_);
    }
    share_out_descriptors();
    share_out_memory();
    take_over_signals();
    ended_ = EventFd::create_at_start();
    listen();
    begin_state();
    if (auto admin = open_admin(settings_)) {
        admin_->apply(*std::move(admin));
    }
    // Not of a server that does not start: one line is to say why.
    for (const std::string& warning : opener.warnings()) {
        spdlog::warn("{}", warning);
    }
}

Server::~Server() {
    stop_ = worker::Stop::now;
    order_stop(worker::Stop::now);
}

void Server::choose_backend() {
    if (settings_.io == config::IoChoice::epoll) {
        backend_ = io::Backend::epoll;
        return;
    }
    const auto obstacle = io::find_uring_obstacle();
    if (!obstacle) {
        backend_ = io::Backend::uring;
    } else if (settings_.io == config::IoChoice::automatic) {
        backend_ = io::Backend::epoll;
        spdlog::warn("io_uring can't be used, running on epoll: {}", obstacle->explanation);
    } else {
        throw StartError(fmt::format("--io uring: {} ({}); or use --io auto", obstacle->explanation,
                                     obstacle->error.name()));
    }
}

void Server::share_out_descriptors() {
    const std::uint64_t limit = raise_limit(RLIMIT_NOFILE);
    const std::uint64_t workers = worker_cpus_.size();
    const std::uint64_t of_process =
        process_descriptors + count_roots(*snapshot_) + logs_.size() * log_descriptors;
    const std::uint64_t share = limit > of_process ? (limit - of_process) / workers : 0;
    const std::uint64_t needed = worker_descriptors + connections_min;
    if (share < needed) {
        throw StartError(
            fmt::format("too few file descriptors: {} are allowed, {} workers need at least {}; "
                        "raise the limit "
                        "(ulimit -Hn, LimitNOFILE=) or start fewer --workers",
                        limit, workers, of_process + workers * needed));
    }
    const std::uint64_t rest = share - worker_descriptors;
    settings_.cache_limits.descriptors_max =
        std::min<std::uint64_t>(settings_.cache_limits.descriptors_max, rest / 4);
    const std::uint64_t connections = rest - settings_.cache_limits.descriptors_max;
    connections_max_ = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(connections, limits::worker_connections_max));
}

void Server::share_out_memory() {
    // Each worker has a cache of its own: a file that all of them serve is there as often.
    const std::uint64_t workers = worker_cpus_.size();
    const std::uint64_t share =
        settings_.cache_bytes_max.value_or(allowed_memory_bytes() / 8) / workers;
    settings_.cache_limits.memory_bytes_max =
        settings_.cache_bytes_max ? share : std::min(share, worker_cache_bytes_default_max);
    settings_.cache_limits.oversize_turn = std::make_shared<site::OversizeTurn>();
}

void Server::start() {
    TORC_ASSERT(threads_.empty());
    // The destructor ends those that were made before one failed.
    make_threads();
    for (unsigned worker = 0; worker < threads_.size(); ++worker) {
        threads_[worker]->serve({.snapshot = snapshot_,
                                 .cache_limits = settings_.cache_limits,
                                 .listeners = &listeners_->of(worker),
                                 .reports = reports_.get(),
                                 .connections_max = connections_max_,
                                 .mailbox = &mailboxes_[worker],
                                 .balance = balance_ ? &*balance_ : nullptr,
                                 .index = worker,
                                 .address_limit = &address_limit_,
                                 .drain = &drain_,
                                 .statistics = &statistics_[worker],
                                 .is_ready = &is_ready_});
    }
    // All of them, for only one that serves can be told to stop.
    std::exception_ptr failure;
    for (const auto& thread : threads_) {
        try {
            thread->await_serving();
        } catch (...) {
            failure = std::current_exception();
        }
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    state_.change([](ServerState& state) { state.has_started = true; });
    note_readiness();
    if (predecessor_) {
        predecessor_->announce_ready();
    } else {
        become_service();
        start_admin();
    }
}

void Server::make_threads() {
    // A ring's memory counts as locked, unless the process has CAP_IPC_LOCK.
    raise_limit(RLIMIT_MEMLOCK);
    auto made = try_to_make_threads();
    std::string why = made ? "" : made.error().message();
    if (!made && made.error() == Errno(ENOMEM) && backend_ == io::Backend::uring) {
        why = explain_locked_memory_limit().value_or(why);
        if (settings_.io == config::IoChoice::automatic && explain_locked_memory_limit() &&
            has_openat2()) {
            spdlog::warn("io_uring can't be used, running on epoll: {}", why);
            backend_ = io::Backend::epoll;
            threads_.clear();
            made = try_to_make_threads();
            why = made ? "" : made.error().message();
        }
    }
    if (!made) {
        throw StartError(
            fmt::format("can't make {} for each of {} workers: {}",
                        backend_ == io::Backend::uring ? "an io_uring" : "an epoll instance",
                        worker_cpus_.size(), why));
    }
}

Result<void> Server::try_to_make_threads() {
    for (unsigned worker = 0; worker < worker_cpus_.size(); ++worker) {
        threads_.push_back(
            std::make_unique<WorkerThread>(WorkerThreadOptions{.worker = worker,
                                                               .cpus = worker_cpus_[worker],
                                                               .backend = backend_,
                                                               .connections_max = connections_max_,
                                                               .ended = &ended_}));
    }
    Result<void> result;
    for (const auto& thread : threads_) {
        if (auto made = thread->await_proactor(); !made && result) {
            result = made;
        }
    }
    return result;
}

ExitCode Server::run() {
    Watchdog watchdog(threads_, mailboxes_, *listeners_, balance_ ? &*balance_ : nullptr);
    while (!std::ranges::all_of(threads_, &WorkerThread::has_ended)) {
        try {
            take_turn(watchdog);
        } catch (const std::bad_alloc&) {
            std::this_thread::sleep_for(memory_pause);
        }
        if (is_stuck(watchdog, monotonic_now())) {
            spdlog::error("a worker does not respond and is left behind");
            finish_log();
            return ExitCode::forced;
        }
    }
    finish_log();
    if (std::ranges::any_of(threads_, &WorkerThread::was_cut_off)) {
        return ExitCode::forced;
    }
    threads_.clear();  // Joins them, for this may not be destroyed: see is_reloading.
    return ExitCode::stopped;
}

void Server::take_turn(Watchdog& watchdog) {
    std::array<pollfd, 8> events{
        pollfd{.fd = signals_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = ended_.descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = orders_.descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = root_watch_.descriptor(), .events = POLLIN, .revents = 0},
        pollfd{.fd = reload_ ? reload_->descriptor() : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = successor_ ? successor_->descriptor() : -1, .events = POLLIN, .revents = 0},
        pollfd{
            .fd = predecessor_ ? predecessor_->descriptor() : -1, .events = POLLIN, .revents = 0},
        pollfd{.fd = logs_.descriptor(), .events = POLLIN, .revents = 0}};
    const MonotonicTime adopted_by = previous_snapshot_ ? monotonic_now() + adoption_look : never;
    const MonotonicTime slow_at = reload_ && !is_reload_slow_said_ ? reload_is_slow_at_ : never;
    const MonotonicTime roots_at = watches_roots() ? root_watch_.next_look() : never;
    ::poll(events.data(), events.size(),
           milliseconds_until(earliest(watchdog.next_look(), adopted_by, slow_at,
                                       successor_ ? successor_->deadline() : never,
                                       service_ping_at_, roots_at, logs_.deadline())));
    if ((events[0].revents & POLLIN) != 0) {
        take_signals();
    }
    if ((events[1].revents & POLLIN) != 0) {
        ended_.clear();
    }
    if ((events[2].revents & POLLIN) != 0) {
        obey_orders();
    }
    const MonotonicTime now = monotonic_now();
    watchdog.look(now);
    note_stalls(watchdog);
    look_after_roots(now);
    look_after_reload(now);
    look_whether_adopted();
    if (has_to_store_) {
        store_listeners();
    }
    look_after_reopening(now);
    if (logs_.close_unused(now)) {
        note_logs();
    }
    look_after_upgrade(now);
    look_after_take_over();
    ping_service_manager(watchdog, now);
}

std::chrono::seconds Server::time_to_stop(worker::Stop stop) const noexcept {
    const config::Timeouts& timeouts = settings_.timeouts;
    switch (stop) {
        case worker::Stop::no:
            break;
        case worker::Stop::hand_over:
            return timeouts.upgrade;
        case worker::Stop::drain:
            return timeouts.drain_delay + timeouts.drain;
        case worker::Stop::drain_at_once:
            return timeouts.drain;
        case worker::Stop::now:
            return std::chrono::seconds(0);
    }
    assertion_failed("a stop was ordered");
}

bool Server::is_stuck(const Watchdog& watchdog, MonotonicTime now) {
    if (const worker::Stop stop = stop_; stop != end_due_by_) {
        end_due_by_ = stop;
        end_due_ = std::min(end_due_, now + time_to_stop(stop) + end_patience);
    }
    if (now < end_due_) {
        return false;
    }
    for (std::size_t worker = 0; worker < threads_.size(); ++worker) {
        if (!threads_[worker]->has_ended() && !watchdog.is_stalled(worker)) {
            return false;  // It is on its way.
        }
    }
    return true;
}

}  // namespace torc::server
