#include "load/written_text.hpp"

#include <torc/base/ascii.hpp>

#include <algorithm>

namespace torc::site {
namespace {

using namespace std::string_view_literals;

bool is_vowel(char c) noexcept {
    return "aeiouy"sv.contains(to_lower(c));
}

/// The letters that `text` begins with, as far as they may be one word: "Dark" of "DarkMode", "IMG"
/// of "IMG_2034", "HTML" of "HTMLPage". Empty when it begins with none.
std::string_view first_word(std::string_view text) noexcept {
    const auto letters = [text](std::size_t begin, auto is_part) {
        const auto rest = text.substr(begin);
        return begin +
               static_cast<std::size_t>(std::ranges::find_if_not(rest, is_part) - rest.begin());
    };
    const std::size_t capitals = letters(0, is_upper);
    const std::size_t end = letters(capitals, is_lower);
    // The last of several capitals begins the next word.
    return text.substr(0, capitals > 1 && end > capitals ? capitals - 1 : end);
}

/// Whether it could be said: with vowels enough, and no five consonants in a row ("night" has
/// three, "landscape" four).
bool is_word(std::string_view letters, WordShape shape) noexcept {
    constexpr std::size_t consonants_max = 4;
    std::size_t consonants = 0;
    std::size_t vowels = 0;
    for (const char letter : letters) {
        const bool is_one = is_vowel(letter);
        vowels += is_one ? 1 : 0;
        consonants = is_one ? 0 : consonants + 1;
        if (consonants > consonants_max) {
            return false;
        }
    }
    return letters.size() >= shape.letters_min && vowels >= shape.vowels_min;
}

}  // namespace

std::size_t written_characters(std::string_view text, WordShape word) noexcept {
    std::size_t characters = 0;
    while (!text.empty()) {
        const std::string_view letters = first_word(text);
        const std::size_t taken = std::max<std::size_t>(letters.size(), 1);
        characters += letters.empty() || is_word(letters, word) ? taken : 0;
        text.remove_prefix(taken);
    }
    return characters;
}

}  // namespace torc::site
