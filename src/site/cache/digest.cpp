#include <torc/site/cache/digest.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace torc::site {
namespace {

Digest from(const XXH128_hash_t& hash) noexcept {
    return Digest{.high = hash.high64, .low = hash.low64};
}

}  // namespace

Digest Digest::of(std::string_view contents) noexcept {
    return from(XXH3_128bits(contents.data(), contents.size()));
}

struct Digester::State {
    XXH3_state_t xxh3;
};

Digester::Digester() : state_(std::make_unique<State>()) {
    XXH3_128bits_reset(&state_->xxh3);
}

Digester::~Digester() = default;

void Digester::add(std::span<const char> piece) noexcept {
    XXH3_128bits_update(&state_->xxh3, piece.data(), piece.size());
}

Digest Digester::digest() const noexcept {
    return from(XXH3_128bits_digest(&state_->xxh3));
}

}  // namespace torc::site
