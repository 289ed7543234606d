#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::http {

enum class ChunkedState : std::uint8_t {
    /// Valid so far: feed what comes next.
    incomplete,
    /// The body is whole.
    finished,
    /// Where the body ends can't be known: answer 400 and close the connection.
    malformed,
};

/// Finds the end of a body in chunked transfer coding (RFC 9112 §7.1). The content is counted and
/// dropped, and so are chunk extensions and trailer fields: nothing is buffered, a trailer field
/// never becomes a field of the request.
///
/// Strict, as parse_request is: a size is hexadecimal digits alone and at most 2^63-1, extensions
/// follow the grammar (§7.1.1), lines end in CRLF (a bare LF or CR is malformed), trailer fields
/// are field lines like those of a head (§5: no white space before the colon, no obs-fold, no
/// control characters). What is not content is bounded, so that a body can't go on for ever without
/// any: limits::chunk_extension_bytes_max and limits::trailer_bytes_max.
///
/// The verdict is a matter of the bytes alone, not of how they were cut, and falls at the first
/// byte that breaks the grammar or a bound.
class ChunkedDecoder {
public:
    struct Result {
        ChunkedState state = ChunkedState::incomplete;
        /// How many bytes of the input belong to the body: all while it is incomplete; those before
        /// the offending byte when it is malformed. What follows a finished body is the next
        /// request.
        std::size_t bytes = 0;
    };

    /// Takes the next bytes of the body. Precondition: no earlier call came to an end, be it
    /// finished or malformed.
    [[nodiscard]] Result feed(std::string_view input) noexcept;

    /// Bytes of content seen so far. A chunk that was announced counts only as far as it came.
    [[nodiscard]] std::uint64_t content_bytes() const noexcept { return content_bytes_; }
    /// Once malformed: what is wrong, for the log. Static storage.
    [[nodiscard]] std::string_view reason() const noexcept { return reason_; }

private:
    /// What the next byte has to belong to. In the order of a body: those of extensions and those
    /// of the trailer section stand together.
    enum class Place : std::uint8_t {
        size_begin,
        size,
        extension_end,
        extension_name_begin,
        extension_name,
        extension_name_end,
        extension_value_begin,
        extension_token,
        extension_quoted_string,
        extension_quoted_pair,
        extension_quoted_end,
        size_line_feed,
        content,
        content_carriage_return,
        content_line_feed,
        trailer_line_begin,
        trailer_name,
        trailer_value,
        trailer_line_feed,
        last_line_feed,
        finished,
        malformed,
    };

    [[nodiscard]] Place take(char character) noexcept;
    [[nodiscard]] Place place_after(char character) noexcept;
    [[nodiscard]] Place place_after_size(char character) noexcept;
    [[nodiscard]] Place place_after_extension(char character) noexcept;
    [[nodiscard]] Place fail(std::string_view reason) noexcept;
    [[nodiscard]] std::size_t skip_content(std::size_t available) noexcept;

    /// Of the chunk, beginning with its size.
    std::uint64_t remaining_bytes_ = 0;
    std::uint64_t content_bytes_ = 0;
    std::string_view reason_;
    std::uint16_t extension_bytes_ = 0;
    std::uint16_t trailer_bytes_ = 0;
    Place place_ = Place::size_begin;
};

}  // namespace torc::http
