#include <torc/file/root.hpp>

#include <fcntl.h>

namespace torc::file {

Result<Root> Root::open(const std::string& path) noexcept {
    UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) {
        return std::unexpected(Errno::last());
    }
    return Root(std::move(directory));
}

const open_how& Root::how() noexcept {
    static constexpr open_how how{
        .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
        .mode = 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    return how;
}

}  // namespace torc::file
