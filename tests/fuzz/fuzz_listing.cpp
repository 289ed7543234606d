#include <torc/base/assert.hpp>
#include <torc/file/directory.hpp>
#include <torc/site/listing/listing.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// What holds for every directory, whatever its names:
// - the page is UTF-8 without anything that can't be seen, and has exactly the markup that one with
// tame names has;
// - every link leads to the bytes of its entry's name, and what is seen tells them too;
// - the JSON is valid, by a strict parser that knows nothing of torc, and names what is UTF-8
// exactly;
// - both have the same order, which does not depend on the order in which the directory was read.

namespace {

using torc::file::Directory;
using torc::file::DirectoryEntry;
using torc::file::Kind;
using torc::site::ListingFormat;
using torc::site::ListingOrder;
using torc::site::ListingStyle;

std::string render_listing(std::string_view path, const Directory& directory, ListingStyle style) {
    return torc::site::render_listing(path, torc::site::ListedDirectory(directory), style);
}

constexpr std::string_view replacement = "\uFFFD";

/// Takes what stands before `end`, and `end`, off `text`.
std::string_view take_until(std::string_view& text, std::string_view end) {
    const std::size_t at = text.find(end);
    TORC_ASSERT(at != std::string_view::npos);
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(at + end.size());
    return taken;
}

void take(std::string_view& text, std::string_view expected) {
    TORC_ASSERT(text.starts_with(expected));
    text.remove_prefix(expected.size());
}

/// Takes a character off `text`, which has to be UTF-8; gives its code point, or -1 when it isn't.
std::int32_t take_code_point(std::string_view& text) {
    const auto lead = static_cast<std::uint8_t>(text.front());
    const int length = lead < 0x80       ? 1
                       : lead >> 5 == 6  ? 2
                       : lead >> 4 == 14 ? 3
                       : lead >> 3 == 30 ? 4
                                         : 0;
    if (length == 0 || text.size() < static_cast<std::size_t>(length)) {
        return -1;
    }
    std::int32_t code_point = length == 1 ? lead : lead & ((1 << (7 - length)) - 1);
    for (int i = 1; i < length; ++i) {
        const auto byte = static_cast<std::uint8_t>(text[static_cast<std::size_t>(i)]);
        if (byte >> 6 != 2) {
            return -1;
        }
        code_point = code_point * 64 + byte % 64;
    }
    text.remove_prefix(static_cast<std::size_t>(length));
    constexpr std::int32_t firsts[] = {0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code_point >= 0xD800 && code_point <= 0xDFFF;
    return code_point < firsts[length] || is_surrogate || code_point > 0x10FFFF ? -1 : code_point;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        if (take_code_point(text) < 0) {
            return false;
        }
    }
    return true;
}

/// Whether a reader sees nothing of it, or sees its neighbours in another order (some of them).
bool is_invisible(std::int32_t code_point) {
    return (code_point >= 0x7F && code_point <= 0x9F) || code_point == 0x200B ||
           code_point == 0x200E || code_point == 0x200F ||
           (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2060 && code_point <= 0x2069) || code_point == 0xFEFF;
}

void check_page_text(std::string_view page) {
    while (!page.empty()) {
        const std::int32_t code_point = take_code_point(page);
        TORC_ASSERT(code_point == '\n' || code_point >= 0x20);
        TORC_ASSERT(!is_invisible(code_point));
    }
}

void append_utf8(std::string& text, unsigned code_point) {
    if (code_point < 0x80) {
        text += static_cast<char>(code_point);
        return;
    }
    const int more = code_point < 0x800 ? 1 : code_point < 0x10000 ? 2 : 3;
    constexpr unsigned leads[] = {0, 0xC0, 0xE0, 0xF0};
    text += static_cast<char>(leads[more] | code_point >> (6 * more));
    for (int left = more - 1; left >= 0; --left) {
        text += static_cast<char>(0x80 | (code_point >> (6 * left) & 0x3F));
    }
}

/// What a mark stands for: "U+200B" a character, "0xFF" bytes.
void append_marked(std::string& text, std::string_view mark) {
    if (mark.starts_with("U+")) {
        append_utf8(text,
                    static_cast<unsigned>(std::stoul(std::string(mark.substr(2)), nullptr, 16)));
        return;
    }
    take(mark, "0x");
    TORC_ASSERT(!mark.empty() && mark.size() % 2 == 0);
    for (; !mark.empty(); mark.remove_prefix(2)) {
        text += static_cast<char>(std::stoi(std::string(mark.substr(0, 2)), nullptr, 16));
    }
}

/// The name that is shown, by what is seen alone: so no two names are shown alike.
std::string name_shown(std::string_view html) {
    std::string name;
    while (!html.empty()) {
        if (html.starts_with('<')) {
            take(html, "<i>");
            append_marked(name, take_until(html, "</i>"));
        } else if (html.starts_with('&')) {
            html.remove_prefix(1);
            const std::string_view entity = take_until(html, ";");
            TORC_ASSERT(entity == "amp" || entity == "lt" || entity == "gt");
            name += entity == "amp" ? '&' : entity == "lt" ? '<' : '>';
        } else {
            name += html.front();
            html.remove_prefix(1);
        }
    }
    return name;
}

std::string percent_decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        TORC_ASSERT(text[i] > ' ' && text[i] < 0x7F &&
                    !std::string_view("?#&'\":;").contains(text[i]));
        if (text[i] != '%') {
            plain += text[i];
            continue;
        }
        TORC_ASSERT(text.size() - i > 2);
        plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
    }
    return plain;
}

/// The names that a page's links lead to, and show, in its order.
std::vector<std::string> linked_names(std::string_view page) {
    take_until(page, "<tbody>\n");
    std::string_view rows = take_until(page, "</table>");
    std::vector<std::string> names;
    while (!rows.empty()) {
        std::string_view row = take_until(rows, "\n");
        if (row == "<tr><td><a href=\"../\">Parent directory</a><td><td>" ||
            row == "<tr><td colspan=\"3\">This directory is empty.") {
            continue;
        }
        take(row, "<tr><td><a href=\"");
        std::string name = percent_decoded(take_until(row, "\">"));
        TORC_ASSERT(name_shown(take_until(row, "</a><td")) == name);
        if (name.ends_with('/')) {
            name.pop_back();
        }
        names.push_back(std::move(name));
    }
    return names;
}

/// A strict parser (RFC 8259) of what a listing may hold.
class JsonReader {
public:
    explicit JsonReader(std::string_view text) : rest_(text) {}

    /// The names in a whole listing.
    std::vector<std::string> names() {
        std::vector<std::string> names;
        TORC_ASSERT(token() == '[');
        skip_space();
        if (!rest_.starts_with(']')) {
            do {
                names.push_back(entry());
            } while (next_is(','));
        }
        TORC_ASSERT(token() == ']');
        TORC_ASSERT(rest_.empty());
        return names;
    }

private:
    std::string entry() {
        TORC_ASSERT(token() == '{');
        std::string name = member("name");
        const bool is_file = next_member("type") == "file";
        TORC_ASSERT(next_member("mtime").ends_with(" GMT"));
        if (is_file) {
            TORC_ASSERT(token() == ',' && string() == "size" && token() == ':');
            const std::size_t digits = rest_.find_first_not_of("0123456789");
            TORC_ASSERT(digits == 1 || (digits != 0 && rest_.front() != '0'));
            rest_.remove_prefix(digits);
        }
        TORC_ASSERT(token() == '}');
        return name;
    }

    std::string next_member(std::string_view key) {
        TORC_ASSERT(token() == ',');
        return member(key);
    }

    std::string member(std::string_view key) {
        TORC_ASSERT(string() == key);
        TORC_ASSERT(token() == ':');
        return string();
    }

    std::string string() {
        TORC_ASSERT(token() == '"');
        std::string text;
        while (!rest_.starts_with('"')) {
            const std::string_view before = rest_;
            const std::int32_t code_point = take_code_point(rest_);
            TORC_ASSERT(code_point >= 0x20 && !is_invisible(code_point));
            if (code_point == '\\') {
                text += escaped();
            } else {
                text += before.substr(0, before.size() - rest_.size());
            }
        }
        rest_.remove_prefix(1);
        return text;
    }

    std::string escaped() {
        constexpr std::string_view letters = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        TORC_ASSERT(!rest_.empty());
        const char letter = rest_.front();
        rest_.remove_prefix(1);
        if (letter != 'u') {
            TORC_ASSERT(letters.contains(letter));
            return {meanings[letters.find(letter)]};
        }
        unsigned code_point = code_unit();
        if (code_point >= 0xD800 && code_point < 0xDC00) {
            TORC_ASSERT(rest_.starts_with("\\u"));
            rest_.remove_prefix(2);
            const unsigned low = code_unit();
            TORC_ASSERT(low >= 0xDC00 && low < 0xE000);
            code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
        }
        std::string text;
        append_utf8(text, code_point);
        return text;
    }

    unsigned code_unit() {
        const std::string digits(rest_.substr(0, 4));
        TORC_ASSERT(digits.size() == 4 &&
                    digits.find_first_not_of("0123456789ABCDEFabcdef") == std::string::npos);
        rest_.remove_prefix(4);
        return static_cast<unsigned>(std::stoul(digits, nullptr, 16));
    }

    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \r\n"), rest_.size()));
    }

    char token() {
        skip_space();
        TORC_ASSERT(!rest_.empty());
        const char character = rest_.front();
        rest_.remove_prefix(1);
        return character;
    }

    bool next_is(char character) {
        skip_space();
        const bool is_next = rest_.starts_with(character);
        rest_.remove_prefix(is_next ? 1 : 0);
        return is_next;
    }

    std::string_view rest_;
};

struct Input {
    ListingStyle style;
    std::string path;
    Directory directory;
};

/// The first byte is the style. Then come records that end with NUL: the path, and entries, whose
/// first byte is their kind, their time and their size.
Input decode(std::string_view data) {
    Input input;
    const auto style = static_cast<std::uint8_t>(data.front());
    input.style = {.format = ListingFormat::html,
                   .order = static_cast<ListingOrder>(style % 3),
                   .is_descending = style % 2 == 1};
    input.directory.is_truncated = style >= 128;
    data.remove_prefix(1);
    std::set<std::string> names;
    bool is_path = true;
    while (!data.empty()) {
        const std::string_view record = data.substr(0, data.find('\0'));
        data.remove_prefix(std::min(record.size() + 1, data.size()));
        if (is_path) {
            input.path = record.empty() ? "" : std::string(record) + '/';
            is_path = false;
            continue;
        }
        const std::string name(record.empty() ? record : record.substr(1));
        if (name.empty() || name.contains('/') || !names.insert(name).second) {
            continue;
        }
        const auto byte = static_cast<std::uint8_t>(record.front());
        input.directory.entries.push_back(
            {.name = name,
             .kind = byte % 2 == 0 ? Kind::regular : Kind::directory,
             .size = std::uint64_t{1} << (byte / 4),
             .modified = torc::WallTime(std::chrono::hours(byte % 7))});
    }
    return input;
}

/// The same directory with names that need no care.
Input tamed(Input input) {
    for (std::size_t i = 0; i < input.directory.entries.size(); ++i) {
        input.directory.entries[i].name = std::to_string(i);
    }
    std::ranges::replace_if(input.path, [](char character) { return character != '/'; }, 'a');
    return input;
}

/// Without what stands for characters that can't be seen.
std::string without_marks(std::string_view page) {
    std::string text;
    while (!page.empty()) {
        const std::size_t mark = std::min(page.find("<i>"), page.size());
        text += page.substr(0, mark);
        page.remove_prefix(mark);
        if (!page.empty()) {
            take_until(page, "</i>");
        }
    }
    return text;
}

void check_markup(std::string_view page, std::string_view tame_page) {
    const std::string marked = without_marks(page);
    for (const char character : {'<', '>', '\n'}) {
        TORC_ASSERT(std::ranges::count(marked, character) ==
                    std::ranges::count(tame_page, character));
    }
}

void check_names(const Directory& directory, std::vector<std::string> linked,
                 const std::vector<std::string>& named) {
    TORC_ASSERT(linked.size() == directory.entries.size() && named.size() == linked.size());
    for (std::size_t i = 0; i < linked.size(); ++i) {
        TORC_ASSERT(is_utf8(linked[i]) ? named[i] == linked[i] : named[i].contains(replacement));
    }
    std::vector<std::string> names;
    for (const DirectoryEntry& entry : directory.entries) {
        names.push_back(entry.name);
    }
    std::ranges::sort(names);
    std::ranges::sort(linked);
    TORC_ASSERT(linked == names);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    Input input = decode({reinterpret_cast<const char*>(data), size});
    const std::string page = render_listing(input.path, input.directory, input.style);
    check_page_text(page);
    const Input tame = tamed(input);
    check_markup(page, render_listing(tame.path, tame.directory, tame.style));

    ListingStyle json_style = input.style;
    json_style.format = ListingFormat::json;
    const std::string json = render_listing(input.path, input.directory, json_style);
    check_names(input.directory, linked_names(page), JsonReader(json).names());

    std::vector<DirectoryEntry>& entries = input.directory.entries;
    std::ranges::reverse(entries);
    TORC_ASSERT(render_listing(input.path, input.directory, input.style) == page);
    std::ranges::rotate(entries, entries.begin() + static_cast<std::ptrdiff_t>(entries.size() / 2));
    TORC_ASSERT(render_listing(input.path, input.directory, json_style) == json);
    return 0;
}
