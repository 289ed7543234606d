#include "file_version.hpp"

#include <torc/base/clock.hpp>

#include "page_cache.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>

namespace torc::io {
namespace {

/// Whether the bytes from `offset` on have this hash; those that are not in memory count as if.
bool has_part(int file, std::uint64_t offset, std::size_t length, std::uint64_t hash,
              EndsRead read) noexcept {
    std::array<std::byte, FileEnds::bytes_max> buffer;
    const std::span<std::byte> part = std::span(buffer).first(length);
    const ssize_t got = read == EndsRead::resident
                            ? read_if_resident(file, part, offset)
                            : ::pread(file, part.data(), length, static_cast<off_t>(offset));
    const bool is_elsewhere = got < 0 && read == EndsRead::resident;
    return is_elsewhere || (got == static_cast<ssize_t>(length) && FileEnds::hash(part) == hash);
}

bool has_ends(int file, std::uint64_t bytes, const FileEnds& ends, EndsRead read) noexcept {
    const std::size_t length = std::min<std::uint64_t>(bytes, FileEnds::bytes_max);
    return has_part(file, 0, length, ends.beginning, read) &&
           has_part(file, bytes - length, length, ends.end, read);
}

}  // namespace

bool has_changed(int file, const FileVersion& version, EndsRead read) noexcept {
    struct statx status{};
    // By its number: the wrapper's header and <linux/stat.h> don't go together.
    const bool is_told = ::syscall(SYS_statx, file, "", AT_EMPTY_PATH,
                                   STATX_SIZE | STATX_MTIME | STATX_CTIME, &status) == 0;
    if (!is_told || status.stx_size < version.bytes) {
        return true;
    }
    const bool is_longer = status.stx_size > version.bytes;
    const WallTime modified = to_wall_time(status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec);
    if (!is_longer && modified != version.modified) {
        return true;
    }
    // What became longer was appended to, as logs are, or something longer was written over it.
    // Where the inode alone changed it was replaced or deleted, and its bytes are what they were,
    // or its time was set back to what it was before they were written.
    const WallTime changed = to_wall_time(status.stx_ctime.tv_sec, status.stx_ctime.tv_nsec);
    return (is_longer || changed != version.changed) && version.ends &&
           !has_ends(file, version.bytes, *version.ends, read);
}

bool ends_changed(const FileSlice& slice, std::uint64_t length) noexcept {
    return length == slice.length && slice.version &&
           has_changed(slice.file, *slice.version, EndsRead::resident);
}

}  // namespace torc::io
