#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace torc {

inline constexpr char32_t replacement_character = U'\uFFFD';

struct Character {
    char32_t code_point = 0;
    /// As it stands in the text.
    std::string_view bytes;
    /// The bytes are not UTF-8; the code point is U+FFFD then.
    bool is_malformed = false;

    /// Its encoding, which is always well-formed.
    [[nodiscard]] std::string_view utf8() const noexcept { return is_malformed ? "\uFFFD" : bytes; }
};

/// How many bytes a character that begins with `first` has; 0: none begins so (Unicode 15 table
/// 3-7).
[[nodiscard]] std::size_t character_bytes(char first) noexcept;

/// Takes the first character off `text`, which is not empty. What is not well-formed becomes
/// U+FFFD, one for each maximal subpart, as browsers do it (Unicode 15 §3.9, WHATWG Encoding).
/// `bytes` live as long as the text.
[[nodiscard]] Character take_character(std::string_view& text) noexcept;

/// Appends a character as a string of JSON has it by its number: "\u200B"; two of them beyond
/// U+FFFF (RFC 8259 §7).
void append_json_number(std::string& out, char32_t code_point);

/// Appends `text`: runs of characters of ASCII that are plain as they are, every other character by
/// `append_character`.
template <typename IsPlain, typename AppendCharacter>
void append_escaped(std::string& out, std::string_view text, IsPlain is_plain,
                    AppendCharacter append_character) {
    while (!text.empty()) {
        // Most names consist of such a run alone.
        const auto plain_bytes =
            static_cast<std::size_t>(std::ranges::find_if_not(text, is_plain) - text.begin());
        out += text.substr(0, plain_bytes);
        text.remove_prefix(plain_bytes);
        if (!text.empty()) {
            append_character(out, take_character(text));
        }
    }
}

}  // namespace torc
