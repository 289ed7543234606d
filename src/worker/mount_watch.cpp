#include <torc/worker/mount_watch.hpp>
#include <torc/worker/operation.hpp>

#include <fcntl.h>

#include <cerrno>
#include <new>
#include <optional>
#include <utility>

namespace torc::worker {

class MountWatch::ReadJob final : public io::BlockingJob {
public:
    explicit ReadJob(const char* path) : path_(path) {}

    std::int32_t run() noexcept override {
        try {
            mounts_.emplace(path_);
            return mounts_->empty() ? -EIO : 0;
        } catch (const std::bad_alloc&) {
            return -ENOMEM;
        }
    }

    /// Once it has run with success, and once.
    [[nodiscard]] file::MountTable take_mounts() noexcept { return *std::move(mounts_); }

private:
    const char* const path_;
    std::optional<file::MountTable> mounts_;
};

MountWatch::MountWatch(io::Proactor& proactor, const char* path)
    : proactor_(proactor), path_(path), events_(::open(path, O_RDONLY | O_CLOEXEC)), known_(path) {}

MountWatch::~MountWatch() = default;

bool MountWatch::start() {
    if (events_ && !is_awaiting_) {
        await();
    }
    return static_cast<bool>(events_);
}

void MountWatch::await() {
    proactor_.await_priority(make_token(Operation::mounts_changed, 0), events_.get());
    is_awaiting_ = true;
    is_stale_ = true;
    if (!job_) {
        read();
    }
}

void MountWatch::read() {
    is_stale_ = false;
    job_ = std::make_unique<ReadJob>(path_);
    try {
        proactor_.run(make_token(Operation::mounts_read, 0), *job_, Lane::local_threads);
    } catch (const std::bad_alloc&) {
        job_.reset();
        throw;
    }
}

std::vector<std::string> MountWatch::completed(const io::Completion& completion) {
    if (operation_of(completion.token) == Operation::mounts_changed) {
        is_awaiting_ = false;
        if (completion.failed()) {
            proactor_.close(events_.release());
            throw std::bad_alloc();
        }
        await();
        return {};
    }
    const std::unique_ptr<ReadJob> job = std::exchange(job_, nullptr);
    if (completion.failed()) {
        throw std::bad_alloc();
    }
    file::MountTable mounts = job->take_mounts();
    std::vector<std::string> points = file::MountTable::changed_points(known_, mounts);
    known_ = std::move(mounts);
    if (is_stale_) {
        read();
    }
    return points;
}

}  // namespace torc::worker
