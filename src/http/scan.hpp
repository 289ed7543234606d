#pragma once

#include "block.hpp"
#include "characters.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

// How far a request's bytes are what they should be. Most of the work of a parser is in here, so it
// is done by blocks of sixteen bytes where the processor can, and by characters where it can't
// (namespace scalar, against which the blocks are fuzzed). Nothing here reads beyond its input.

namespace torc::http {

namespace scalar {

/// As the functions of the same name below, a character at a time.
inline const char* skip_token(const char* cursor, const char* end) noexcept {
    return skip(CharacterClass::token, cursor, end);
}
inline const char* skip_host(const char* cursor, const char* end) noexcept {
    return skip(CharacterClass::host, cursor, end);
}
inline const char* skip_target(const char* cursor, const char* end) noexcept {
    return skip(CharacterClass::target, cursor, end);
}
inline std::size_t plain_path_bytes(std::string_view path) noexcept {
    char previous = '/';
    std::size_t bytes = 0;
    for (; bytes < path.size(); ++bytes) {
        const char character = path[bytes];
        if (!is_in(CharacterClass::target, character) || character == '%' || character == '?' ||
            character == '#' || (previous == '/' && (character == '/' || character == '.'))) {
            break;
        }
        previous = character;
    }
    return bytes;
}

class ControlCharacters {
public:
    ControlCharacters(const char* /*begin*/, const char* end) noexcept : end_(end) {}

    const char* next(const char* from) noexcept {
        return skip(CharacterClass::printable, from, end_);
    }

private:
    const char* end_;
};

}  // namespace scalar

#if TORC_HTTP_HAS_BLOCKS

namespace detail {

/// The first place in [cursor, end) that is set in the mask that `stops` makes of its block, or
/// `end`. A zero must be a stop.
template <typename Stops>
[[gnu::always_inline]] inline const char* find_stop(const char* cursor, const char* end,
                                                    Stops stops) noexcept {
    constexpr auto block_bytes = std::ptrdiff_t{sizeof(Block)};
    for (; end - cursor >= block_bytes; cursor += block_bytes) {
        if (const Mask mask = stops(load_block(cursor)); mask != 0) {
            return cursor + first_in(mask);
        }
    }
    // The zeros behind the last byte stop at the end.
    const Block rest = load_partial_block(cursor, static_cast<std::size_t>(end - cursor));
    return cursor + first_in(stops(rest));
}

inline Block letters(Block block) noexcept {
    return between(block | splat(0x20), 'a', 'z');
}

/// Of all tchars but letters and '-', and of what is no tchar.
inline Mask rare_in_token(Block block) noexcept {
    return mask_of(~(letters(block) | equal(block, '-')));
}

/// For a class whose characters are mostly the same few: `rare` gives the mask of all others, which
/// are then looked up one by one.
template <CharacterClass Wanted, typename Rare>
[[gnu::always_inline]] inline const char* skip_mostly(const char* cursor, const char* end,
                                                      Rare rare) noexcept {
    while (true) {
        cursor = find_stop(cursor, end, rare);
        if (cursor == end || !is_in(Wanted, *cursor)) {
            return cursor;
        }
        ++cursor;
    }
}

}  // namespace detail

/// The first place in [cursor, end) that is no tchar, or `end`.
inline const char* skip_token(const char* cursor, const char* end) noexcept {
    return detail::skip_mostly<CharacterClass::token>(cursor, end, detail::rare_in_token);
}

/// The same for CharacterClass::host.
inline const char* skip_host(const char* cursor, const char* end) noexcept {
    return detail::skip_mostly<CharacterClass::host>(cursor, end, [](Block block) {
        return mask_of(
            ~(detail::letters(block) | between(block, '0', '9') | between(block, '-', '.')));
    });
}

/// The same for CharacterClass::target.
inline const char* skip_target(const char* cursor, const char* end) noexcept {
    return detail::find_stop(cursor, end, [](Block block) {
        return mask_of(at_most(block, ' ') | equal(block, '\x7F'));
    });
}

/// The first place in [cursor, end) that is neither a letter nor '-', which can be a tchar still;
/// null when none is in the first block, or there is no whole block. For what is mostly a short
/// token, and skip_token otherwise.
[[gnu::always_inline]] inline const char* skip_letters_nearby(const char* cursor,
                                                              const char* end) noexcept {
    if (end - cursor < std::ptrdiff_t{sizeof(Block)}) {
        return nullptr;
    }
    const Mask rare = detail::rare_in_token(load_block(cursor));
    return rare != 0 ? cursor + first_in(rare) : nullptr;
}

/// The control characters of a text, one after another: all that is not in
/// CharacterClass::printable. They are found by windows of many bytes, so that a short value costs
/// no search of its own.
class ControlCharacters {
public:
    ControlCharacters(const char* begin, const char* end) noexcept
        : begin_(begin), end_(end), window_(window_from(begin, begin, end)) {}

    /// The first one in [from, end); `end` when there is none. `from` never goes back.
    [[gnu::always_inline]] const char* next(const char* from) noexcept {
        const auto offset = static_cast<std::size_t>(from - window_.begin);
        if (offset < window_bytes) {
            const std::uint64_t rest = window_.mask >> offset * mask_bits;
            if (rest != 0) {
                return from + first_in(rest);
            }
            from = window_.begin + window_bytes;
        }
        window_ = next_window(from, begin_, end_);
        return window_.mask != 0 ? window_.begin + first_in(window_.mask) : end_;
    }

private:
    /// As many as a word has bits for.
    static constexpr std::size_t window_bytes = 64 / mask_bits;

    struct Window {
        const char* begin;
        /// One bit for each control character, in the place of its byte.
        std::uint64_t mask;
    };

    static std::uint64_t mask_of_block(Block block) noexcept {
        constexpr std::uint64_t one_bit_each = ~std::uint64_t{0} / ((1U << mask_bits) - 1);
        return mask_of(at_most(block, '\x1F') | equal(block, '\x7F')) & one_bit_each;
    }

    [[gnu::always_inline]] static std::uint64_t mask_of_window(const char* place) noexcept {
        std::uint64_t mask = 0;
#pragma GCC unroll 4
        for (std::size_t offset = 0; offset < window_bytes; offset += sizeof(Block)) {
            mask |= mask_of_block(load_block(place + offset)) << offset * mask_bits;
        }
        return mask;
    }

    /// The first window from `from` on that has any, or the last one. Not inlined, for it would
    /// take the registers of those who use it.
    [[gnu::noinline]] static Window next_window(const char* from, const char* begin,
                                                const char* end) noexcept {
        for (; static_cast<std::size_t>(end - from) >= window_bytes; from += window_bytes) {
            if (const std::uint64_t mask = mask_of_window(from); mask != 0) {
                return {.begin = from, .mask = mask};
            }
        }
        return last_window(from, begin, end);
    }

    static Window window_from(const char* from, const char* begin, const char* end) noexcept {
        return static_cast<std::size_t>(end - from) >= window_bytes
                   ? Window{.begin = from, .mask = mask_of_window(from)}
                   : last_window(from, begin, end);
    }

    /// Of the bytes from `from` on, fewer than a window has.
    static Window last_window(const char* from, const char* begin, const char* end) noexcept {
        if (from == end) {
            return {.begin = end, .mask = 1};  // As behind every last byte, see below.
        }
        if (static_cast<std::size_t>(end - begin) >= window_bytes) {
            // A whole one that ends with them; what it has before them was given already.
            const char* const place = end - window_bytes;
            const auto given = static_cast<std::size_t>(from - place);
            return {.begin = place,
                    .mask = mask_of_window(place) >> given * mask_bits << given * mask_bits};
        }
        std::uint64_t mask = 0;
        const auto bytes = static_cast<std::size_t>(end - from);
        std::size_t offset = 0;
        for (; bytes - offset >= sizeof(Block); offset += sizeof(Block)) {
            mask |= mask_of_block(load_block(from + offset)) << offset * mask_bits;
        }
        // The zeros behind the last byte are control characters, the first of them at the end.
        const Block rest = load_partial_block(from + offset, bytes - offset);
        mask |= mask_of_block(rest) << offset * mask_bits;
        return {.begin = from, .mask = mask};
    }

    const char* begin_;
    const char* end_;
    Window window_;
};

/// How much of a path, or of a path and a query, is already as Target::path has to be: up to a '?',
/// to what has to be decoded or refused, or to the second character of "//" or "/.". `path`:
/// without its leading slash.
inline std::size_t plain_path_bytes(std::string_view path) noexcept {
    Mask after_slash = 1;
    const auto stops = [&after_slash](Block block) {
        constexpr unsigned last_bit = (sizeof(Block) - 1) * mask_bits;
        const Block slashes = equal(block, '/');
        const Mask slash_mask = mask_of(slashes);
        const Mask begins_segment = slash_mask << mask_bits | after_slash;
        after_slash = slash_mask >> last_bit;
        return (begins_segment & mask_of(slashes | equal(block, '.'))) |
               mask_of(at_most(block, ' ') | equal(block, '%') | equal(block, '?') |
                       equal(block, '#') | equal(block, '\x7F'));
    };
    const char* const end = path.data() + path.size();
    return static_cast<std::size_t>(detail::find_stop(path.data(), end, stops) - path.data());
}

#else

using scalar::ControlCharacters;
using scalar::plain_path_bytes;
using scalar::skip_host;
using scalar::skip_target;
using scalar::skip_token;

inline const char* skip_letters_nearby(const char* /*cursor*/, const char* /*end*/) noexcept {
    return nullptr;
}

#endif

}  // namespace torc::http
