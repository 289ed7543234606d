#pragma once

#include <torc/worker/request_body.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace torc::worker {

/// Bytes that a connection received and has not served yet: the beginning of a request, or requests
/// behind one whose response is under way. A copy, since received buffers go back at once.
class Backlog {
public:
    [[nodiscard]] std::string_view view() const noexcept {
        return std::string_view(bytes_).substr(served_bytes_);
    }

    /// Adds bytes that were received. Views are invalid then.
    void append(std::string_view bytes) {
        bytes_.erase(0, std::exchange(served_bytes_, 0));
        bytes_.append(bytes);
    }
    /// Keeps the last bytes of the view alone, which stays where it is.
    void keep_last(std::size_t bytes) noexcept { served_bytes_ = bytes_.size() - bytes; }
    /// Keeps nothing but `bytes`, which may be a part of the view.
    void assign(std::string_view bytes) {
        bytes_ = std::string(bytes);
        served_bytes_ = 0;
    }

    /// The parser has seen all of the view and found the head incomplete.
    void note_scanned() noexcept { scanned_bytes_ = view().size(); }
    /// How much of the view the parser has seen in vain, for the request at the front alone.
    [[nodiscard]] std::size_t take_scanned_bytes() noexcept {
        return std::exchange(scanned_bytes_, 0);
    }

    /// The body of the request at the front, if more of it had to be waited for before the request
    /// is served. It is not among the bytes: the head stands there, and what follows the body.
    std::optional<ChunkedBody> body;
    /// Whether more of that body has to be waited for. `bytes_max`: see ChunkedBody::is_awaited.
    [[nodiscard]] bool awaits_body(std::uint64_t bytes_max) const noexcept {
        return body && body->is_awaited(bytes_max);
    }

    /// A PROXY header has to come before anything else; the bytes are a part of it.
    bool awaits_proxy_header = false;

private:
    std::string bytes_;
    std::size_t served_bytes_ = 0;
    std::size_t scanned_bytes_ = 0;
};

}  // namespace torc::worker
