#include "blocking_pool.hpp"

#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>

#include "file_version.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <new>
#include <system_error>
#include <utility>

namespace torc::io {
namespace {

std::int32_t result_of(long returned) noexcept {
    return returned < 0 ? -errno : static_cast<std::int32_t>(returned);
}

/// A file system that has ended no call for so long, while some wait, seems to hang.
constexpr std::chrono::seconds patience{1};

/// Whether a call of this lane may wait for longer than a local disk takes.
bool may_hang(Lane lane) noexcept {
    return lane >= Lane::first_linked;
}

/// How many threads may make calls of one lane at once.
unsigned threads_max(Lane lane) noexcept {
    if (lane < Lane::root) {
        return limits::local_threads_max;
    }
    if (lane < Lane::first_job) {
        return limits::root_threads_max;
    }
    if (lane < Lane::first_linked) {
        return limits::job_threads_max;
    }
    return lane < Lane::first_device ? limits::linked_threads_max : limits::device_threads_max;
}

/// A thread begins with the CPUs of the one that started it, and a worker has but one. The main
/// thread, whose number is the process's, still has all that the process was given.
void run_on_any_cpu() noexcept {
    cpu_set_t cpus;
    if (::sched_getaffinity(::getpid(), sizeof cpus, &cpus) == 0) {
        // May fail when the process's CPUs are just being changed; those of the worker then do.
        [[maybe_unused]] const int result = ::sched_setaffinity(0, sizeof cpus, &cpus);
    }
}

/// Brings file pages into memory by reading them; gives how many bytes are there.
std::int32_t warm(int file, std::uint64_t offset, std::size_t length) noexcept {
    std::array<std::byte, 64 * 1024> scratch;
    std::size_t warmed = 0;
    while (warmed < length) {
        const std::size_t want = std::min(scratch.size(), length - warmed);
        const ssize_t got =
            ::pread(file, scratch.data(), want, static_cast<off_t>(offset + warmed));
        if (got <= 0) {
            return warmed > 0 ? static_cast<std::int32_t>(warmed) : result_of(got);
        }
        warmed += static_cast<std::size_t>(got);
    }
    return static_cast<std::int32_t>(warmed);
}

std::int32_t read_chunk(const BlockingCall& call) noexcept {
    // Now and not when the call was submitted: many may wait.
    call.shared_chunk->bytes.reset(new (std::nothrow) std::byte[call.length]);
    std::byte* const bytes = call.shared_chunk->bytes.get();
    if (bytes == nullptr) {
        return -ENOMEM;
    }
    const std::int32_t result =
        result_of(::pread(call.fd, bytes, call.length, static_cast<off_t>(call.offset)));
    // Behind the read: what was read is of the version that is there still.
    const bool has_other =
        result > 0 && call.version && has_changed(call.fd, *call.version, EndsRead::waiting);
    return has_other ? -ESTALE : result;
}

std::int32_t make(const BlockingCall& call) noexcept {
    switch (call.kind) {
        case BlockingCall::Kind::open:
            return open_beneath(call.fd, call.path, *call.how);
        case BlockingCall::Kind::stat:
            // By its number: the wrapper's header and <linux/stat.h> don't go together.
            return result_of(
                ::syscall(SYS_statx, call.fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, call.status));
        case BlockingCall::Kind::read:
            return result_of(
                ::pread(call.fd, call.buffer, call.length, static_cast<off_t>(call.offset)));
        case BlockingCall::Kind::read_chunk:
            return read_chunk(call);
        case BlockingCall::Kind::warm:
            return warm(call.fd, call.offset, call.length);
        case BlockingCall::Kind::run:
            return call.job->run();
        case BlockingCall::Kind::close:
            return result_of(::close(call.fd));
    }
    return -EINVAL;
}

}  // namespace

std::int32_t open_beneath(int directory, const char* path, const open_how& how) noexcept {
    if (how.resolve == 0) {
        // The same, and no container forbids it.
        return result_of(::openat(directory, path, static_cast<int>(how.flags), how.mode));
    }
    return result_of(::syscall(SYS_openat2, directory, path, &how, sizeof how));
}

bool close_at_once(int fd, Lane lane) noexcept {
    struct statx status{};
    // By its number: the wrapper's header and <linux/stat.h> don't go together.
    const bool is_linked = is_local(lane) &&
                           ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_NLINK, &status) == 0 &&
                           status.stx_nlink > 0;
    if (is_linked) {
        ::close(fd);
    }
    return is_linked;
}

BlockingPool::~BlockingPool() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    wanted_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    for (const auto& [lane, state] : lanes_) {
        for (const BlockingCall& call : state.waiting) {
            if (call.kind == BlockingCall::Kind::close) {
                ::close(call.fd);
            }
        }
    }
}

void BlockingPool::submit(BlockingCall call) {
    const std::scoped_lock lock(mutex_);
    if (call.lane == Lane::local) {
        call.lane = Lane::local_threads;
    }
    const Lane lane = call.lane;
    const MonotonicTime now = monotonic_now();
    const auto [position, is_new] = lanes_.try_emplace(lane);
    LaneState& state = position->second;
    if (is_new) {
        state.turned_at = now;
    }
    const std::size_t results = call.kind == BlockingCall::Kind::close ? 0 : 1;
    done_.reserve(done_.size() + unfinished_ + results);
    const bool seems_to_hang = may_hang(lane) && now - state.turned_at > patience;
    const bool may_be_refused = call.kind != BlockingCall::Kind::close && !call.shared_chunk;
    if (may_be_refused && seems_to_hang &&
        state.waiting.size() >= limits::device_calls_waiting_max) {
        ++unfinished_;
        finish(std::move(call), -EBUSY);
        return;
    }
    state.waiting.push_back(std::move(call));
    try {
        give_turns(lane, state);
    } catch (const std::bad_alloc&) {
        state.waiting.pop_back();
        throw;
    }
    unfinished_ += results;
    add_threads();
}

void BlockingPool::give_turns(Lane lane, LaneState& state) {
    while (state.turns < state.waiting.size() && state.running + state.turns < threads_max(lane) &&
           (!may_hang(lane) || hanging_ < limits::hanging_threads_max)) {
        turns_.push_back(lane);
        ++state.turns;
        hanging_ += may_hang(lane) ? 1U : 0U;
        wanted_.notify_one();
    }
}

void BlockingPool::give_turns_to_hanging() {
    for (auto& [lane, state] : lanes_) {
        if (may_hang(lane)) {
            give_turns(lane, state);
        }
    }
}

void BlockingPool::add_threads() {
    while (turns_.size() > idle_threads_ + starting_threads_ &&
           threads_.size() < limits::blocking_threads_max) {
        if (!start_thread()) {
            break;
        }
    }
    if (threads_.empty()) {
        make_without_threads();
    }
}

bool BlockingPool::start_thread() {
    try {
        threads_.reserve(threads_.size() + 1);
        threads_.emplace_back([this] { work(); });
        ++starting_threads_;
        return true;
    } catch (const std::system_error&) {
        return false;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void BlockingPool::make_without_threads() {
    while (!turns_.empty()) {
        BlockingCall call = take_next();
        const Lane lane = call.lane;
        // Slow is better than not at all, but waiting for ever is worse. A symbolic link leads to a
        // local file as a rule.
        const std::int32_t result = lane >= Lane::first_device ? -ENOMEM : make(call);
        finish(std::move(call), result);
        end_turn(lane);
    }
}

void BlockingPool::end_turn(Lane lane) {
    LaneState& state = lanes_[lane];
    --state.running;
    state.turned_at = monotonic_now();
    const bool was_full = hanging_ == limits::hanging_threads_max;
    hanging_ -= may_hang(lane) ? 1U : 0U;
    try {
        give_turns(lane, state);
        if (was_full) {
            give_turns_to_hanging();
        }
    } catch (const std::bad_alloc&) {
        // The next call of the lane, when it comes or ends, gives them.
    }
    if (state.waiting.empty() && state.running == 0) {
        lanes_.erase(lane);
    }
}

void BlockingPool::finish(BlockingCall call, std::int32_t result) noexcept {
    if (call.kind == BlockingCall::Kind::close) {
        return;
    }
    --unfinished_;
    done_.push_back(Done{.call = std::move(call), .result = result});
    notify_.signal();
}

bool BlockingPool::is_busy() const {
    const std::scoped_lock lock(mutex_);
    return !lanes_.empty();
}

void BlockingPool::take_done(std::vector<Done>& done) {
    const std::scoped_lock lock(mutex_);
    try {
        done.reserve(unfinished_);
    } catch (const std::bad_alloc&) {
        notify_.signal();
        throw;
    }
    done.swap(done_);
}

BlockingCall BlockingPool::take_next() {
    const Lane lane = turns_.front();
    turns_.pop_front();
    LaneState& state = lanes_[lane];
    BlockingCall call = std::move(state.waiting.front());
    state.waiting.pop_front();
    --state.turns;
    ++state.running;
    return call;
}

void BlockingPool::work() {
    // Not that of the worker, as which a thread begins.
    ::pthread_setname_np(::pthread_self(), "torc-files");
    run_on_any_cpu();
    std::unique_lock lock(mutex_);
    --starting_threads_;
    while (true) {
        ++idle_threads_;
        wanted_.wait(lock, [this] { return stopping_ || !turns_.empty(); });
        --idle_threads_;
        if (stopping_) {
            return;
        }
        BlockingCall call = take_next();
        lock.unlock();
        const bool is_wanted = !call.shared_chunk || call.shared_chunk.use_count() > 1;
        const std::int32_t result = is_wanted ? make(call) : -ECANCELED;
        lock.lock();
        const Lane lane = call.lane;
        finish(std::move(call), result);
        end_turn(lane);
    }
}

}  // namespace torc::io
