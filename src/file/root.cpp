#include <torc/file/root.hpp>

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
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

/// openat2(2) gives EAGAIN when a rename anywhere raced with a ".." beneath the root.
constexpr unsigned open_attempts_max = 8;

/// Where an open file is, by the kernel's account; empty when /proc is not mounted.
std::string path_of(int fd) {
    const std::string link = "/proc/self/fd/" + std::to_string(fd);
    std::array<char, limits::path_bytes_max> path;
    const ssize_t bytes = ::readlink(link.c_str(), path.data(), path.size());
    return {path.data(), bytes > 0 ? static_cast<std::size_t>(bytes) : 0};
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
                file_system_traits(static_cast<std::uint32_t>(file_system.f_type)));
}

Result<UniqueFd> Root::open_beneath(const char* path, const open_how& how) const noexcept {
    UniqueFd opened;
    for (unsigned attempt = 0; attempt < open_attempts_max; ++attempt) {
        // By its number: the C library has no wrapper.
        opened.reset(
            static_cast<int>(::syscall(SYS_openat2, directory_.get(), path, &how, sizeof how)));
        if (opened || errno != EAGAIN) {
            break;
        }
    }
    if (!opened) {
        return std::unexpected(Errno::last());
    }
    return opened;
}

Root Root::replacing(const Root& previous, UniqueFd directory, const Metadata& metadata,
                     const MountTable& mounts) {
    Root root(std::move(directory), metadata, previous.traits_);
    if (previous.device_ != metadata.device) {
        // Not by fstatfs(2): asking another file system what it is could wait for it.
        root.traits_ = mounts.traits_of_path(root.path());
    }
    return root;
}

Lane Root::lane() const noexcept {
    return traits_.is_prompt ? Lane::local
                             : device_lane(static_cast<std::uint32_t>(device_ >> 32U),
                                           static_cast<std::uint32_t>(device_));
}

std::string Root::path() const {
    return path_of(descriptor());
}

std::optional<std::string> Root::cached_path(const std::string& path, const open_how& how) const {
    // O_PATH, so that the file itself is not opened.
    const open_how cached{
        .flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = how.resolve | RESOLVE_CACHED};
    const UniqueFd found(static_cast<int>(
        ::syscall(SYS_openat2, descriptor(), path.c_str(), &cached, sizeof cached)));
    std::string target = found ? path_of(found.get()) : std::string();
    return target.empty() ? std::nullopt : std::optional(std::move(target));
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
