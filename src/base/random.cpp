#include <torc/base/random.hpp>

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <system_error>

namespace torc {
namespace {

/// The state of SipHash, named as in its paper.
struct SipState {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

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
};

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

std::uint64_t siphash(SecretKey key, std::uint64_t message) noexcept {
    SipState state{.v0 = key.first ^ 0x736f'6d65'7073'6575,
                   .v1 = key.second ^ 0x646f'7261'6e64'6f6d,
                   .v2 = key.first ^ 0x6c79'6765'6e65'7261,
                   .v3 = key.second ^ 0x7465'6462'7974'6573};
    state.compress(message);
    state.compress(std::uint64_t{sizeof message} << 56U);
    state.v2 ^= 0xff;
    for (int round = 0; round < 4; ++round) {
        state.round();
    }
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace torc
