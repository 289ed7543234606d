#include "blocking_pool.hpp"

#include <torc/base/limits.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace torc::io {
namespace {

std::int32_t result_of(long returned) noexcept {
    return returned < 0 ? -errno : static_cast<std::int32_t>(returned);
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
        case BlockingCall::Kind::write:
            return result_of(::write(call.fd, call.buffer, call.length));
        case BlockingCall::Kind::warm:
            return warm(call.fd, call.offset, call.length);
        case BlockingCall::Kind::run:
            return call.job->run();
    }
    return -EINVAL;
}

}  // namespace

std::int32_t open_beneath(int directory, const char* path, const open_how& how) noexcept {
    return result_of(::syscall(SYS_openat2, directory, path, &how, sizeof how));
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
}

void BlockingPool::submit(const BlockingCall& call) {
    {
        const std::scoped_lock lock(mutex_);
        queue_.push_back(call);
        const bool wants_thread =
            queue_.size() > idle_threads_ && threads_.size() < limits::blocking_threads_max;
        if (wants_thread && !start_thread() && threads_.empty()) {
            // Slow is better than not at all.
            queue_.pop_back();
            finish(call, make(call));
        }
    }
    wanted_.notify_one();
}

bool BlockingPool::start_thread() {
    try {
        threads_.emplace_back([this] { work(); });
        return true;
    } catch (const std::system_error&) {
        return false;
    }
}

void BlockingPool::finish(const BlockingCall& call, std::int32_t result) {
    done_.push_back(Done{.call = call, .result = result});
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(notify_fd_, &one, sizeof one);
}

void BlockingPool::take_done(std::vector<Done>& done) {
    const std::scoped_lock lock(mutex_);
    done.swap(done_);
}

void BlockingPool::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        ++idle_threads_;
        wanted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        --idle_threads_;
        if (stopping_) {
            return;
        }
        const BlockingCall call = queue_.front();
        queue_.pop_front();
        lock.unlock();
        const std::int32_t result = make(call);
        lock.lock();
        finish(call, result);
    }
}

}  // namespace torc::io
