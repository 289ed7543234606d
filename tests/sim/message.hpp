#pragma once

#include <torc/base/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::sim {

/// The contents of a file at one time.
using Contents = std::shared_ptr<const std::string>;

/// A tag or date that a client has got with some contents.
struct Validator {
    std::string text;
    Contents contents;
};

/// A part of a file that a client asks for, as RFC 9110 §14.1.2 writes it.
struct RangeAsked {
    /// Nothing: a suffix of `last` bytes.
    std::optional<std::uint64_t> first;
    /// Nothing: to the end.
    std::optional<std::uint64_t> last;
};

/// What a client asks for, as bytes and as what they mean.
struct Request {
    enum class Means : std::uint8_t {
        /// GET or HEAD of `path`.
        file,
        /// One of `statuses`, whatever is in the tree.
        refusal,
    };

    std::string bytes{};
    Means means = Means::file;
    bool is_head = false;
    /// Decoded and normalised, from the root, without a slash at its beginning.
    std::string path{};
    std::vector<int> statuses{};
    /// The server may serve no request behind it on this connection.
    bool ends_connection = false;
    std::optional<RangeAsked> range{};
    std::optional<Validator> if_none_match{};
    std::optional<Validator> if_match{};
    std::optional<Validator> if_range{};
    std::optional<Validator> if_modified_since{};

    MonotonicTime begun_at{};
    /// When all of it was the client's kernel's.
    MonotonicTime sent_at = never;
    WallTime begun_at_wall{};
};

struct Response {
    int status = 0;
    /// By names in lower case.
    std::map<std::string, std::string, std::less<>> fields{};
    std::string body{};
    MonotonicTime head_at{};
    MonotonicTime done_at{};

    /// Empty: it has none.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    [[nodiscard]] bool ends_connection() const { return field("connection") == "close"; }
};

/// Reads the responses of one connection, strictly: whatever a client could read in two ways is an
/// error.
class ResponseReader {
public:
    /// Takes what was received. Empty: it is as it should be so far; else what is wrong.
    [[nodiscard]] std::string take(std::string_view bytes);
    /// Gives the next response to a request for HEAD, or another, if it is whole.
    [[nodiscard]] std::optional<Response> next(bool is_head, std::string& error);
    /// Bytes that no response was made of yet.
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return bytes_.size(); }

private:
    std::string bytes_;
};

/// As RFC 9110 §5.6.7 writes it.
[[nodiscard]] std::string http_date(WallTime time);

}  // namespace torc::sim
