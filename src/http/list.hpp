#pragma once

#include "characters.hpp"

#include <cstddef>
#include <string_view>

namespace torc::http {

/// The members of a comma-separated list in which nothing is quoted, without empty ones (RFC 9110
/// §5.6.1.2).
class ListMembers {
public:
    explicit ListMembers(std::string_view value) noexcept : rest_(value) {}

    /// The next member, without white space around it; empty when there is none left.
    std::string_view next() noexcept {
        while (!rest_.empty()) {
            const std::size_t comma = rest_.find(',');
            const std::string_view member = trim_blanks(rest_.substr(0, comma));
            rest_.remove_prefix(comma == std::string_view::npos ? rest_.size() : comma + 1);
            if (!member.empty()) {
                return member;
            }
        }
        return {};
    }

private:
    std::string_view rest_;
};

}  // namespace torc::http
