#pragma once

#include <torc/base/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace torc::http {

/// Request methods (RFC 9110 §9.3, RFC 5789) that torc tells apart; names are case-sensitive.
enum class Method : std::uint8_t {
    get,
    head,
    options,
    post,
    put,
    delete_,  // NOLINT(readability-identifier-naming): "delete" is a keyword.
    patch,
    trace,
    connect,
    /// A valid token that is none of the above.
    unknown,
};

/// Fields that torc acts on or logs. The parser recognises them, so that nothing later compares
/// names.
enum class FieldName : std::uint8_t {
    accept,
    accept_encoding,
    authorization,
    connection,
    content_length,
    expect,
    host,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    range,
    referer,
    sec_fetch_dest,
    sec_fetch_mode,
    transfer_encoding,
    user_agent,
    /// Every other field.
    other,
};
inline constexpr std::size_t field_names_count = static_cast<std::size_t>(FieldName::other) + 1;

/// One field line of a request head.
struct Field {
    std::string_view name;
    /// Without the white space around it.
    std::string_view value;
    FieldName id;
};

/// A parsed request head. Every view points into the bytes that were parsed and lives as long as
/// they do.
///
/// 10 KiB and left uninitialised beyond `field_count`: keep one and parse into it again and again.
struct Request {
    Method method;
    /// Of HTTP/1.x: 0 or 1. (1.2 and higher minor versions are answered as 1.1, RFC 9110 §2.5.)
    std::uint8_t version_minor;
    /// Bit n is set when a field with id n is there, but never that of FieldName::other.
    std::uint32_t present;
    /// Bit n is set when more than one is.
    std::uint32_t repeated;
    std::uint32_t field_count;
    /// The head's length with the empty line that ends it (and any empty line before it).
    std::size_t head_bytes;
    std::string_view method_text;
    /// The request target as received (RFC 9112 §3.2).
    std::string_view target;
    /// "GET /x HTTP/1.1", for the access log.
    std::string_view request_line;
    /// By FieldName: where in `field_storage` the first field with that id is, if it is present.
    std::array<std::uint8_t, field_names_count> first_places;
    std::array<Field, limits::request_fields_cap> field_storage;

    [[nodiscard]] std::span<const Field> fields() const noexcept {
        return {field_storage.data(), field_count};
    }
    [[nodiscard]] bool has(FieldName id) const noexcept { return (present & bit(id)) != 0; }
    [[nodiscard]] bool has_several(FieldName id) const noexcept {
        return (repeated & bit(id)) != 0;
    }
    /// The first field line with that id; empty when there is none.
    [[nodiscard]] std::string_view value(FieldName id) const noexcept {
        return has(id) ? field_storage[first_place(id)].value : std::string_view();
    }
    /// All field lines with that id, and if there are several, others among them: one or none in
    /// all requests but odd ones.
    [[nodiscard]] std::span<const Field> lines(FieldName id) const noexcept {
        if (!has(id)) {
            return {};
        }
        return fields().subspan(first_place(id), has_several(id) ? std::dynamic_extent : 1);
    }
    /// What came is no request: nothing is known of it.
    void forget() noexcept {
        method = Method::unknown;
        present = 0;
        repeated = 0;
        field_count = 0;
        method_text = {};
        target = {};
        request_line = {};
    }
    /// Of an id in `present` and `repeated`.
    [[nodiscard]] static std::uint32_t bit(FieldName id) noexcept {
        return 1U << static_cast<unsigned>(id);
    }

private:
    [[nodiscard]] std::size_t first_place(FieldName id) const noexcept {
        return first_places[static_cast<std::size_t>(id)];
    }
};
static_assert(limits::request_fields_cap <= 256, "the place of a field fits into a byte");

}  // namespace torc::http
