#pragma once

#include <cstddef>
#include <string_view>

namespace torc::site {

/// What letters have to be, one after the other, to be a word.
struct WordShape {
    std::size_t letters_min;
    std::size_t vowels_min;
};

/// How many characters of a part of a file's name look as if a person had written them: words that
/// can be said, numbers, and what stands between them ('-' and '_'). All 8 of "DarkMode" and
/// "15-01-24", 7 of "Linux64x", 2 of "Xq3fWk9z". `text`: letters, digits, '-' and '_' of ASCII.
[[nodiscard]] std::size_t written_characters(std::string_view text, WordShape word) noexcept;

}  // namespace torc::site
