#include <torc/http/percent_encoder.hpp>

#include "characters.hpp"

#include <cstddef>

namespace torc::http {

std::string_view PercentEncoder::next() noexcept {
    constexpr std::string_view hex_digits = "0123456789ABCDEF";
    if (rest_.empty()) {
        return {};
    }
    const CharacterClass unreserved =
        part_ == Part::path ? CharacterClass::path : CharacterClass::query;
    const char* const end = rest_.data() + rest_.size();
    const auto run_bytes =
        static_cast<std::size_t>(skip(unreserved, rest_.data(), end) - rest_.data());
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
