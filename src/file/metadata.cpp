#include <torc/file/metadata.hpp>

#include <fcntl.h>
#include <sys/stat.h>

namespace torc::file {
namespace {

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
                    .modified = to_wall_time(status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec),
                    .changed = to_wall_time(status.stx_ctime.tv_sec, status.stx_ctime.tv_nsec),
                    .inode = status.stx_ino,
                    .device = (std::uint64_t{status.stx_dev_major} << 32) | status.stx_dev_minor,
                    .links = status.stx_nlink};
}

Result<Metadata> Metadata::of(int descriptor) noexcept {
    struct statx status{};
    if (::statx(descriptor, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_BASIC_STATS, &status) <
        0) {
        return std::unexpected(Errno::last());
    }
    return from(status);
}

}  // namespace torc::file
