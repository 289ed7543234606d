#pragma once

#include <torc/base/mapping.hpp>
#include <torc/io/proactor.hpp>

#include <sys/types.h>

#include <cstdint>

namespace torc::io {

/// Sends pieces of files on local file systems without waiting for the disk or the peer, as
/// FileSlice::way says.
class FileSender {
public:
    /// Errors: ENOMEM.
    [[nodiscard]] static Result<FileSender> create() noexcept;

    struct Attempt {
        /// What sendfile(2) or send(2) gave, with errno; 0: the file ends before the slice. Fails
        /// with ESTALE where the slice would end with bytes of another version of the file.
        ssize_t sent = 0;
        /// What there was to send: if less was sent, the socket is full.
        std::uint64_t length = 0;
        /// True: nothing was tried, for that many bytes must be read into memory first.
        bool is_cold = false;
    };
    /// Sends the beginning of `slice`, of which the first `resident_bytes` are known to be in
    /// memory; 0: none is known to be.
    [[nodiscard]] Attempt send(const FileSlice& slice, std::uint64_t resident_bytes) const noexcept;

private:
    [[nodiscard]] Attempt copy(const FileSlice& slice, std::uint64_t resident_bytes) const noexcept;

    /// What is copied passes through it.
    Mapping buffer_;
};

}  // namespace torc::io
