#pragma once

#include "program.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// What a client of a benchmark must know of a response's head.

namespace torc::bench {

struct Head {
    unsigned status = 0;
    std::optional<std::uint64_t> content_length;
    bool closes = false;
};

inline bool starts_with_name(std::string_view line, std::string_view lower_case_name) {
    return line.size() > lower_case_name.size() && line[lower_case_name.size()] == ':' &&
           std::ranges::equal(line.substr(0, lower_case_name.size()), lower_case_name,
                              [](char have, char want) {
                                  return (have >= 'A' && have <= 'Z' ? have + 32 : have) == want;
                              });
}

inline Head parse_head(std::string_view text) {
    Head head;
    constexpr std::size_t status_at = std::string_view("HTTP/1.1 ").size();
    if (text.size() > status_at + 3) {
        std::from_chars(text.data() + status_at, text.data() + status_at + 3, head.status);
    }
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find("\r\n"));
        text.remove_prefix(std::min(text.size(), line.size() + 2));
        if (starts_with_name(line, "content-length")) {
            std::string_view value = line.substr(line.find(':') + 1);
            value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
            head.content_length = parse_number<std::uint64_t>(value);
        } else if (starts_with_name(line, "connection")) {
            head.closes = line.ends_with("close");
        }
    }
    return head;
}

}  // namespace torc::bench
