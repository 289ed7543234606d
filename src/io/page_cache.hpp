#pragma once

#include <cstdint>

namespace torc::io {

/// Whether sendfile(2) of [offset, offset + length) would find its first and last byte in the page
/// cache, asked with preadv2(2) and RWF_NOWAIT. (cachestat(2) would lie: it counts pages whose read
/// is still in flight.) False, too, where the file system can't say. Past the end of the file
/// counts as resident: there is nothing to wait for.
[[nodiscard]] bool is_resident(int file, std::uint64_t offset, std::uint64_t length) noexcept;

}  // namespace torc::io
