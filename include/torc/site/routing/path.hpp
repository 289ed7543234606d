#pragma once

#include <cstddef>
#include <string_view>

namespace torc::site {

/// The directory that a path leads through last, up to its last slash: "" or "a/b/".
[[nodiscard]] constexpr std::string_view directory_of(std::string_view path) noexcept {
    return path.substr(0, path.rfind('/') + 1);
}

/// The first `count` directories of `directory`, "" or "a/b/"; all of it, if it has no more.
[[nodiscard]] constexpr std::string_view first_directories(std::string_view directory,
                                                           std::size_t count) noexcept {
    std::size_t end = 0;
    for (; count > 0 && end < directory.size(); --count) {
        end = directory.find('/', end) + 1;
    }
    return directory.substr(0, end);
}

}  // namespace torc::site
