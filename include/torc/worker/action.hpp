#pragma once

#include <torc/io/proactor.hpp>
#include <torc/net/proxy_header.hpp>
#include <torc/worker/access_control.hpp>

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace torc::worker {

/// Receive what comes; then Connection::on_received.
struct Receive {};

/// Send what is left of a message; then Connection::on_sent.
struct Send {
    /// The whole message. It and what it points to live until the connection's next event.
    const msghdr* message = nullptr;
    /// How many of its first bytes were sent already.
    std::size_t sent_bytes = 0;
    /// The next bytes come without a wait, so the kernel may hold back a partial segment for them
    /// (MSG_MORE). False where they come from a file system that may not answer.
    bool more_follows = false;
};

/// Send bytes of a file, as many as one operation takes; then Connection::on_file_sent.
struct SendFile {
    /// What is left of a part of the file: of all of it, or of one range. `socket` and `way` are
    /// for the caller to fill in.
    io::FileSlice slice;
    /// Length of the whole part, of which the slice is the end.
    std::uint64_t part_bytes = 0;

    /// From here on a part is better copied for a peer on this machine (io::FileSlice::Way).
    static constexpr std::uint64_t copied_part_bytes_min = std::uint64_t{2} * 1024 * 1024;
    [[nodiscard]] bool is_part_long() const noexcept { return part_bytes >= copied_part_bytes_min; }
};

/// Load an asset, no operation being in flight; then Connection::on_loaded.
struct Load {
    /// Path or key of the asset (see site::Site::find). Lives as long as the bytes of the event
    /// that led to this.
    std::string_view key;
    /// Which of the worker's trees it is of.
    std::uint32_t tree = 0;
};

/// Check a password, no operation being in flight; then Connection::on_access_checked.
struct Verify {
    /// Lives as long as the bytes of the event that led to this.
    const AccessAttempt* attempt = nullptr;
};

/// Take note of who the client is, by the PROXY header that has come, no operation being in flight;
/// then Connection::on_introduced. If the header is malformed, or that client may not have another
/// connection: close.
struct Introduce {
    /// Lives until the connection's next event.
    const net::ProxyHeader* header = nullptr;
};

/// End the stream to the peer (SHUT_WR) and receive; then Connection::on_received. The peer may
/// still send, and a close now would reset the connection before it has read the response
/// (RFC 9112 §9.6).
struct Linger {};

/// Close: the connection is over.
struct Close {};

/// What a connection wants done next. All but `Load`, `Verify`, `Introduce` and `Close` begin
/// exactly one operation.
using Action = std::variant<Receive, Send, SendFile, Load, Verify, Introduce, Linger, Close>;

}  // namespace torc::worker
