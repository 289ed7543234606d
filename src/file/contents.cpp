#include <torc/file/contents.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace torc::file {

Result<std::string> read_up_to(int descriptor, std::size_t bytes_max) {
    constexpr std::size_t chunk_bytes = std::size_t{64} * 1024;
    std::string text;
    while (text.size() < bytes_max) {
        const std::size_t bytes = text.size();
        text.resize(bytes + std::min(chunk_bytes, bytes_max - bytes));
        const ssize_t count = ::read(descriptor, text.data() + bytes, text.size() - bytes);
        text.resize(bytes + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count < 0 && errno != EINTR) {
            return std::unexpected(Errno::last());
        }
        if (count == 0) {
            break;
        }
    }
    return text;
}

}  // namespace torc::file
