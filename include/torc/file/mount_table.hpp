#pragma once

#include <torc/base/lane.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/file_system.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::file {

/// The mounts that this process sees (proc_pid_mountinfo(5)): tells which file system a path is on
/// without asking that file system, which might not answer.
class MountTable {
public:
    /// Reads the mounts from `path`. Where that can't be read, as /proc is not mounted, there are
    /// none.
    explicit MountTable(const char* path = mountinfo_path);
    static constexpr const char* mountinfo_path = "/proc/self/mountinfo";

    /// Reads them again if the kernel says that they have changed since: one poll(2), and no wait.
    void refresh();

    /// Whether nothing is known: there always is a mount, of "/".
    [[nodiscard]] bool empty() const noexcept { return mounts_.empty(); }

    /// The lane of the file system that is mounted where `path` leads, by its names alone: symbolic
    /// links are not followed. `path`: absolute, without "." and "..". Lane::first_linked when
    /// nothing is known.
    [[nodiscard]] Lane lane_of_path(std::string_view path) const noexcept;

    /// What can be relied on there; for nothing when nothing is known.
    [[nodiscard]] FileSystemTraits traits_of_path(std::string_view path) const noexcept;

    /// The lane of the file system with that device number, as Metadata::device has it. The lane of
    /// the device itself when no mount has it: btrfs gives each subvolume a number of its own.
    [[nodiscard]] Lane lane_of_device(std::uint64_t device) const noexcept;

    /// Where a mount is in one of two tables and not in the other, in no order: absolute paths.
    [[nodiscard]] static std::vector<std::string> changed_points(const MountTable& before,
                                                                 const MountTable& after);

private:
    struct Mount {
        /// The numbers of the mount, its parent and its device, and what of the file system is its
        /// root: as the kernel writes them.
        std::string identity;
        std::string point;
        Lane device = Lane::first_device;
        FileSystemTraits traits;
        [[nodiscard]] Lane lane() const noexcept { return traits.is_prompt ? Lane::local : device; }
    };

    void read();
    /// Null: none.
    [[nodiscard]] const Mount* find(std::string_view path) const noexcept;
    static bool parse(std::string_view line, Mount& mount);

    UniqueFd file_;
    /// In the order in which they were mounted: the last one at a place hides those before.
    std::vector<Mount> mounts_;
};

}  // namespace torc::file
