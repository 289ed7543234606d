#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace torc::file {

/// Reports what changes in directories (inotify(7)). Nothing here waits.
///
/// It sees what is done by this machine through the directory itself: writing, creating, deleting
/// and renaming entries, and changes of permissions and times. Not what is written through another
/// hard link or a shared mapping, nor what somebody else does on a network file system.
class ChangeNotifier {
public:
    /// Errors: as inotify_init1(2), such as EMFILE when the user has too many instances.
    [[nodiscard]] static Result<ChangeNotifier> create() noexcept;

    /// Readable when there is something for `read`.
    [[nodiscard]] int descriptor() const noexcept { return inotify_.get(); }

    /// Identifies a watched directory; not given a second time.
    using Watch = int;

    /// Watches the directory behind a descriptor (O_PATH is enough), which may then be closed. One
    /// that is watched already keeps its watch. Errors: as inotify_add_watch(2), such as EACCES for
    /// a directory that must not be read and ENOSPC when the user has too many watches; ENOENT
    /// where /proc is not mounted.
    [[nodiscard]] Result<Watch> watch(int directory) noexcept;
    /// Without effect when the watch is no more.
    void unwatch(Watch watch) noexcept;

    struct Change {
        enum class Kind : std::uint8_t {
            /// The entry `name`, no directory, is another one than before, or is no more.
            file,
            /// The same of a directory.
            directory,
            /// The watched directory itself was moved or deleted, or is no longer watched.
            itself,
            /// A directory is the one that it was, with other permissions, owner or times: the
            /// entry `name`, or without a name the watched one itself.
            attributes,
            /// Changes were lost, of any directory; `watch` says nothing.
            overflow,
        };
        Kind kind;
        Watch watch;
        std::string_view name;
    };
    /// Some of what has happened since, in order; empty: nothing. Lives until the next call.
    [[nodiscard]] std::span<const Change> read();

private:
    explicit ChangeNotifier(UniqueFd inotify)
        : inotify_(std::move(inotify)), buffer_(buffer_bytes) {}

    static constexpr std::size_t buffer_bytes = std::size_t{16} * 1024;

    UniqueFd inotify_;
    std::vector<std::byte> buffer_;
    std::vector<Change> changes_;
};

}  // namespace torc::file
