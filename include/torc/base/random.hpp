#pragma once

#include <cstdint>
#include <string_view>

namespace torc {

/// A number that nobody can foretell, from getrandom(2). Throws std::system_error where a filter
/// forbids that call. For the start: it is a system call.
[[nodiscard]] std::uint64_t random_number();

/// 128 secret bits.
struct SecretKey {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    /// Throws what random_number throws.
    [[nodiscard]] static SecretKey random();
};

/// SipHash-2-4 of `message` (Aumasson and Bernstein, 2012): without the key, no output can be told
/// from others, nor the key from any number of them.
[[nodiscard]] std::uint64_t siphash(SecretKey key, std::string_view message) noexcept;
/// The same of the eight bytes of `message`, least significant first.
[[nodiscard]] std::uint64_t siphash(SecretKey key, std::uint64_t message) noexcept;

}  // namespace torc
