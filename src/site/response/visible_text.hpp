#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace torc::site {

/// Whether a character shows as nothing, breaks the line, or reorders what is around it, so that
/// "gpj.exe" looks like "exe.jpg": the controls, what Unicode calls Default_Ignorable_Code_Point,
/// the line and paragraph separators and the interlinear annotations. Not the joiners and variation
/// selectors, which some scripts and emoji need: see `is_joining`.
[[nodiscard]] constexpr bool is_invisible(char32_t code_point) noexcept {
    struct Range {
        char32_t first;
        char32_t last;
    };
    constexpr Range ranges[] = {
        {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x034F, 0x034F},
        {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
        {0x200B, 0x200B},   {0x200E, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},
        {0x3164, 0x3164},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
        {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE00FF}, {0xE01F0, 0xE0FFF}};
    for (const Range& range : ranges) {
        if (code_point <= range.last) {
            return code_point >= range.first;
        }
    }
    return false;
}

/// Whether a character changes how its neighbours look and is not seen itself: U+200C, U+200D and
/// the variation selectors.
[[nodiscard]] constexpr bool is_joining(char32_t code_point) noexcept {
    return code_point == 0x200C || code_point == 0x200D ||
           (code_point >= 0xFE00 && code_point <= 0xFE0F) ||
           (code_point >= 0xE0100 && code_point <= 0xE01EF);
}

/// A text as HTML, for an element's content, in which every character can be seen and different
/// texts look different. What can't be seen is shown by its number in an element of its own,
/// "<i>U+200B</i>", and bytes that are not UTF-8 by theirs, "<i>0xFF</i>": no text can look like
/// that, for its own "<" is "&lt;". This holds for
/// - invisible characters (`is_invisible`), but not the soft spaces within a text,
/// - joining ones, but behind letters of a script that has a use for them, or emoji,
/// - spaces at the ends, of which there would be nothing to see.
/// It comes piece by piece, so that it can go wherever the caller likes without memory of its own.
class VisibleText {
public:
    /// `text` outlives this.
    explicit VisibleText(std::string_view text) noexcept;

    /// The next piece; empty at the end. Lives as long as the text and until the next call. Each is
    /// at most `piece_bytes_max` long, unless it is a run of the text itself.
    [[nodiscard]] std::string_view next() noexcept;

    static constexpr std::size_t piece_bytes_max = std::string_view("<i>U+10FFFF</i>").size();

private:
    [[nodiscard]] std::string_view mark(std::string_view prefix, char32_t number,
                                        std::size_t digits_min) noexcept;
    [[nodiscard]] std::string_view mark(char32_t code_point) noexcept;
    [[nodiscard]] std::string_view mark_bytes(std::string_view bytes) noexcept;
    [[nodiscard]] std::string_view next_character() noexcept;

    std::size_t spaces_before_;
    std::size_t spaces_behind_;
    /// What is left between them.
    std::string_view rest_;
    /// The character that was given last; 0 at the beginning and behind a mark.
    char32_t previous_ = 0;
    std::array<char, piece_bytes_max> piece_{};
};

/// Appends all pieces of it.
void append_visible(std::string& page, std::string_view text);

/// The same where there can be no elements, as in a title: in brackets, "[U+200B]".
void append_visible_without_elements(std::string& page, std::string_view text);

}  // namespace torc::site
