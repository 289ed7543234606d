#pragma once

#include <cstdint>
#include <string_view>

namespace torc::file {

/// What a type of file system can be relied on for.
struct FileSystemTraits {
    /// This kernel makes every change of it, so inotify(7) reports them all.
    bool reports_changes = false;
    /// Its data is in memory or on a local disk, and it says so (RWF_NOWAIT, RESOLVE_CACHED) when a
    /// call would have to wait for the disk. Others may keep a thread waiting, for ever when a
    /// server does not answer.
    bool is_prompt = false;
};

/// By f_type of statfs(2). An unknown type can be relied on for nothing.
[[nodiscard]] FileSystemTraits file_system_traits(std::uint64_t magic) noexcept;

/// By its name in /proc/filesystems and /proc/self/mountinfo.
[[nodiscard]] FileSystemTraits file_system_traits(std::string_view name) noexcept;

}  // namespace torc::file
