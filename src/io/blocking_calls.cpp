#include "blocking_calls.hpp"

#include <unistd.h>

#include <new>

namespace torc::io {

BlockingPool& BlockingCalls::pool() {
    if (pool_ == nullptr) {
        pool_ = std::make_unique<BlockingPool>(notify_);
    }
    return *pool_;
}

void BlockingCalls::open(Token token, int directory, const char* path, const open_how& how,
                         Lane lane) {
    submit({.kind = BlockingCall::Kind::open,
            .token = token,
            .lane = lane,
            .fd = directory,
            .path = path,
            .how = &how});
}

void BlockingCalls::stat(Token token, int fd, struct statx& status, Lane lane) {
    submit({.kind = BlockingCall::Kind::stat,
            .token = token,
            .lane = lane,
            .fd = fd,
            .status = &status});
}

void BlockingCalls::read(Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
                         Lane lane) {
    submit({.kind = BlockingCall::Kind::read,
            .token = token,
            .lane = lane,
            .fd = fd,
            .buffer = buffer.data(),
            .length = buffer.size(),
            .offset = offset});
}

void BlockingCalls::run(Token token, BlockingJob& job, Lane lane) {
    submit({.kind = BlockingCall::Kind::run, .token = token, .lane = lane, .job = &job});
}

void BlockingCalls::close_file(int fd, Lane lane) noexcept {
    if (close_at_once(fd, lane)) {
        return;
    }
    // On a thread and, with io_uring, not on the ring: where closing waits it would go to one of
    // the ring's few threads, and the last close of a large deleted file would not even do that.
    try {
        submit({.kind = BlockingCall::Kind::close, .lane = lane, .fd = fd});
    } catch (const std::bad_alloc&) {
        ::close(fd);
    }
}

}  // namespace torc::io
