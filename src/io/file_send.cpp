#include "file_send.hpp"

#include <torc/base/limits.hpp>

#include "file_version.hpp"
#include "page_cache.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

namespace torc::io {
namespace {

/// Of a full segment to the peer. Asked anew each time: it grows with the first window that the
/// peer opens.
std::uint64_t segment_bytes(int socket) noexcept {
    int bytes = 0;
    socklen_t length = sizeof bytes;
    const bool is_tcp = ::getsockopt(socket, IPPROTO_TCP, TCP_MAXSEG, &bytes, &length) == 0;
    return is_tcp && bytes > 0 ? static_cast<std::uint64_t>(bytes) : limits::local_file_chunk_bytes;
}

/// How much of `slice` is sent before other connections are served. To a peer on this
/// machine whole segments: what is left over would be sent, taken and acknowledged like a segment
/// of its own, and each may have to wake the peer's CPU.
std::uint64_t piece_bytes(const FileSlice& slice) noexcept {
    if (slice.way == FileSlice::Way::referred) {
        return std::min<std::uint64_t>(slice.length, limits::send_file_chunk_bytes);
    }
    std::uint64_t piece = limits::local_file_chunk_bytes;
    const std::uint64_t segment = segment_bytes(slice.socket);
    if (segment <= piece) {
        piece = (piece / segment * segment) - (slice.preceding_bytes % segment);
    }
    return std::min(piece, slice.length);
}

FileSender::Attempt cold(const FileSlice& slice) noexcept {
    const auto wanted = std::min<std::uint64_t>(slice.length, limits::cold_file_chunk_bytes);
    return {.length = wanted, .is_cold = true};
}

FileSender::Attempt changed(std::uint64_t length) noexcept {
    errno = ESTALE;
    return {.sent = -1, .length = length};
}

FileSender::Attempt send_by_reference(const FileSlice& slice,
                                      std::uint64_t resident_bytes) noexcept {
    std::uint64_t length = piece_bytes(slice);
    if (resident_bytes > 0) {
        length = std::min(length, resident_bytes);
    } else if (!is_resident(slice.file, slice.offset, length)) {
        return cold(slice);
    }
    if (ends_changed(slice, length)) {
        return changed(length);
    }
    auto offset = static_cast<off_t>(slice.offset);
    ssize_t sent = 0;
    do {
        sent = ::sendfile(slice.socket, slice.file, &offset, length);
    } while (sent < 0 && errno == EINTR);
    return {.sent = sent, .length = length};
}

}  // namespace

Result<FileSender> FileSender::create() noexcept {
    auto buffer = Mapping::create(limits::local_file_chunk_bytes);
    if (!buffer) {
        return std::unexpected(buffer.error());
    }
    FileSender sender;
    sender.buffer_ = *std::move(buffer);
    return sender;
}

FileSender::Attempt FileSender::send(const FileSlice& slice,
                                     std::uint64_t resident_bytes) const noexcept {
    return slice.way == FileSlice::Way::copied_by_segment
               ? copy(slice, resident_bytes)
               : send_by_reference(slice, resident_bytes);
}

FileSender::Attempt FileSender::copy(const FileSlice& slice,
                                     std::uint64_t resident_bytes) const noexcept {
    std::uint64_t length = piece_bytes(slice);
    if (resident_bytes > 0) {
        length = std::min(length, resident_bytes);
    }
    const std::span<std::byte> target(buffer_.data(), length);
    // What has just been read need not be in memory by the account of every file system.
    const ssize_t got = resident_bytes > 0 ? ::pread(slice.file, target.data(), length,
                                                     static_cast<off_t>(slice.offset))
                                           : read_if_resident(slice.file, target, slice.offset);
    if (got < 0) {
        return resident_bytes > 0 ? Attempt{.sent = got, .length = length} : cold(slice);
    }
    if (got == 0) {
        return {.sent = 0, .length = length};
    }
    const auto bytes = static_cast<std::uint64_t>(got);
    if (ends_changed(slice, bytes)) {
        return changed(bytes);
    }
    // So that the next piece fills up the last segment of this one.
    const int more = bytes < slice.length ? MSG_MORE : 0;
    ssize_t sent = 0;
    do {
        sent = ::send(slice.socket, buffer_.data(), bytes, MSG_NOSIGNAL | MSG_DONTWAIT | more);
    } while (sent < 0 && errno == EINTR);
    return {.sent = sent, .length = bytes};
}

}  // namespace torc::io
