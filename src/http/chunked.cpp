#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/chunked.hpp>

#include "characters.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

namespace torc::http {
namespace {

constexpr std::string_view bad_extension = "invalid chunk extension";
constexpr std::string_view bad_data_end = "chunk data without a CRLF behind it";
constexpr std::string_view bad_trailer = "invalid trailer field";

}  // namespace

static_assert(sizeof(ChunkedDecoder) <= 40 && std::is_trivially_copyable_v<ChunkedDecoder>,
              "small enough to be kept for every connection");
static_assert(limits::chunk_extension_bytes_max < std::numeric_limits<std::uint16_t>::max() &&
                  limits::trailer_bytes_max < std::numeric_limits<std::uint16_t>::max(),
              "the counters go one beyond");

ChunkedDecoder::Result ChunkedDecoder::feed(std::string_view input) noexcept {
    TORC_ASSERT(place_ != Place::finished && place_ != Place::malformed);
    std::size_t used = 0;
    while (used < input.size()) {
        if (place_ == Place::content) {
            used += skip_content(input.size() - used);
            continue;
        }
        place_ = take(input[used]);
        if (place_ == Place::malformed) {
            return {.state = ChunkedState::malformed, .bytes = used};
        }
        ++used;
        if (place_ == Place::finished) {
            return {.state = ChunkedState::finished, .bytes = used};
        }
    }
    return {.state = ChunkedState::incomplete, .bytes = used};
}

std::size_t ChunkedDecoder::skip_content(std::size_t available) noexcept {
    const std::uint64_t skipped = std::min<std::uint64_t>(available, remaining_bytes_);
    remaining_bytes_ -= skipped;
    content_bytes_ += skipped;
    if (remaining_bytes_ == 0) {
        place_ = Place::content_carriage_return;
    }
    return static_cast<std::size_t>(skipped);
}

ChunkedDecoder::Place ChunkedDecoder::fail(std::string_view reason) noexcept {
    reason_ = reason;
    return Place::malformed;
}

/// Goes on by a byte that is not content, and counts it towards its bound.
ChunkedDecoder::Place ChunkedDecoder::take(char character) noexcept {
    if (place_ >= Place::trailer_line_begin && ++trailer_bytes_ > limits::trailer_bytes_max) {
        return fail("trailer section too long");
    }
    const Place next = place_after(character);
    const bool is_extension = next >= Place::extension_end && next <= Place::extension_quoted_end;
    if (is_extension && ++extension_bytes_ > limits::chunk_extension_bytes_max) {
        return fail("chunk extensions too long");
    }
    return next;
}

/// One row a place, in the order of the grammar (RFC 9112 §7.1, §7.1.1, §7.1.2).
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a table, which is read by rows.
ChunkedDecoder::Place ChunkedDecoder::place_after(char character) noexcept {
    const bool is_token = is_in(CharacterClass::token, character);
    const bool is_value = is_in(CharacterClass::field_value, character);
    switch (place_) {
        case Place::size_begin:
        case Place::size:
            return place_after_size(character);
        case Place::extension_end:
            return is_blank(character) ? place_
                   : character == ';'  ? Place::extension_name_begin
                                       : fail(bad_extension);
        case Place::extension_name_begin:
            return is_blank(character) ? place_
                   : is_token          ? Place::extension_name
                                       : fail(bad_extension);
        case Place::extension_name:
            return is_token              ? place_
                   : is_blank(character) ? Place::extension_name_end
                   : character == '='    ? Place::extension_value_begin
                                         : place_after_extension(character);
        case Place::extension_name_end:
            return is_blank(character) ? place_
                   : character == '='  ? Place::extension_value_begin
                   : character == ';'  ? Place::extension_name_begin
                                       : fail(bad_extension);
        case Place::extension_value_begin:
            return is_blank(character) ? place_
                   : character == '"'  ? Place::extension_quoted_string
                   : is_token          ? Place::extension_token
                                       : fail(bad_extension);
        case Place::extension_token:
            return is_token ? place_ : place_after_extension(character);
        case Place::extension_quoted_string:
            return character == '"'    ? Place::extension_quoted_end
                   : character == '\\' ? Place::extension_quoted_pair
                   : is_value          ? place_
                                       : fail(bad_extension);
        case Place::extension_quoted_pair:
            return is_value ? Place::extension_quoted_string : fail(bad_extension);
        case Place::extension_quoted_end:
            return place_after_extension(character);
        case Place::size_line_feed:
            return character != '\n'      ? fail("bare CR after a chunk size")
                   : remaining_bytes_ > 0 ? Place::content
                                          : Place::trailer_line_begin;
        case Place::content_carriage_return:
            return character == '\r' ? Place::content_line_feed : fail(bad_data_end);
        case Place::content_line_feed:
            return character == '\n' ? Place::size_begin : fail(bad_data_end);
        case Place::trailer_line_begin:
            return is_token            ? Place::trailer_name
                   : character == '\r' ? Place::last_line_feed
                                       : fail(bad_trailer);
        case Place::trailer_name:
            return is_token ? place_ : character == ':' ? Place::trailer_value : fail(bad_trailer);
        case Place::trailer_value:
            return is_value            ? place_
                   : character == '\r' ? Place::trailer_line_feed
                                       : fail(bad_trailer);
        case Place::trailer_line_feed:
            return character == '\n' ? Place::trailer_line_begin : fail(bad_trailer);
        case Place::last_line_feed:
            return character == '\n' ? Place::finished : fail(bad_trailer);
        case Place::content:
        case Place::finished:
        case Place::malformed:
            break;
    }
    assertion_failed("content is skipped, and nothing follows the end");
}

/// chunk-size = 1*HEXDIG
ChunkedDecoder::Place ChunkedDecoder::place_after_size(char character) noexcept {
    constexpr std::uint64_t max = std::numeric_limits<std::int64_t>::max();
    const bool is_first = place_ == Place::size_begin;
    const int digit = hex_digit(character);
    if (digit < 0) {
        return is_first ? fail("invalid chunk size") : place_after_extension(character);
    }
    if (is_first) {
        remaining_bytes_ = 0;
    } else if (remaining_bytes_ == 0 && ++extension_bytes_ > limits::chunk_extension_bytes_max) {
        // A leading zero says as little as an extension, and could as well be sent without end.
        return fail("chunk size too long");
    }
    if (remaining_bytes_ > max / 16) {
        return fail("chunk size too large");
    }
    remaining_bytes_ = remaining_bytes_ * 16 + static_cast<std::uint64_t>(digit);
    return Place::size;
}

/// Behind a whole chunk-size or extension: another extension, or the end of the line.
ChunkedDecoder::Place ChunkedDecoder::place_after_extension(char character) noexcept {
    return character == '\r'     ? Place::size_line_feed
           : character == ';'    ? Place::extension_name_begin
           : is_blank(character) ? Place::extension_end
                                 : fail("invalid chunk size or extension");
}

}  // namespace torc::http
