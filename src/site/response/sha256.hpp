#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// SHA-256 at compile time, for the hashes of a Content-Security-Policy: by the book, and slow.

namespace torc::site {

namespace detail {

using Sha256State = std::array<std::uint32_t, 8>;

/// The first 32 bits of the fractional part of the cube roots of the first 64 primes, and of the
/// square roots of the first 8 (FIPS 180-4 §4.2.2, §5.3.3).
inline constexpr std::array<std::uint32_t, 64> sha256_constants = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
inline constexpr Sha256State sha256_start = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

constexpr std::uint32_t rotated(std::uint32_t word, unsigned bits) noexcept {
    return word >> bits | word << (32 - bits);
}

/// `byte(i)`: the i-th of the padded message, of which this is the block that begins at `begin`.
template <typename Byte>
constexpr void add_sha256_block(Sha256State& state, std::size_t begin, Byte byte) noexcept {
    std::array<std::uint32_t, 64> words{};
    for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t k = 0; k < 4; ++k) {
            words[i] = words[i] << 8U | byte(begin + 4 * i + k);
        }
    }
    for (std::size_t i = 16; i < words.size(); ++i) {
        const std::uint32_t before15 = words[i - 15];
        const std::uint32_t before2 = words[i - 2];
        words[i] = words[i - 16] + words[i - 7] +
                   (rotated(before15, 7) ^ rotated(before15, 18) ^ before15 >> 3U) +
                   (rotated(before2, 17) ^ rotated(before2, 19) ^ before2 >> 10U);
    }
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::uint32_t first = h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) +
                                    ((e & f) ^ (~e & g)) + sha256_constants[i] + words[i];
        const std::uint32_t second =
            (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + first;
        d = c;
        c = b;
        b = a;
        a = first + second;
    }
    const Sha256State mixed = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < state.size(); ++i) {
        state[i] += mixed[i];
    }
}

}  // namespace detail

/// Base64 of the SHA-256 of `text`: what a Content-Security-Policy has behind "sha256-".
consteval std::array<char, 44> sha256_base64(std::string_view text) {
    constexpr std::size_t block_bytes = 64;
    const std::size_t padded_bytes = (text.size() + 8) / block_bytes * block_bytes + block_bytes;
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        if (i < text.size()) {
            return static_cast<unsigned char>(text[i]);
        }
        if (i == text.size()) {
            return 0x80;
        }
        const std::size_t from_end = padded_bytes - 1 - i;
        return from_end < 8 ? (std::uint64_t{text.size()} * 8 >> (8 * from_end)) & 0xFFU : 0;
    };
    detail::Sha256State state = detail::sha256_start;
    for (std::size_t begin = 0; begin < padded_bytes; begin += block_bytes) {
        detail::add_sha256_block(state, begin, byte);
    }
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto bit = [&state](std::size_t i) {
        return i < 256 ? state[i / 32] >> (31 - i % 32) & 1U : 0;
    };
    std::array<char, 44> encoded{};
    for (std::size_t i = 0; i < encoded.size() - 1; ++i) {
        unsigned digit = 0;
        for (std::size_t k = 0; k < 6; ++k) {
            digit = digit << 1U | bit(6 * i + k);
        }
        encoded[i] = digits[digit];
    }
    encoded.back() = '=';
    return encoded;
}

}  // namespace torc::site
