#include <torc/base/utf8.hpp>
#include <torc/http/date.hpp>

#include "listing/listing_page.hpp"
#include "response/visible_text.hpp"

#include <fmt/format.h>

#include <chrono>

namespace torc::site {
namespace {

/// As nginx escapes (ngx_escape_json): the short forms where there are any, capital digits.
/// So are characters that can't be seen: what a terminal shows is then what there is.
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
    if (is_invisible(character.code_point) || is_joining(character.code_point)) {
        append_json_number(out, character.code_point);
    } else {
        out += character.utf8();
    }
}

/// Whether it is a character of ASCII that stands for itself.
constexpr bool is_plain(char character) noexcept {
    return character >= ' ' && character <= '~' && character != '"' && character != '\\';
}

void append_entry(std::string& out, const ListedEntry& entry) {
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

void render_json(PagePieces& pieces, const ListingContents& contents) {
    std::string& json = pieces.text();
    // Byte for byte nginx's layout, CRLF included.
    json += '[';
    bool is_first = true;
    for (const ListedEntry* const entry : contents.entries) {
        json += is_first ? "\r\n" : ",\r\n";
        append_entry(json, *entry);
        pieces.end_piece();
        is_first = false;
    }
    json += "\r\n]";
}

}  // namespace torc::site
