#include <torc/file/file_system.hpp>

#include <linux/magic.h>

#include <algorithm>
#include <array>

namespace torc::file {
namespace {

/// ZFS and bcachefs are not in linux/magic.h.
constexpr std::uint64_t zfs_magic = 0x2FC1'2FC1;
constexpr std::uint64_t bcachefs_magic = 0xCA45'1A4E;

constexpr FileSystemTraits prompt{.reports_changes = true, .is_prompt = true};
/// Local, but a read may block whatever flags it is given.
constexpr FileSystemTraits local{.reports_changes = true, .is_prompt = false};

struct KnownType {
    std::string_view name;
    std::uint64_t magic;
    FileSystemTraits traits;
};

constexpr std::array known_types = {
    KnownType{"ext4", EXT4_SUPER_MAGIC, prompt},
    KnownType{"ext3", EXT4_SUPER_MAGIC, prompt},
    KnownType{"ext2", EXT4_SUPER_MAGIC, prompt},
    KnownType{"xfs", XFS_SUPER_MAGIC, prompt},
    KnownType{"btrfs", BTRFS_SUPER_MAGIC, prompt},
    KnownType{"f2fs", F2FS_SUPER_MAGIC, prompt},
    KnownType{"tmpfs", TMPFS_MAGIC, prompt},
    KnownType{"ramfs", RAMFS_MAGIC, prompt},
    KnownType{"squashfs", SQUASHFS_MAGIC, local},
    KnownType{"erofs", EROFS_SUPER_MAGIC_V1, local},
    KnownType{"zfs", zfs_magic, local},
    KnownType{"bcachefs", bcachefs_magic, local},
};

template <typename Member, typename Value>
FileSystemTraits find(Member member, const Value& value) noexcept {
    const auto* const found = std::ranges::find(known_types, value, member);
    return found != known_types.end() ? found->traits : FileSystemTraits{};
}

}  // namespace

FileSystemTraits file_system_traits(std::uint64_t magic) noexcept {
    return find(&KnownType::magic, magic);
}

FileSystemTraits file_system_traits(std::string_view name) noexcept {
    return find(&KnownType::name, name);
}

}  // namespace torc::file
