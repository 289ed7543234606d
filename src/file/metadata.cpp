#include <torc/file/metadata.hpp>

#include <sys/stat.h>

#include <chrono>

namespace torc::file {
namespace {

WallTime to_wall_time(const statx_timestamp& time) noexcept {
    return WallTime(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Kind kind_of(std::uint16_t mode) noexcept {
    if (S_ISREG(mode)) {
        return Kind::regular;
    }
    return S_ISDIR(mode) ? Kind::directory : Kind::other;
}

}  // namespace

Metadata Metadata::from(const struct statx& status) noexcept {
    return Metadata{.kind = kind_of(status.stx_mode),
                    .size = status.stx_size,
                    .modified = to_wall_time(status.stx_mtime),
                    .changed = to_wall_time(status.stx_ctime),
                    .inode = status.stx_ino,
                    .device = (std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor};
}

}  // namespace torc::file
