#pragma once

#include <torc/base/lane.hpp>
#include <torc/base/unique_fd.hpp>

#include <utility>

namespace torc {

/// Closes descriptors of files elsewhere than on the calling thread: close(2) waits for FUSE's
/// flush, for a network file system's, and for the disk where it was the last use of a large
/// deleted file.
class FileCloser {
public:
    FileCloser() = default;
    FileCloser(const FileCloser&) = delete;
    FileCloser& operator=(const FileCloser&) = delete;

    /// Takes `fd` over. `lane`: that of its file system.
    virtual void close_file(int fd, Lane lane) noexcept = 0;

protected:
    ~FileCloser() = default;
};

/// Sole owner of the descriptor of an open file, with the lane of its file system. Closes it by a
/// FileCloser, which outlives it.
class FileHandle {
public:
    FileHandle() noexcept = default;
    FileHandle(UniqueFd fd, Lane lane, FileCloser& closer) noexcept
        : fd_(std::move(fd)), lane_(lane), closer_(&closer) {}
    /// Closes it by close(2): for what is known not to wait.
    // NOLINTNEXTLINE(google-explicit-constructor): every UniqueFd is as good.
    FileHandle(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    FileHandle(FileHandle&& other) noexcept = default;
    FileHandle& operator=(FileHandle&& other) noexcept {
        if (this != &other) {
            reset();
            fd_ = std::move(other.fd_);
            lane_ = other.lane_;
            closer_ = other.closer_;
        }
        return *this;
    }
    FileHandle(const FileHandle&) = delete;
    FileHandle& operator=(const FileHandle&) = delete;
    ~FileHandle() { reset(); }

    [[nodiscard]] int get() const noexcept { return fd_.get(); }
    explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
    [[nodiscard]] Lane lane() const noexcept { return lane_; }
    /// When the file itself has told which file system it is on.
    void set_lane(Lane lane) noexcept { lane_ = lane; }

    void reset() noexcept {
        if (fd_ && closer_ != nullptr) {
            closer_->close_file(fd_.release(), lane_);
        }
        fd_.reset();
    }

private:
    UniqueFd fd_;
    Lane lane_ = Lane::local;
    FileCloser* closer_ = nullptr;
};

}  // namespace torc
