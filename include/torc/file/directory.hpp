#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/limits.hpp>
#include <torc/file/hidden_names.hpp>
#include <torc/file/metadata.hpp>
#include <torc/file/root.hpp>
#include <torc/file/symlink_policy.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::file {

/// A file or directory by its name in a directory; for a symbolic link what it leads to.
struct DirectoryEntry {
    /// Any bytes but NUL and '/'; not empty.
    std::string name{};
    /// Never Kind::other.
    Kind kind = Kind::regular;
    /// In bytes; for a directory nothing a reader could use.
    std::uint64_t size = 0;
    WallTime modified{};
};

/// How far symbolic links in a directory are followed to see what they lead to.
enum class LinkReach : std::uint8_t {
    /// Within the root's own mount, and beyond it as far as the kernel has the way in memory: waits
    /// for no other file system.
    own_mount,
    anywhere,
};

/// What of a directory may be shown, in no order.
struct Directory {
    std::vector<DirectoryEntry> entries;
    /// Left out are links that only LinkReach::anywhere could have followed.
    bool has_unfollowed_links = false;
    /// True when there were more entries than were asked for.
    bool is_truncated = false;
    /// Whether every change of what is shown is one of the directory's entries themselves, as
    /// inotify(7) reports them: there are no symbolic links, no files with several names and no
    /// directories, whose times change with what is in them.
    bool is_watchable = true;
};

/// Reads the directory whose descriptor (O_PATH too) is `descriptor`. It stays open, its offset
/// where it is, and may be read by several threads at once. Blocks: readdir(3), and statx(2) for
/// each entry.
///
/// `path`: where the directory is beneath `root`, as http::Target has it: "" or "a/b/". Left out
/// are
/// - what `hidden` hides;
/// - what is neither a regular file nor a directory;
/// - symbolic links that `policy` forbids or that lead nowhere, so that nothing shows of what is
///   not served;
/// - an entry that can't be looked at, such as one that disappears meanwhile.
/// Errors: as open(2) and readdir(3); EACCES when it may not be read or searched, ENOTDIR for a
/// file.
[[nodiscard]] Result<Directory> read_directory(
    const Root& root, SymlinkPolicy policy, std::string_view path, int descriptor,
    LinkReach reach = LinkReach::anywhere, const HiddenNames& hidden = {},
    std::size_t entries_max = limits::listing_entries_max);

}  // namespace torc::file
