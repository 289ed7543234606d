#include <torc/http/opening.hpp>

#include "characters.hpp"

#include <algorithm>
#include <cstddef>

namespace torc::http {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::size_t opening_bytes_max = 64;

std::string_view without_empty_line(std::string_view input) noexcept {
    return input.substr(input.starts_with(line_end) ? line_end.size() : 0);
}

/// Whether a request line may hold it somewhere.
bool is_possible(char character) noexcept {
    return character == ' ' || is_in(CharacterClass::target, character);
}

}  // namespace

Opening opening_of(std::string_view input) noexcept {
    using namespace std::string_view_literals;
    const std::string_view text = without_empty_line(input);
    if (text.starts_with("\x16\x03")) {
        return Opening::tls;
    }
    if (text.starts_with("PRI * HTTP/2.0\r\n")) {
        return Opening::http2;
    }
    if (text.starts_with("SSH-")) {
        return Opening::ssh;
    }
    if (text.empty() || text == "\r") {
        return Opening::http;  // Perhaps the empty line.
    }
    const std::string_view line = first_line(text);
    const std::string_view begin = line.substr(0, opening_bytes_max);
    const bool is_whole = line.size() < text.size() && text.contains('\n');
    const bool has_method = !begin.starts_with(' ') &&
                            consists_of(CharacterClass::token, begin.substr(0, begin.find(' ')));
    if (!has_method || !std::ranges::all_of(begin, is_possible) ||
        (is_whole && !line.contains("HTTP/"sv))) {
        return Opening::other;
    }
    return Opening::http;
}

std::string_view first_line(std::string_view input) noexcept {
    const std::string_view text = without_empty_line(input);
    std::string_view line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    return line;
}

}  // namespace torc::http
