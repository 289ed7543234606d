#include <torc/file/root.hpp>

#include <fcntl.h>

#include <cstdint>

namespace torc::file {
namespace {

constexpr open_how how_with(std::uint64_t resolve) noexcept {
    return {.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, .mode = 0, .resolve = resolve};
}

}  // namespace

Result<Root> Root::open(const std::string& path) noexcept {
    UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
        return std::unexpected(Errno::last());
    }
    return Root(std::move(directory));
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
