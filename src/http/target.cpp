#include <torc/base/assert.hpp>
#include <torc/http/target.hpp>

#include "authority.hpp"
#include "scan.hpp"

#include <cstddef>
#include <optional>

namespace torc::http {
namespace {

std::unexpected<Rejection> bad_request(std::string_view reason) noexcept {
    return std::unexpected(Rejection{.status = Status::bad_request, .reason = reason});
}

std::unexpected<Rejection> not_found(std::string_view reason) noexcept {
    return std::unexpected(Rejection{.status = Status::not_found, .reason = reason});
}

struct AbsoluteForm {
    bool is_secure = false;
    std::string_view authority;
    /// The path and the query.
    std::string_view rest;
};

/// Nothing: the target is in another form.
std::optional<AbsoluteForm> split_absolute_form(std::string_view target) noexcept {
    constexpr std::string_view http = "http://";
    constexpr std::string_view https = "https://";
    const bool is_secure = equals_ignoring_case(target.substr(0, https.size()), https);
    if (!is_secure && !equals_ignoring_case(target.substr(0, http.size()), http)) {
        return std::nullopt;
    }
    const std::string_view rest = target.substr(is_secure ? https.size() : http.size());
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
    return AbsoluteForm{
        .is_secure = is_secure, .authority = authority, .rest = rest.substr(authority.size())};
}

/// The path and query of a target in origin-form or absolute-form: empty, or from the first '/' or
/// '?' on.
std::expected<std::string_view, Rejection> strip_authority(std::string_view target) noexcept {
    if (target.starts_with('/')) {
        return target;
    }
    const auto absolute = split_absolute_form(target);
    if (!absolute) {
        return bad_request("request target neither a path nor an http URI");
    }
    if (!is_authority(absolute->authority)) {
        return bad_request("invalid authority in the request target");
    }
    if (absolute->is_secure) {
        return std::unexpected(Rejection{.status = Status::misdirected_request,
                                         .reason = "https resource over a connection without TLS"});
    }
    return absolute->rest;
}

/// Whether a path (without its leading slash) is as `Target::path` has to be already: nothing to
/// decode, no empty segment, none that begins with a dot.
bool is_canonical(std::string_view path) noexcept {
    return plain_path_bytes(path) == path.size();
}

/// What nearly every target is, resolved in one pass: a canonical path, with a query or without.
/// Nothing for any other, right or wrong.
std::optional<Target> resolve_plain(std::string_view target) noexcept {
    if (!target.starts_with('/')) {
        return std::nullopt;
    }
    std::string_view path_and_query = target;
    path_and_query.remove_prefix(1);
    const std::size_t path_bytes = plain_path_bytes(path_and_query);
    if (path_bytes == path_and_query.size()) {
        return Target{.path = path_and_query, .query = {}, .has_query = false};
    }
    const std::string_view rest = path_and_query.substr(path_bytes);
    if (rest.front() != '?' || rest.contains('#')) {
        return std::nullopt;
    }
    return Target{
        .path = path_and_query.substr(0, path_bytes), .query = rest.substr(1), .has_query = true};
}

/// Builds a path in the scratch, segment by segment. Holds whole segments, each with its slash, but
/// for the last of the target.
class PathBuilder {
public:
    explicit PathBuilder(std::span<char> scratch) noexcept : scratch_(scratch) {}

    [[nodiscard]] std::string_view path() const noexcept { return {scratch_.data(), size_}; }
    /// See Target::has_all_segments.
    [[nodiscard]] bool has_all_segments() const noexcept { return has_all_segments_; }
    /// Whether an empty segment was added behind one that is not, and a slash behind that.
    [[nodiscard]] bool has_inner_gap() const noexcept { return has_inner_gap_; }

    /// Decodes a raw segment and adds it, or does what it asks for when it is empty, "." or "..".
    std::expected<void, Rejection> add(std::string_view raw_segment) noexcept {
        const auto decoded_bytes = decode(raw_segment);
        if (!decoded_bytes) {
            return std::unexpected(decoded_bytes.error());
        }
        const std::string_view segment(scratch_.data() + size_, *decoded_bytes);
        is_last_empty_ = segment.empty();
        if (segment == "..") {
            has_all_segments_ = false;
            return remove_last();
        }
        if (segment == ".") {
            has_all_segments_ = false;
        } else {
            size_ += segment.size();
        }
        return {};
    }

    /// Ends the segment just added. A slash after nothing or after a slash adds none: empty
    /// segments merge.
    void add_slash() noexcept {
        if (size_ > 0 && scratch_[size_ - 1] != '/') {
            scratch_[size_] = '/';
            ++size_;
        } else {
            has_all_segments_ = false;
            has_inner_gap_ |= is_last_empty_ && size_ > 0;
        }
    }

private:
    /// Decodes behind the path so far; gives the length.
    std::expected<std::size_t, Rejection> decode(std::string_view raw_segment) noexcept {
        char* out = scratch_.data() + size_;
        for (std::size_t i = 0; i < raw_segment.size(); ++i) {
            if (!is_in(CharacterClass::target, raw_segment[i])) {
                return bad_request("control character in the request target");
            }
            if (raw_segment[i] != '%') {
                *out++ = raw_segment[i];
                continue;
            }
            if (raw_segment.size() - i < 3) {
                return bad_request("invalid percent-encoding");
            }
            const int high = hex_digit(raw_segment[i + 1]);
            const int low = hex_digit(raw_segment[i + 2]);
            if (high < 0 || low < 0) {
                return bad_request("invalid percent-encoding");
            }
            const char character = static_cast<char>(high * 16 + low);
            if (character == '\0') {
                return bad_request("encoded NUL in the path");
            }
            if (character == '/') {
                return not_found("encoded slash in the path");
            }
            *out++ = character;
            i += 2;
        }
        return static_cast<std::size_t>(out - scratch_.data()) - size_;
    }

    std::expected<void, Rejection> remove_last() noexcept {
        if (size_ == 0) {
            return bad_request("path leaves the root");
        }
        const std::size_t parent_slash = path().substr(0, size_ - 1).rfind('/');
        size_ = parent_slash == std::string_view::npos ? 0 : parent_slash + 1;
        return {};
    }

    std::span<char> scratch_;
    std::size_t size_ = 0;
    bool has_all_segments_ = true;
    bool is_last_empty_ = false;
    bool has_inner_gap_ = false;
};

/// What ends the first segment of a raw path: "/", or where it separates "%2F" or "%2f"; empty at
/// the end of the path.
std::string_view first_separator(std::string_view raw_path, EncodedSlash encoded_slash) noexcept {
    constexpr std::string_view encoded = "%2F";
    const std::string_view separators = encoded_slash == EncodedSlash::separates ? "/%" : "/";
    std::size_t found = raw_path.find_first_of(separators);
    for (; found != std::string_view::npos; found = raw_path.find_first_of(separators, found + 1)) {
        const std::string_view rest = raw_path.substr(found);
        if (rest.front() == '/') {
            return rest.substr(0, 1);
        }
        if (rest.starts_with(encoded) || rest.starts_with("%2f")) {
            return rest.substr(0, encoded.size());
        }
    }
    return raw_path.substr(raw_path.size());
}

/// `raw_path`: without its leading slash. Gives a target without a query.
std::expected<Target, Rejection> normalise(std::string_view raw_path, std::span<char> scratch,
                                           EncodedSlash encoded_slash) noexcept {
    // Decoding shortens and normalising adds nothing, so what came in a request line fits.
    TORC_ASSERT(raw_path.size() <= scratch.size());
    PathBuilder builder(scratch);
    bool has_encoded_slash = false;
    while (true) {
        const std::string_view separator = first_separator(raw_path, encoded_slash);
        const auto segment_bytes = static_cast<std::size_t>(separator.data() - raw_path.data());
        if (const auto added = builder.add(raw_path.substr(0, segment_bytes)); !added) {
            return std::unexpected(added.error());
        }
        if (separator.empty()) {
            break;
        }
        builder.add_slash();
        has_encoded_slash |= separator != "/";
        raw_path.remove_prefix(segment_bytes + separator.size());
    }
    return Target{.path = builder.path(),
                  .query = {},
                  .has_query = false,
                  .has_all_segments = builder.has_all_segments() && !has_encoded_slash,
                  .misleads_references = builder.has_inner_gap() || has_encoded_slash};
}

/// What resolve_plain does not resolve.
[[gnu::noinline]] std::expected<Target, Rejection> resolve_any(
    std::string_view target, std::span<char> scratch, EncodedSlash encoded_slash) noexcept {
    // RFC 9112 §3.2: no form has a fragment. Whoever sends one may mean the path to end there.
    if (target.contains('#')) {
        return bad_request("fragment in the request target");
    }
    const auto path_and_query = strip_authority(target);
    if (!path_and_query) {
        return std::unexpected(path_and_query.error());
    }
    const std::size_t question_mark = path_and_query->find('?');

    std::string_view raw_path = path_and_query->substr(0, question_mark);
    if (raw_path.starts_with('/')) {
        raw_path.remove_prefix(1);
    }
    std::expected<Target, Rejection> resolved =
        is_canonical(raw_path) ? Target{.path = raw_path, .query = {}, .has_query = false}
                               : normalise(raw_path, scratch, encoded_slash);
    if (resolved && question_mark != std::string_view::npos) {
        resolved->has_query = true;
        resolved->query = path_and_query->substr(question_mark + 1);
    }
    return resolved;
}

}  // namespace

std::expected<Target, Rejection> resolve_target(std::string_view target, std::span<char> scratch,
                                                EncodedSlash encoded_slash) noexcept {
    if (const auto plain = resolve_plain(target)) {
        return *plain;
    }
    return resolve_any(target, scratch, encoded_slash);
}

std::expected<void, Rejection> check_target_form(const Request& request, std::span<char> scratch,
                                                 EncodedSlash encoded_slash) noexcept {
    if (request.method == Method::connect) {
        const auto authority = parse_authority(request.target);
        if (!authority || authority->port.empty()) {
            return bad_request("CONNECT without a host and a port");
        }
        return {};
    }
    if (request.method == Method::options && request.target == "*") {
        return {};
    }
    if (const auto resolved = resolve_target(request.target, scratch, encoded_slash); !resolved) {
        return std::unexpected(resolved.error());
    }
    return {};
}

std::string_view host_of(const Request& request) noexcept {
    if (!request.target.starts_with('/')) {
        if (const auto absolute = split_absolute_form(request.target)) {
            const auto authority = parse_authority(absolute->authority);
            return authority ? authority->host : std::string_view();
        }
    }
    // It is valid, so its port is behind the only colon that is not between brackets.
    const std::string_view value = request.value(FieldName::host);
    const std::size_t literal_end = value.starts_with('[') ? value.find(']') : 0;
    return value.substr(0, value.find(':', literal_end));
}

}  // namespace torc::http
