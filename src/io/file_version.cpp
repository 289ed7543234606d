#include "file_version.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace torc::io {

bool has_changed(int file, const FileVersion& version) noexcept {
    struct statx status{};
    // By its number: the wrapper's header and <linux/stat.h> don't go together.
    const bool is_told =
        ::syscall(SYS_statx, file, "", AT_EMPTY_PATH, STATX_SIZE | STATX_MTIME, &status) == 0;
    if (!is_told || status.stx_size < version.bytes) {
        return true;
    }
    // What became longer was appended to, as logs are: the bytes that were promised are still
    // there.
    return status.stx_size == version.bytes &&
           to_wall_time(status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec) != version.modified;
}

bool ends_changed(const FileSlice& slice, std::uint64_t length) noexcept {
    return length == slice.length && slice.version && has_changed(slice.file, *slice.version);
}

}  // namespace torc::io
