#include <torc/http/percent_encoder.hpp>

#include "characters.hpp"

#include <algorithm>
#include <cstddef>

namespace torc::http {
namespace {

/// RFC 3986 §2.3.
constexpr bool is_unreserved(char character) noexcept {
    const char lower = to_lower(character);
    return (lower >= 'a' && lower <= 'z') || is_digit(character) ||
           std::string_view("-._~").contains(character);
}

/// How much of the front of `text` stands for itself.
std::size_t plain_bytes(PercentEncoder::Part part, std::string_view text) noexcept {
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    switch (part) {
        case PercentEncoder::Part::path:
            return static_cast<std::size_t>(skip(CharacterClass::path, begin, end) - begin);
        case PercentEncoder::Part::segment:
            return static_cast<std::size_t>(std::find_if_not(begin, end, is_unreserved) - begin);
        case PercentEncoder::Part::query:
            break;
    }
    return static_cast<std::size_t>(skip(CharacterClass::query, begin, end) - begin);
}

}  // namespace

std::string_view PercentEncoder::next() noexcept {
    constexpr std::string_view hex_digits = "0123456789ABCDEF";
    if (rest_.empty()) {
        return {};
    }
    const std::size_t run_bytes = plain_bytes(part_, rest_);
    if (run_bytes > 0) {
        const std::string_view run = rest_.substr(0, run_bytes);
        rest_.remove_prefix(run_bytes);
        return run;
    }
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    escape_ = {'%', hex_digits[byte >> 4U], hex_digits[byte & 0x0FU]};
    return {escape_.data(), escape_.size()};
}

}  // namespace torc::http
