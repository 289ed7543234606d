#pragma once

#include <torc/http/request.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

// Which of the fields that torc knows a name is.

namespace torc::http {

namespace detail {

/// By FieldName, in lower case.
inline constexpr std::array<std::string_view, field_names_count> field_names = {
    "accept",         "accept-encoding",   "authorization",
    "connection",     "content-length",    "expect",
    "host",           "if-match",          "if-modified-since",
    "if-none-match",  "if-range",          "if-unmodified-since",
    "range",          "referer",           "sec-fetch-dest",
    "sec-fetch-mode", "transfer-encoding", "user-agent",
};

/// The bytes of a text from `offset` on as one number.
template <typename Word>
constexpr Word word_at(std::string_view text, std::size_t offset) noexcept {
    std::array<char, sizeof(Word)> bytes{};
    std::copy_n(text.data() + offset, bytes.size(), bytes.begin());
    return std::bit_cast<Word>(bytes);
}

/// Whether a name of the same length is that of `Id`, in any case. A name holds tchars only, and of
/// those setting bit 5 makes a letter or '-' of nothing that was not that letter or '-'. By words,
/// the last of which overlaps the one before; by characters g++ makes a loop of it.
template <FieldName Id>
[[gnu::always_inline]] inline bool is_name(std::string_view name) noexcept {
    constexpr std::string_view lower = field_names[static_cast<std::size_t>(Id)];
    using Word = std::conditional_t<(lower.size() < 8), std::uint32_t, std::uint64_t>;
    constexpr auto bit_5 = static_cast<Word>(0x2020'2020'2020'2020);
    for (std::size_t offset = 0; offset < lower.size(); offset += sizeof(Word)) {
        const std::size_t place = std::min(offset, lower.size() - sizeof(Word));
        if ((word_at<Word>(name, place) | bit_5) != word_at<Word>(lower, place)) {
            return false;
        }
    }
    return true;
}

template <FieldName First, FieldName... Rest>
[[gnu::always_inline]] inline FieldName one_of(std::string_view name) noexcept {
    if (is_name<First>(name)) {
        return First;
    }
    if constexpr (sizeof...(Rest) > 0) {
        return one_of<Rest...>(name);
    } else {
        return FieldName::other;
    }
}

}  // namespace detail

[[gnu::always_inline]] inline FieldName field_name_of(std::string_view name) noexcept {
    using enum FieldName;
    using detail::one_of;
    switch (name.size()) {
        case 4:
            return one_of<host>(name);
        case 5:
            return one_of<range>(name);
        case 6:
            return one_of<accept, expect>(name);
        case 7:
            return one_of<referer>(name);
        case 8:
            return one_of<if_match, if_range>(name);
        case 10:
            return one_of<connection, user_agent>(name);
        case 13:
            return one_of<if_none_match, authorization>(name);
        case 14:
            return one_of<content_length, sec_fetch_dest, sec_fetch_mode>(name);
        case 15:
            return one_of<accept_encoding>(name);
        case 17:
            return one_of<if_modified_since, transfer_encoding>(name);
        case 19:
            return one_of<if_unmodified_since>(name);
        default:
            return other;
    }
}

}  // namespace torc::http
