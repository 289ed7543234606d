#include <torc/net/socket_file.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace torc::net {

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) == 0) {
        device_ = status.st_dev;
        inode_ = status.st_ino;
    } else {
        path_.clear();
    }
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
    if (this != &other) {
        remove();
        path_ = std::exchange(other.path_, {});
        device_ = other.device_;
        inode_ = other.inode_;
    }
    return *this;
}

bool SocketFile::is_still_there() const noexcept {
    struct stat status{};
    return !path_.empty() && ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ &&
           status.st_ino == inode_;
}

void SocketFile::remove() noexcept {
    if (is_still_there()) {
        // Where the directory forbids it the next start finds the file, and that nobody listens.
        static_cast<void>(::unlink(path_.c_str()));
    }
    path_.clear();
}

void SocketFile::set_mode(mode_t mode) const noexcept {
    if (is_still_there()) {
        static_cast<void>(::chmod(path_.c_str(), mode));
    }
}

}  // namespace torc::net
