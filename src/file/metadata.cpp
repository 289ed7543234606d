#include <torc/file/metadata.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>

namespace torc::file {
namespace {

/// Times before 1678 and after 2261, which any tool may set, become those.
WallTime to_wall_time(const statx_timestamp& time) noexcept {
    using std::chrono::seconds;
    constexpr auto earliest = std::chrono::ceil<seconds>(WallTime::min().time_since_epoch());
    constexpr auto latest =
        std::chrono::floor<seconds>(WallTime::max().time_since_epoch()) - seconds(1);
    if (time.tv_sec < earliest.count() || time.tv_sec > latest.count()) {
        return WallTime(time.tv_sec < 0 ? earliest : latest);
    }
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
