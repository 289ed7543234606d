#pragma once

#include <torc/http/request.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::http {

/// Content codings that torc tells apart (RFC 9110 §8.4.1).
enum class ContentCoding : std::uint8_t {
    /// None.
    identity,
    gzip,
    /// RFC 7932.
    brotli,
    /// RFC 8878.
    zstd,
};
inline constexpr std::size_t content_codings_count =
    static_cast<std::size_t>(ContentCoding::zstd) + 1;

/// As Content-Encoding has it: "identity", "gzip", "br", "zstd". Static storage.
[[nodiscard]] std::string_view name(ContentCoding coding) noexcept;

/// How much a client wants each ContentCoding, in thousandths; 0: not acceptable.
using Qualities = std::array<std::uint16_t, content_codings_count>;

/// The qualities that Accept-Encoding gives (RFC 9110 §12.5.3); its field lines count as one list.
///
/// - A coding that is not listed has the quality of "*", or 0 without it.
/// - Identity, if it is not listed, has 1, the least that is acceptable, so that whatever else is
///   acceptable is preferred to it; but 0 when "*" has 0. So a request without the field, or with
///   an empty one, takes identity alone.
/// - One that is listed more than once ("x-gzip" is "gzip", §8.4.1.3) has the highest of its
///   qualities: their order says nothing.
/// - A malformed member counts as not there, and so does a coding that torc doesn't know.
[[nodiscard]] Qualities coding_qualities(const Request& request) noexcept;

/// Whether Accept-Encoding refuses `coding`: with the weight 0, by its name or, if it is not
/// listed, by "*". One that is neither listed nor covered by "*" is not acceptable either, but
/// nobody has refused it.
[[nodiscard]] bool refuses_coding(const Request& request, ContentCoding coding) noexcept;

/// "q=1", and what a member without a weight has.
inline constexpr std::uint16_t quality_max = 1000;

struct TypeQuality {
    /// In thousandths; 0: not acceptable.
    std::uint16_t quality = 0;
    /// Named by type and subtype, not by "*/*" or "type/*".
    bool is_explicit = false;
};

/// What Accept says of a media type without parameters (RFC 9110 §12.5.1); its field lines count as
/// one list. `type`: such as "text/html", in lower case.
///
/// The most specific media range that matches counts, at equal specificity the one with the highest
/// quality. One with a parameter other than "q" matches only a type with that parameter, so never
/// this one. A malformed member counts as not there. Without the field everything is acceptable.
[[nodiscard]] TypeQuality type_quality(const Request& request, std::string_view type) noexcept;

/// Whether Accept names, as acceptable, a media range that `type` does not lie in.
[[nodiscard]] bool names_other_types(const Request& request, std::string_view type) noexcept;

}  // namespace torc::http
