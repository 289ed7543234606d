#include "page_cache.hpp"

#include <sys/uio.h>

#include <cstddef>

namespace torc::io {
namespace {

bool byte_is_resident(int file, std::uint64_t offset) noexcept {
    std::byte byte{};
    const iovec target{.iov_base = &byte, .iov_len = 1};
    return ::preadv2(file, &target, 1, static_cast<off_t>(offset), RWF_NOWAIT) >= 0;
}

}  // namespace

bool is_resident(int file, std::uint64_t offset, std::uint64_t length) noexcept {
    return byte_is_resident(file, offset) && byte_is_resident(file, offset + length - 1);
}

}  // namespace torc::io
