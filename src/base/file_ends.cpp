#include <torc/base/file_ends.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace torc {

std::uint64_t FileEnds::hash(std::span<const std::byte> bytes) noexcept {
    return XXH3_64bits(bytes.data(), bytes.size());
}

}  // namespace torc
