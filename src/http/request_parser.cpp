#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/request_parser.hpp>

#include "field_name.hpp"
#include "scan.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace torc::http {
namespace {

constexpr std::string_view line_end = "\r\n";
/// Where a request line may begin: at the front, or after one empty line (RFC 9112 §2.2).
constexpr std::size_t request_line_offset_max = line_end.size();

std::string_view view(const char* begin, const char* end) noexcept {
    return {begin, static_cast<std::size_t>(end - begin)};
}

Method method_of(std::string_view name) noexcept {
    switch (name.size()) {
        case 3:
            return is_literally(name, "GET")   ? Method::get
                   : is_literally(name, "PUT") ? Method::put
                                               : Method::unknown;
        case 4:
            return is_literally(name, "HEAD")   ? Method::head
                   : is_literally(name, "POST") ? Method::post
                                                : Method::unknown;
        case 5:
            return is_literally(name, "PATCH")   ? Method::patch
                   : is_literally(name, "TRACE") ? Method::trace
                                                 : Method::unknown;
        case 6:
            return is_literally(name, "DELETE") ? Method::delete_ : Method::unknown;
        case 7:
            return is_literally(name, "OPTIONS")   ? Method::options
                   : is_literally(name, "CONNECT") ? Method::connect
                                                   : Method::unknown;
        default:
            return Method::unknown;
    }
}

bool is_line_end(const char* cursor, const char* end) noexcept {
    return end - cursor >= 2 && std::memcmp(cursor, line_end.data(), line_end.size()) == 0;
}

/// A line's CRLF, a blank of a field value, or what may stand in neither: in one comparison.
bool is_blank_or_control(char character) noexcept {
    return static_cast<unsigned char>(character) <= ' ';
}

// The line parsers below take a line from `cursor` on and give the place where the next one begins.
// Null says that they stopped, and `result` why: it is malformed, or still incomplete when the line
// is.

/// Stops at `place`, which breaks the grammar or is the end of what there is. The verdict falls
/// when the line is complete, not before: so it is the same however the bytes arrive.
[[gnu::cold]] const char* stop(const char* place, const char* end, ParseResult verdict,
                               ParseResult& result) noexcept {
    if (view(place, end).contains('\n')) {
        result = verdict;
    }
    return nullptr;
}

ParseResult bad_request(std::string_view reason) noexcept {
    return {.state = ParseState::malformed, .status = Status::bad_request, .reason = reason};
}

/// From the version on to the end of the request line (RFC 9112 §2.3).
const char* parse_version(const char* cursor, const char* end, Request& request,
                          ParseResult& result) noexcept {
    constexpr std::string_view usual = "HTTP/1.1\r\n";
    if (std::cmp_greater_equal(end - cursor, usual.size()) &&
        std::memcmp(cursor, usual.data(), usual.size()) == 0) {
        request.version_minor = 1;
        return cursor + usual.size();
    }
    const std::size_t version_bytes = view(cursor, end).find('\n');
    if (version_bytes == std::string_view::npos) {
        return nullptr;
    }
    // HTTP-version = "HTTP/" DIGIT "." DIGIT, in upper case.
    const std::string_view version(cursor, version_bytes);
    if (!version.ends_with('\r')) {
        result = bad_request("bare LF after the request line");
        return nullptr;
    }
    if (version.size() != std::string_view("HTTP/1.1\r").size() || !version.starts_with("HTTP/") ||
        !is_digit(version[5]) || version[6] != '.' || !is_digit(version[7])) {
        result = bad_request("invalid HTTP version");
        return nullptr;
    }
    if (version[5] != '1') {
        result = {.state = ParseState::malformed,
                  .status = Status::http_version_not_supported,
                  .reason = "major HTTP version other than 1"};
        return nullptr;
    }
    request.version_minor = version[7] == '0' ? 0 : 1;
    return cursor + version_bytes + 1;
}

const char* parse_request_line(const char* cursor, const char* end, Request& request,
                               ParseResult& result) noexcept {
    const char* method_end = skip_letters_nearby(cursor, end);
    if (method_end == nullptr || *method_end != ' ') {
        method_end = skip_token(cursor, end);
    }
    if (method_end == cursor || method_end == end || *method_end != ' ') {
        return stop(method_end, end, bad_request("invalid method"), result);
    }
    if (*cursor == 'S' && view(cursor, end).starts_with("SSH-")) {
        // Who begins so is not waited for (see Opening), and so is not served either.
        return stop(cursor, end, bad_request("the identification of SSH"), result);
    }
    const char* const target = method_end + 1;
    const char* const target_end = skip_target(target, end);
    if (target_end == target || target_end == end || *target_end != ' ') {
        return stop(target_end, end, bad_request("invalid request target"), result);
    }
    const char* const version = target_end + 1;
    const char* const next_line = parse_version(version, end, request, result);
    if (next_line == nullptr) {
        return nullptr;
    }

    request.method_text = view(cursor, method_end);
    request.method = method_of(request.method_text);
    request.target = view(target, target_end);
    request.request_line = view(cursor, next_line - line_end.size());
    return next_line;
}

/// What is wrong where a field name should be, or with the byte that should be its colon.
std::string_view field_name_problem(const char* name, const char* place) noexcept {
    if (is_blank(*place)) {
        return place == name ? "obsolete line folding" : "white space before a field's colon";
    }
    switch (*place) {
        case ':':
            return "empty field name";
        case '\r':
        case '\n':
            return place == name ? "bare CR or LF" : "field line without a colon";
        default:
            return "invalid character in a field name";
    }
}

/// For a line without a field name and its colon. That is the empty line, which is no reason to
/// stop, or a malformed or incomplete one.
bool ends_fields(const char* line, const char* end, ParseResult& result) noexcept {
    if (is_line_end(line, end)) {
        return true;
    }
    const char* const place = skip_token(line, end);
    if (place != end) {
        stop(place, end, bad_request(field_name_problem(line, place)), result);
    }
    return false;
}

/// As find_colon, for any line.
[[gnu::noinline]] const char* find_any_colon(const char* line, const char* end) noexcept {
    if (line == end || !is_in(CharacterClass::token, *line)) {
        return nullptr;
    }
    const char* const place = skip_token(line, end);
    return place != end && *place == ':' ? place : nullptr;
}

/// The colon behind the field name that a line begins with; null when it does not.
[[gnu::always_inline]] inline const char* find_colon(const char* line, const char* end) noexcept {
    const char* const place = skip_letters_nearby(line, end);
    return place != nullptr && *place == ':' && place != line ? place : find_any_colon(line, end);
}

/// Without the white space around it. `begin`: behind the colon; there is a CR at `end`.
[[gnu::always_inline]] inline std::string_view trim_value(const char* begin,
                                                          const char* end) noexcept {
    // The colon ends this loop, if nothing else does.
    while (is_blank_or_control(end[-1])) {
        --end;
    }
    // As nearly everybody writes it.
    if (*begin == ' ' && !is_blank_or_control(begin[1])) {
        return view(begin + 1, end);
    }
    while (begin < end && is_blank_or_control(*begin)) {
        ++begin;
    }
    return view(begin, end);
}

/// Parses a field line from its colon on.
[[gnu::always_inline]] inline const char* parse_field_value(const char* colon, const char* end,
                                                            ControlCharacters& controls,
                                                            std::string_view& value,
                                                            ParseResult& result) noexcept {
    const char* value_end = controls.next(colon);
    if (!is_line_end(value_end, end)) {
        // It is a tab, which a value may hold, or ends what there is of the line.
        value_end = skip(CharacterClass::field_value, value_end, end);
        if (!is_line_end(value_end, end)) {
            return stop(value_end, end, bad_request("control character in a field value"), result);
        }
    }
    value = trim_value(colon + 1, value_end);
    return value_end + line_end.size();
}

ParseResult too_large(std::string_view reason) noexcept {
    return {.state = ParseState::malformed,
            .status = Status::request_header_fields_too_large,
            .reason = reason};
}

/// For the lines over the limit, which are checked but not kept: the head is refused at its end.
[[gnu::cold]] ParseResult refuse_fields(const char* cursor, const char* end) noexcept {
    ParseResult result;
    ControlCharacters controls(cursor, end);
    while (const char* const colon = find_colon(cursor, end)) {
        std::string_view value;
        cursor = parse_field_value(colon, end, controls, value, result);
        if (cursor == nullptr) {
            return result;
        }
    }
    return ends_fields(cursor, end, result) ? too_large("too many fields") : result;
}

/// Puts field lines into a request. What it counts and notes goes there at the end alone: else each
/// line would load and store it.
class FieldCollector {
public:
    FieldCollector(Request& request, std::size_t fields_max) noexcept
        : request_(request),
          next_(request.field_storage.data()),
          limit_(request.field_storage.data() + fields_max) {}

    [[nodiscard]] bool is_full() const noexcept { return next_ == limit_; }

    /// Precondition: it is not full.
    [[gnu::always_inline]] void add(std::string_view name, std::string_view value) noexcept {
        // Member by member, for of a whole field g++ makes a copy first.
        const FieldName id = field_name_of(name);
        next_->name = name;
        next_->value = value;
        next_->id = id;
        if (id != FieldName::other) {
            note(id);
        }
        ++next_;
        ++count_;
    }

    void finish() const noexcept {
        request_.present = present_;
        request_.repeated = repeated_;
        request_.field_count = count_;
    }

private:
    [[gnu::always_inline]] void note(FieldName id) noexcept {
        const std::uint32_t bit = Request::bit(id);
        if ((present_ & bit) != 0) {
            repeated_ |= bit;
            return;
        }
        present_ |= bit;
        request_.first_places[static_cast<std::size_t>(id)] = static_cast<std::uint8_t>(count_);
    }

    Request& request_;
    Field* next_;
    const Field* limit_;
    /// Of the lines before `next_`: to divide by a field's size costs more.
    std::uint32_t count_ = 0;
    std::uint32_t present_ = 0;
    std::uint32_t repeated_ = 0;
};

/// Parses the field lines that begin at `offset` and the empty line after them.
ParseResult parse_fields(std::string_view input, std::size_t offset, std::size_t fields_max,
                         Request& request) noexcept {
    const char* const begin = input.data();
    const char* const end = begin + input.size();
    FieldCollector fields(request, fields_max);

    ParseResult result;
    const char* cursor = begin + offset;
    ControlCharacters controls(cursor, end);
    while (const char* const colon = find_colon(cursor, end)) {
        const char* const line = cursor;
        std::string_view value;
        cursor = parse_field_value(colon, end, controls, value, result);
        if (cursor == nullptr) {
            return result;
        }
        if (fields.is_full()) {
            return refuse_fields(cursor, end);
        }
        fields.add(view(line, colon), value);
    }
    if (ends_fields(cursor, end, result)) {
        fields.finish();
        request.head_bytes = view(begin, cursor).size() + line_end.size();
        result.state = ParseState::parsed;
    }
    return result;
}

/// What a request line may take with its CRLF.
std::size_t window_bytes(const ParseLimits& limits) noexcept {
    return limits.line_bytes_max + line_end.size();
}

ParseResult parse_head(std::string_view input, const ParseLimits& limits,
                       Request& request) noexcept {
    const char* const begin = input.data();
    const std::size_t offset = is_line_end(begin, begin + input.size()) ? line_end.size() : 0;
    const std::string_view window = input.substr(offset, window_bytes(limits));

    ParseResult result;
    const char* const fields =
        parse_request_line(window.data(), window.data() + window.size(), request, result);
    if (fields == nullptr) {
        if (result.state == ParseState::incomplete && window.size() == window_bytes(limits)) {
            result = {.state = ParseState::malformed,
                      .status = Status::uri_too_long,
                      .reason = "request line too long"};
        }
        return result;
    }
    return parse_fields(input, view(begin, fields).size(), limits.fields_max, request);
}

/// Whether what came after `scanned_bytes` can end the verdict "incomplete": it holds the end of a
/// line, or reaches a size at which a request line is too long.
bool can_decide(std::string_view input, std::size_t scanned_bytes,
                const ParseLimits& limits) noexcept {
    const std::array decisive_sizes = {window_bytes(limits),
                                       window_bytes(limits) + request_line_offset_max};
    return input.substr(scanned_bytes).contains('\n') ||
           std::ranges::any_of(decisive_sizes, [&](std::size_t size) {
               return scanned_bytes < size && input.size() >= size;
           });
}

/// `input`: no longer than a head may be.
ParseResult parse_further(std::string_view input, std::size_t scanned_bytes,
                          const ParseLimits& limits, Request& request) noexcept {
    if (scanned_bytes > 0) {
        if (!can_decide(input, scanned_bytes, limits)) {
            return {};
        }
        // The lines before this one were complete and found valid. They are parsed again only once
        // the head is whole, so every byte is looked at a bounded number of times.
        const std::size_t line = input.substr(0, scanned_bytes).rfind('\n') + 1;
        if (line > request_line_offset_max) {
            const ParseResult result = parse_fields(input, line, limits.fields_max, request);
            if (result.state != ParseState::parsed) {
                return result;
            }
        }
    }
    return parse_head(input, limits, request);
}

}  // namespace

ParseResult parse_request(std::string_view input, std::size_t scanned_bytes, Request& request,
                          const ParseLimits& limits) noexcept {
    TORC_ASSERT(limits.line_bytes_max <= limits::request_line_bytes_cap &&
                limits.head_bytes_max <= limits::request_head_bytes_cap &&
                limits.fields_max <= limits::request_fields_cap);
    const std::string_view head = input.substr(0, limits.head_bytes_max);
    // More were scanned than a head may have by now: the limits can change.
    scanned_bytes = std::min(scanned_bytes, head.size());
    ParseResult result = parse_further(head, scanned_bytes, limits, request);
    if (result.state == ParseState::incomplete && head.size() == limits.head_bytes_max) {
        result = too_large("request head too long");
    }
    return result;
}

}  // namespace torc::http
