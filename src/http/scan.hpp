#pragma once

#include "block.hpp"
#include "characters.hpp"

#include <cstddef>
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
inline const char* skip_printable(const char* cursor, const char* end) noexcept {
    return skip(CharacterClass::printable, cursor, end);
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
    return detail::skip_mostly<CharacterClass::token>(cursor, end, [](Block block) {
        return mask_of(~(detail::letters(block) | equal(block, '-')));
    });
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

/// The same for CharacterClass::printable.
inline const char* skip_printable(const char* cursor, const char* end) noexcept {
    return detail::find_stop(cursor, end, [](Block block) {
        return mask_of(at_most(block, '\x1F') | equal(block, '\x7F'));
    });
}

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

using scalar::plain_path_bytes;
using scalar::skip_host;
using scalar::skip_printable;
using scalar::skip_target;
using scalar::skip_token;

#endif

}  // namespace torc::http
