#include "page_cache.hpp"

#include <linux/magic.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstddef>

namespace torc::io {
namespace {

ssize_t read_with(int file, std::span<std::byte> target, std::uint64_t offset, int flags) noexcept {
    const iovec piece{.iov_base = target.data(), .iov_len = target.size()};
    return ::preadv2(file, &piece, 1, static_cast<off_t>(offset), flags);
}

/// Its file system is nothing but page cache, and can't say what is there.
bool is_file_of_memory(int file) noexcept {
    struct statfs system{};
    return ::fstatfs(file, &system) == 0 &&
           (system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC);
}

bool byte_is_resident(int file, std::uint64_t offset) noexcept {
    std::byte byte{};
    return read_if_resident(file, std::span(&byte, 1), offset) >= 0;
}

}  // namespace

ssize_t read_if_resident(int file, std::span<std::byte> target, std::uint64_t offset) noexcept {
    const ssize_t got = read_with(file, target, offset, RWF_NOWAIT);
    return got < 0 && errno == EOPNOTSUPP && is_file_of_memory(file)
               ? read_with(file, target, offset, 0)
               : got;
}

bool is_resident(int file, std::uint64_t offset, std::uint64_t length) noexcept {
    return byte_is_resident(file, offset) && byte_is_resident(file, offset + length - 1);
}

}  // namespace torc::io
