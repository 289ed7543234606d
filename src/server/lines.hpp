#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace torc::server {

/// The lines of a text, without their ends.
[[nodiscard]] inline std::vector<std::string> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        lines.emplace_back(line);
        text.remove_prefix(std::min(line.size() + 1, text.size()));
    }
    return lines;
}

}  // namespace torc::server
