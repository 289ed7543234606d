#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/lane.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/file_system.hpp>
#include <torc/file/metadata.hpp>
#include <torc/file/mount_table.hpp>
#include <torc/file/symlink_policy.hpp>

#include <linux/openat2.h>

#include <cstdint>
#include <optional>
#include <string>

namespace torc::file {

/// The directory that is served. Nothing in torc opens a served path but beneath one, with one of
/// the `how`s.
class Root {
public:
    /// Opens the directory itself, following symbolic links to it; may wait for a disk or a
    /// network. Errors: as open(2); ENOTDIR for a file.
    [[nodiscard]] static Result<Root> open(const std::string& path) noexcept;
    /// What the path of `previous` leads to since: `directory` was opened with `own_how`. Waits for
    /// nothing.
    [[nodiscard]] static Root replacing(const Root& previous, UniqueFd directory,
                                        const Metadata& metadata, const MountTable& mounts);

    /// An O_PATH descriptor, the `dirfd` of openat2(2); lives as long as the root.
    [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

    /// Opens what is at `path` beneath the root; may wait for a disk or a network. Errors: as
    /// openat2(2).
    [[nodiscard]] Result<UniqueFd> open_beneath(const char* path,
                                                const open_how& how) const noexcept;

    /// Where `path` beneath the root leads by `how`, links followed, as an absolute path; nothing
    /// when that can't be told from what the kernel has in memory (RESOLVE_CACHED). Waits for
    /// nothing.
    [[nodiscard]] std::optional<std::string> cached_path(const std::string& path,
                                                         const open_how& how) const;

    /// How every served file is opened: for reading, without waiting for the other end of a FIFO,
    /// and by `policy`, which the kernel sees to in the same step. What it forbids fails the
    /// opening: EXDEV for whatever leaves the root (but for SymlinkPolicy::all, where the caller
    /// sees to it that the path itself does not, as http::Target's never does), ELOOP for a link
    /// where none is followed. Magic links, such as /proc/self/exe, always give ELOOP. Lives for
    /// ever.
    [[nodiscard]] static const open_how& how(SymlinkPolicy policy) noexcept;
    /// For a file that no symbolic link is on the way to and that is on the root's own mount; else
    /// ELOOP or EXDEV, and `how` tells more.
    [[nodiscard]] static const open_how& strict_how() noexcept;
    /// The same for a directory, as an O_PATH descriptor.
    [[nodiscard]] static const open_how& directory_how() noexcept;
    /// How the root itself is opened.
    [[nodiscard]] static const open_how& own_how() noexcept;

    /// Whether another look at the root's path led to the same directory.
    [[nodiscard]] bool is(const Metadata& metadata) const noexcept;
    /// Whether both are the same directory.
    [[nodiscard]] bool is(const Root& other) const noexcept {
        return inode_ == other.inode_ && device_ == other.device_;
    }

    /// Whether inotify(7) reports every change of the root's file system (FileSystemTraits).
    [[nodiscard]] bool reports_changes() const noexcept { return traits_.reports_changes; }
    /// That of the root's own file system.
    [[nodiscard]] Lane lane() const noexcept;
    [[nodiscard]] std::uint64_t device() const noexcept { return device_; }
    /// Where the directory is now, by the kernel's account (readlink(2) of /proc/self/fd/N, which
    /// asks no file system); empty when /proc is not mounted.
    [[nodiscard]] std::string path() const;

private:
    Root(UniqueFd directory, const Metadata& metadata, FileSystemTraits traits) noexcept
        : directory_(std::move(directory)),
          inode_(metadata.inode),
          device_(metadata.device),
          traits_(traits) {}

    UniqueFd directory_;
    std::uint64_t inode_;
    std::uint64_t device_;
    FileSystemTraits traits_;
};

}  // namespace torc::file
