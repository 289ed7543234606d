#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace torc {

/// A path as a warning shows it: a client may have chosen it, and it is read on a terminal.
[[nodiscard]] inline std::string printable(std::string_view path) {
    std::string text(path);
    std::ranges::replace_if(text, [](char octet) { return octet < ' ' || octet > '~'; }, '?');
    return text;
}

}  // namespace torc
