#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

// Sixteen bytes that are looked at in one step: SSE2, which every x86-64 has, or NEON, which every
// aarch64 has. So nothing is chosen at run time, and all of it can be inlined. Other processors do
// without (see scan.hpp).

#if defined(__SSE2__)
#define TORC_HTTP_HAS_BLOCKS 1
#include <emmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__) && !defined(__AARCH64EB__)
#define TORC_HTTP_HAS_BLOCKS 1
#include <arm_neon.h>
#else
#define TORC_HTTP_HAS_BLOCKS 0
#endif

#if TORC_HTTP_HAS_BLOCKS

namespace torc::http {

/// Compilers make the vector instructions of it; comparisons give 0xFF for true and 0 for false.
using Block [[gnu::vector_size(16)]] = std::uint8_t;

constexpr Block splat(char character) noexcept {
    const auto byte = static_cast<std::uint8_t>(character);
    return Block{byte, byte, byte, byte, byte, byte, byte, byte,
                 byte, byte, byte, byte, byte, byte, byte, byte};
}

inline Block equal(Block block, char character) noexcept {
    return std::bit_cast<Block>(block == splat(character));
}
inline Block at_most(Block block, char character) noexcept {
    return std::bit_cast<Block>(block <= splat(character));
}
/// Of the characters from `first` to `last`, which both belong to them.
inline Block between(Block block, char first, char last) noexcept {
    // What is below the first becomes a large number.
    return at_most(block - splat(first), static_cast<char>(last - first));
}

inline Block load_block(const char* place) noexcept {
    Block block;
    std::memcpy(&block, place, sizeof block);
    return block;
}

namespace detail {

template <typename Word>
std::uint64_t load_word(const char* place) noexcept {
    Word word;
    std::memcpy(&word, place, sizeof word);
    return word;
}

}  // namespace detail

/// The `bytes` at `place`, fewer than a block has, and zeros behind them. Reads no other.
inline Block load_partial_block(const char* place, std::size_t bytes) noexcept {
    std::array<std::uint64_t, 2> halves{};
    // Two words that overlap as far as they must; where they do they are the same.
    if (bytes >= 8) {
        halves[0] = detail::load_word<std::uint64_t>(place);
        // By 8 bits less and 8 more, for by 64 is not allowed.
        halves[1] = detail::load_word<std::uint64_t>(place + bytes - 8) >> (8 * (15 - bytes)) >> 8U;
    } else if (bytes >= 4) {
        halves[0] = detail::load_word<std::uint32_t>(place) |
                    detail::load_word<std::uint32_t>(place + bytes - 4) << (8 * (bytes - 4));
    } else if (bytes > 0) {
        halves[0] = detail::load_word<std::uint8_t>(place) |
                    detail::load_word<std::uint8_t>(place + bytes / 2) << (8 * (bytes / 2)) |
                    detail::load_word<std::uint8_t>(place + bytes - 1) << (8 * (bytes - 1));
    }
    return std::bit_cast<Block>(halves);
}

#if defined(__SSE2__)

/// One group of `mask_bits` bits for each byte of a comparison's result, the first byte's lowest:
/// all of them set where it is true.
using Mask = std::uint32_t;
inline constexpr unsigned mask_bits = 1;
inline Mask mask_of(Block truths) noexcept {
    return static_cast<Mask>(_mm_movemask_epi8(std::bit_cast<__m128i>(truths)));
}

#else

using Mask = std::uint64_t;
inline constexpr unsigned mask_bits = 4;
inline Mask mask_of(Block truths) noexcept {
    // Of each pair of bytes the high half of one and the low half of the other remain.
    const auto pairs = std::bit_cast<uint16x8_t>(truths);
    return vget_lane_u64(vreinterpret_u64_u8(vshrn_n_u16(pairs, 4)), 0);
}

#endif

/// The place in the block of the first byte that is set. Precondition: one is.
template <std::unsigned_integral Word>
std::size_t first_in(Word mask) noexcept {
    return static_cast<unsigned>(std::countr_zero(mask)) / mask_bits;
}

}  // namespace torc::http

#endif
