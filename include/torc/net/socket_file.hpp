#pragma once

#include <sys/types.h>

#include <string>

namespace torc::net {

/// The file by which clients find a Unix-domain socket that listens, as long as it is this
/// process's to remove. Another process may put one of its own in its place: that one stays.
class SocketFile {
public:
    /// None: the socket has no file, or it is somebody else's to remove.
    SocketFile() = default;
    /// The one at `path`, to which a socket of this process was just bound.
    explicit SocketFile(std::string path);
    SocketFile(SocketFile&& other) noexcept;
    SocketFile& operator=(SocketFile&& other) noexcept;
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;
    ~SocketFile() { remove(); }

    /// Removes it, if it is still the same: from then on it is none.
    void remove() noexcept;
    /// Leaves it for another process, which goes on listening on the socket: from then on it is
    /// none.
    void release() noexcept { path_.clear(); }
    /// Gives it these permissions, as far as the file system lets.
    void set_mode(mode_t mode) const noexcept;

private:
    [[nodiscard]] bool is_still_there() const noexcept;

    /// Empty: there is none.
    std::string path_;
    dev_t device_ = 0;
    ino_t inode_ = 0;
};

}  // namespace torc::net
