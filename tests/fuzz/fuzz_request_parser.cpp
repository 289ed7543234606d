#include <torc/base/assert.hpp>
#include <torc/http/conditional.hpp>
#include <torc/http/framing.hpp>
#include <torc/http/request_parser.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// What holds for the parser whatever comes in:
// - every split of the input leads to the verdict on the whole, with and without `scanned_bytes`,
//   and so it does with limits that are soon reached;
// - no input of a head's limit is incomplete;
// - every view of a parsed request lies in its head;
// - a parsed request, printed in canonical form, parses to the same request.

namespace {

using torc::http::Field;
using torc::http::FieldName;
using torc::http::parse_request;
using torc::http::ParseLimits;
using torc::http::ParseResult;
using torc::http::ParseState;
using torc::http::Request;

bool operator==(const ParseResult& left, const ParseResult& right) {
    return left.state == right.state && left.status == right.status && left.reason == right.reason;
}

bool are_equal(const Field& left, const Field& right) {
    return left.name == right.name && left.value == right.value && left.id == right.id;
}

/// Equal in all but how the head was laid out.
bool mean_the_same(const Request& left, const Request& right) {
    return left.method == right.method && left.method_text == right.method_text &&
           left.target == right.target && left.version_minor == right.version_minor &&
           left.present == right.present &&
           std::ranges::equal(left.fields(), right.fields(), are_equal);
}

void check_views(std::string_view input, const Request& request) {
    TORC_ASSERT(request.head_bytes <= input.size());
    const std::string_view head = input.substr(0, request.head_bytes);
    TORC_ASSERT(head.ends_with("\r\n\r\n"));
    const auto is_inside = [head](std::string_view view) {
        return view.data() >= head.data() && view.data() + view.size() <= head.data() + head.size();
    };
    TORC_ASSERT(is_inside(request.method_text));
    TORC_ASSERT(is_inside(request.target));
    TORC_ASSERT(is_inside(request.request_line));
    for (const Field& field : request.fields()) {
        TORC_ASSERT(is_inside(field.name));
        TORC_ASSERT(is_inside(field.value));
        TORC_ASSERT(!field.name.empty());
        TORC_ASSERT(request.has(field.id) == (field.id != FieldName::other));
        TORC_ASSERT(field.value.find_first_of(std::string_view("\r\n\0", 3)) == field.value.npos);
    }
}

void check_splits(std::string_view input, const ParseResult& whole, const Request& request,
                  const ParseLimits& limits) {
    static Request other;
    // All splits of a short input; of a long one as many, spread over it.
    const std::size_t step = input.size() / 256 + 1;
    for (std::size_t split = 0; split <= input.size(); split += step) {
        const ParseResult part = parse_request(input.substr(0, split), 0, other, limits);
        const ParseResult decided = part.state == ParseState::incomplete
                                        ? parse_request(input, split, other, limits)
                                        : part;
        TORC_ASSERT(decided == whole);
        if (whole.state == ParseState::parsed) {
            TORC_ASSERT(mean_the_same(other, request));
            TORC_ASSERT(other.head_bytes == request.head_bytes);
            TORC_ASSERT(other.request_line == request.request_line);
        }
    }
}

void check_reprint(const Request& request) {
    std::string printed(request.method_text);
    printed += ' ';
    printed += request.target;
    printed += request.version_minor == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
    for (const Field& field : request.fields()) {
        printed += field.name;
        printed += ": ";
        printed += field.value;
        printed += "\r\n";
    }
    printed += "\r\n";
    // A value without the space that is put before it here can have filled the head to its limit.
    if (printed.size() > torc::limits::request_head_bytes_default) {
        return;
    }
    static Request again;
    TORC_ASSERT(parse_request(printed, 0, again).state == ParseState::parsed);
    TORC_ASSERT(mean_the_same(again, request));
    TORC_ASSERT(again.head_bytes == printed.size());
}

/// What reads the fields must survive them.
void read_fields(const Request& request) {
    using namespace torc::http;
    const DateSeconds now = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
    const Validators validators{.etag = "\"a\"", .last_modified = now - std::chrono::hours(1)};
    const auto framing = determine_framing(request);
    TORC_ASSERT(framing || !framing.error().reason.empty());
    (void)evaluate_preconditions(request, validators, now);
    (void)if_range_holds(request, validators, now);
}

void check(std::string_view input, const ParseLimits& limits) {
    static Request request;
    const ParseResult whole = parse_request(input, 0, request, limits);
    if (whole.state == ParseState::incomplete) {
        TORC_ASSERT(input.size() < limits.head_bytes_max);
    }
    check_splits(input, whole, request, limits);
    if (whole.state == ParseState::parsed) {
        TORC_ASSERT(request.request_line.size() <= limits.line_bytes_max);
        TORC_ASSERT(request.head_bytes <= limits.head_bytes_max);
        TORC_ASSERT(request.field_count <= limits.fields_max);
        check_views(input, request);
        check_reprint(request);
        read_fields(request);
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    check(input, {});
    check(input, {.line_bytes_max = 40, .head_bytes_max = 160, .fields_max = 4});
    check(input, {.line_bytes_max = 80, .head_bytes_max = 60, .fields_max = 100});
    return 0;
}
