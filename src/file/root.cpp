#include <torc/file/root.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <cstdint>

namespace torc::file {
namespace {

constexpr std::uint64_t file_flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
constexpr std::uint64_t directory_flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
constexpr std::uint64_t resolve_strictly =
    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;

constexpr open_how how_with(std::uint64_t resolve) noexcept {
    return {.flags = file_flags, .mode = 0, .resolve = resolve};
}

/// ZFS and bcachefs are not in linux/magic.h.
constexpr std::uint32_t zfs_magic = 0x2FC1'2FC1;
constexpr std::uint32_t bcachefs_magic = 0xCA45'1A4E;

/// By what statfs(2) says of the file system.
bool is_local(std::uint32_t magic) noexcept {
    switch (magic) {
        case EXT4_SUPER_MAGIC:
        case XFS_SUPER_MAGIC:
        case BTRFS_SUPER_MAGIC:
        case F2FS_SUPER_MAGIC:
        case TMPFS_MAGIC:
        case RAMFS_MAGIC:
        case SQUASHFS_MAGIC:
        case EROFS_SUPER_MAGIC_V1:
        case zfs_magic:
        case bcachefs_magic:
            return true;
        default:
            return false;
    }
}

}  // namespace

Result<Root> Root::open(const std::string& path) noexcept {
    UniqueFd directory(::open(path.c_str(), static_cast<int>(directory_flags)));
    if (!directory) {
        return std::unexpected(Errno::last());
    }
    struct statfs file_system{};
    const auto metadata = Metadata::of(directory.get());
    if (!metadata || ::fstatfs(directory.get(), &file_system) < 0) {
        return std::unexpected(metadata ? Errno::last() : metadata.error());
    }
    return Root(std::move(directory), *metadata,
                file::is_local(static_cast<std::uint32_t>(file_system.f_type)));
}

Root Root::replacing(const Root& previous, UniqueFd directory, const Metadata& metadata) noexcept {
    // Asking another file system what it is could wait for it.
    const bool is_local = previous.is_local_ && previous.device_ == metadata.device;
    return {std::move(directory), metadata, is_local};
}

bool Root::is(const Metadata& metadata) const noexcept {
    return inode_ == metadata.inode && device_ == metadata.device;
}

const open_how& Root::strict_how() noexcept {
    static constexpr open_how strict = how_with(resolve_strictly);
    return strict;
}

const open_how& Root::directory_how() noexcept {
    static constexpr open_how directory = {
        .flags = directory_flags, .mode = 0, .resolve = resolve_strictly};
    return directory;
}

const open_how& Root::own_how() noexcept {
    static constexpr open_how own = {.flags = directory_flags, .mode = 0, .resolve = 0};
    return own;
}

const open_how& Root::how(SymlinkPolicy policy) noexcept {
    static constexpr open_how inside = how_with(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
    static constexpr open_how all = how_with(RESOLVE_NO_MAGICLINKS);
    static constexpr open_how none =
        how_with(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS);
    switch (policy) {
        case SymlinkPolicy::inside:
            return inside;
        case SymlinkPolicy::all:
            return all;
        case SymlinkPolicy::none:
            break;
    }
    return none;
}

}  // namespace torc::file
