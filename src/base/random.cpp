#include <torc/base/random.hpp>

#include <endian.h>
#include <sys/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace torc {
namespace {

/// The state of SipHash, named as in its paper.
struct SipState {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    explicit constexpr SipState(SecretKey key) noexcept
        : v0(key.first ^ 0x736f'6d65'7073'6575),
          v1(key.second ^ 0x646f'7261'6e64'6f6d),
          v2(key.first ^ 0x6c79'6765'6e65'7261),
          v3(key.second ^ 0x7465'6462'7974'6573) {}

    constexpr void round() noexcept {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }

    constexpr void compress(std::uint64_t word) noexcept {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }

    /// Of a message of `bytes` bytes, of which those behind the last whole word are `rest`.
    constexpr std::uint64_t finish(std::uint64_t rest, std::size_t bytes) noexcept {
        compress(rest | std::uint64_t{bytes} << 56U);
        v2 ^= 0xff;
        for (int count = 0; count < 4; ++count) {
            round();
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

/// The first bytes of `text`, at most eight, least significant first.
std::uint64_t word_of(std::string_view text) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), std::min(text.size(), sizeof word));
    return le64toh(word);
}

}  // namespace

std::uint64_t random_number() {
    std::uint64_t number = 0;
    while (::getrandom(&number, sizeof number, 0) != sizeof number) {
        if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "getrandom");
        }
    }
    return number;
}

SecretKey SecretKey::random() {
    return {.first = random_number(), .second = random_number()};
}

std::uint64_t siphash(SecretKey key, std::string_view message) noexcept {
    SipState state(key);
    std::string_view rest = message;
    for (; rest.size() >= sizeof(std::uint64_t); rest.remove_prefix(sizeof(std::uint64_t))) {
        state.compress(word_of(rest));
    }
    return state.finish(rest.empty() ? 0 : word_of(rest), message.size());
}

std::uint64_t siphash(SecretKey key, std::uint64_t message) noexcept {
    SipState state(key);
    state.compress(message);
    return state.finish(0, sizeof message);
}

}  // namespace torc
