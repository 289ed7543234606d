#include <torc/http/head_writer.hpp>

#include "characters.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace torc::http {
namespace {

/// Appends `text` with every character that is not `unreserved` percent-encoded (RFC 3986 §2.1).
void append_encoded(HeadWriter& writer, std::string_view text, CharacterClass unreserved) noexcept {
    constexpr std::string_view hex_digits = "0123456789ABCDEF";
    const char* cursor = text.data();
    const char* const end = cursor + text.size();
    while (true) {
        const char* const run_end = skip(unreserved, cursor, end);
        writer.append(std::string_view(cursor, static_cast<std::size_t>(run_end - cursor)));
        if (run_end == end) {
            return;
        }
        const auto byte = static_cast<std::uint8_t>(*run_end);
        const std::array escape = {'%', hex_digits[byte >> 4U], hex_digits[byte & 0x0FU]};
        writer.append(std::string_view(escape.data(), escape.size()));
        cursor = run_end + 1;
    }
}

}  // namespace

void HeadWriter::append_path_encoded(std::string_view path) noexcept {
    append_encoded(*this, path, CharacterClass::path);
}

void HeadWriter::append_query(std::string_view query) noexcept {
    append_encoded(*this, query, CharacterClass::query);
}

}  // namespace torc::http
