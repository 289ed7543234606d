#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace torc::io {

/// preadv2(2) of what is in the page cache, from `offset` on: as many bytes, or -1 with EAGAIN when
/// the first one is not there, or with EOPNOTSUPP where the file system can't say.
[[nodiscard]] ssize_t read_if_resident(int file, std::span<std::byte> target,
                                       std::uint64_t offset) noexcept;

/// Whether sendfile(2) of [offset, offset + length) would find its first and last byte in the page
/// cache, asked with preadv2(2) and RWF_NOWAIT. (cachestat(2) would lie: it counts pages whose read
/// is still in flight.) False, too, where the file system can't say. Past the end of the file
/// counts as resident: there is nothing to wait for.
[[nodiscard]] bool is_resident(int file, std::uint64_t offset, std::uint64_t length) noexcept;

}  // namespace torc::io
