#include <torc/http/date.hpp>

#include "listing_page.hpp"
#include "utf8.hpp"

#include <fmt/format.h>

#include <chrono>

namespace torc::site {
namespace {

/// As nginx escapes (ngx_escape_json): the short forms where there are any, capital digits.
void append_character(std::string& out, const Character& character) {
    switch (character.code_point) {
        case U'"':
            out += "\\\"";
            return;
        case U'\\':
            out += "\\\\";
            return;
        case U'\b':
            out += "\\b";
            return;
        case U'\f':
            out += "\\f";
            return;
        case U'\n':
            out += "\\n";
            return;
        case U'\r':
            out += "\\r";
            return;
        case U'\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (character.code_point < 0x20) {
        fmt::format_to(std::back_inserter(out), "\\u{:04X}",
                       static_cast<unsigned>(character.code_point));
    } else {
        out += character.utf8;
    }
}

/// Whether it is a character of ASCII that stands for itself.
constexpr bool is_plain(char character) noexcept {
    return character >= ' ' && character <= '~' && character != '"' && character != '\\';
}

void append_entry(std::string& out, const file::DirectoryEntry& entry) {
    out += R"({ "name":")";
    append_escaped(out, entry.name, is_plain, append_character);
    const bool is_directory = entry.kind == file::Kind::directory;
    const http::DateText modified =
        http::format_date(std::chrono::floor<std::chrono::seconds>(entry.modified));
    out += is_directory ? R"(", "type":"directory", "mtime":")" : R"(", "type":"file", "mtime":")";
    out.append(modified.data(), modified.size());
    out += '"';
    if (!is_directory) {
        out += ", \"size\":";
        const fmt::format_int digits(entry.size);
        out.append(digits.data(), digits.size());
    }
    out += " }";
}

}  // namespace

std::string render_json(const ListingContents& contents) {
    // About what an entry takes, so that a large page is not copied as it grows.
    constexpr std::size_t entry_bytes = 128;
    std::string json;
    json.reserve(contents.entries.size() * entry_bytes);
    // Byte for byte nginx's layout, CRLF included.
    json += '[';
    bool is_first = true;
    for (const file::DirectoryEntry* const entry : contents.entries) {
        json += is_first ? "\r\n" : ",\r\n";
        append_entry(json, *entry);
        is_first = false;
    }
    json += "\r\n]";
    return json;
}

}  // namespace torc::site
