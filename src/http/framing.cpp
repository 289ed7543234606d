#include <torc/http/framing.hpp>

#include "authority.hpp"
#include "characters.hpp"
#include "list.hpp"

#include <charconv>
#include <cstddef>
#include <limits>

namespace torc::http {
namespace {

/// The members of a field's lines taken as one list (RFC 9110 §5.3).
struct MemberCount {
    std::size_t wanted = 0;
    std::size_t others = 0;
    bool ends_with_wanted = false;
};

MemberCount count_members(const Request& request, FieldName id, std::string_view wanted) noexcept {
    MemberCount count;
    for (const Field& field : request.lines(id)) {
        if (field.id != id) {
            continue;
        }
        ListMembers members(field.value);
        for (auto member = members.next(); !member.empty(); member = members.next()) {
            count.ends_with_wanted = equals_ignoring_case(member, wanted);
            ++(count.ends_with_wanted ? count.wanted : count.others);
        }
    }
    return count;
}

Rejection bad_request(std::string_view reason) noexcept {
    return {.status = Status::bad_request, .reason = reason};
}

std::expected<void, Rejection> check_host(const Request& request) noexcept {
    if (!request.has(FieldName::host) && request.version_minor >= 1) {
        return std::unexpected(bad_request("no Host field"));
    }
    if (request.has_several(FieldName::host)) {
        return std::unexpected(bad_request("more than one Host field"));
    }
    // Empty is what RFC 9110 §7.2 asks of a client whose target URI has no authority.
    const std::string_view host = request.value(FieldName::host);
    if (!host.empty() && !is_authority(host)) {
        return std::unexpected(bad_request("invalid Host field"));
    }
    return {};
}

/// RFC 9112 §6.1 and §6.3: all that could let two parties see a different end of the body is
/// refused.
std::expected<void, Rejection> check_transfer_encoding(const Request& request) noexcept {
    if (request.version_minor == 0) {
        return std::unexpected(bad_request("Transfer-Encoding in HTTP/1.0"));
    }
    if (request.has(FieldName::content_length)) {
        return std::unexpected(bad_request("both Transfer-Encoding and Content-Length"));
    }
    const auto codings = count_members(request, FieldName::transfer_encoding, "chunked");
    if (!codings.ends_with_wanted) {
        return std::unexpected(bad_request("final transfer coding is not chunked"));
    }
    if (codings.wanted > 1) {
        return std::unexpected(bad_request("chunked transfer coding applied twice"));
    }
    if (codings.others > 0) {
        return std::unexpected(Rejection{.status = Status::not_implemented,
                                         .reason = "transfer coding other than chunked"});
    }
    return {};
}

std::expected<std::uint64_t, Rejection> content_length(const Request& request) noexcept {
    if (request.has_several(FieldName::content_length)) {
        return std::unexpected(bad_request("more than one Content-Length field"));
    }
    const std::string_view text = request.value(FieldName::content_length);
    const char* const text_begin = text.data();
    const char* const text_end = text_begin + text.size();
    std::uint64_t length = 0;
    // For an unsigned type from_chars takes digits alone: no sign, no white space, no base prefix.
    const auto [number_end, error] = std::from_chars(text_begin, text_end, length);
    if (error != std::errc() || number_end != text_end ||
        length > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        return std::unexpected(bad_request("invalid Content-Length field"));
    }
    return length;
}

bool is_persistent(const Request& request) noexcept {
    if (!request.has(FieldName::connection)) {
        return request.version_minor >= 1;
    }
    // What nearly every client sends that sends one.
    if (!request.has_several(FieldName::connection) &&
        is_literally(request.value(FieldName::connection), "keep-alive")) {
        return true;
    }
    if (count_members(request, FieldName::connection, "close").wanted > 0) {
        return false;
    }
    return request.version_minor >= 1 ||
           count_members(request, FieldName::connection, "keep-alive").wanted > 0;
}

}  // namespace

std::expected<Framing, Rejection> determine_framing(const Request& request) noexcept {
    if (const auto host = check_host(request); !host) {
        return std::unexpected(host.error());
    }
    Framing framing;
    if (request.has(FieldName::transfer_encoding)) {
        if (const auto codings = check_transfer_encoding(request); !codings) {
            return std::unexpected(codings.error());
        }
        framing.body = BodyKind::chunked;
    } else if (request.has(FieldName::content_length)) {
        const auto length = content_length(request);
        if (!length) {
            return std::unexpected(length.error());
        }
        framing.content_length = *length;
        framing.body = *length > 0 ? BodyKind::content_length : BodyKind::none;
    }
    // Last, for this one says nothing of where the message ends: RFC 9110 §10.1.1.
    if (request.has(FieldName::expect)) {
        const auto expectations = count_members(request, FieldName::expect, "100-continue");
        if (expectations.others > 0) {
            return std::unexpected(Rejection{.status = Status::expectation_failed,
                                             .reason = "expectation other than 100-continue"});
        }
        framing.expects_continue = expectations.wanted > 0 && request.version_minor >= 1;
    }
    framing.persistent = is_persistent(request);
    return framing;
}

}  // namespace torc::http
