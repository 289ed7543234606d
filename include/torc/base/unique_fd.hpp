#pragma once

#include <unistd.h>

#include <utility>

namespace torc {

/// Sole owner of a file descriptor; closes it on destruction (close(2), whose errors are ignored:
/// on Linux the descriptor is gone whatever it returns).
class UniqueFd {
public:
    constexpr UniqueFd() noexcept = default;
    /// Takes over `fd`; a negative one means "none".
    constexpr explicit UniqueFd(int fd) noexcept : fd_(fd) {}
    UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
    UniqueFd& operator=(UniqueFd&& other) noexcept {
        if (this != &other) {
            reset(other.release());
        }
        return *this;
    }
    UniqueFd(const UniqueFd&) = delete;
    UniqueFd& operator=(const UniqueFd&) = delete;
    ~UniqueFd() { reset(); }

    [[nodiscard]] constexpr int get() const noexcept { return fd_; }
    constexpr explicit operator bool() const noexcept { return fd_ >= 0; }

    /// Hands the descriptor to the caller, who must close it.
    [[nodiscard]] constexpr int release() noexcept { return std::exchange(fd_, -1); }

    void reset(int fd = -1) noexcept {
        if (fd_ >= 0) {
            ::close(fd_);
        }
        fd_ = fd;
    }

private:
    int fd_ = -1;
};

}  // namespace torc
