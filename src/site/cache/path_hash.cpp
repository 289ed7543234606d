#include <torc/base/random.hpp>
#include <torc/site/cache/path_hash.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace torc::site {
namespace {

std::uint64_t process_seed() {
    static const std::uint64_t seed = random_number();
    return seed;
}

}  // namespace

PathHash::PathHash() : seed_(process_seed()) {}

std::size_t PathHash::operator()(std::string_view path) const noexcept {
    return XXH3_64bits_withSeed(path.data(), path.size(), seed_);
}

}  // namespace torc::site
