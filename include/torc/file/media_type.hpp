#pragma once

#include <string_view>

namespace torc::file {

/// The value of the Content-Type field for a file of this name: "text/html; charset=utf-8".
///
/// `path` is a name or a path with '/'. What counts is the whole name where it is a known one
/// ("Makefile", "go.mod"), else the extension, that is what follows the last dot of the last
/// segment, in any case; without a known one what the name begins with, as for "LICENSE-MIT". Any
/// other (".bashrc", "draft.") is
/// application/octet-stream, which browsers save and never guess about.
///
/// Every text/ type carries "; charset=utf-8", because without it browsers guess, by locale. No
/// other type does: JSON is UTF-8 by definition and has no such parameter (RFC 8259 §8.1, §11);
/// XML, SVG included, names its encoding in the document, which a charset here would overrule (RFC
/// 7303 §3.2). JavaScript is text/javascript (RFC 9239).
///
/// The view is to static storage. Never allocates; some 40 comparisons of a few bytes, so a caller
/// that answers often should keep the result.
[[nodiscard]] std::string_view media_type(std::string_view path) noexcept;

/// Whether `media_type` knows what a file of this name is, and does not only say
/// application/octet-stream for want of a better type.
[[nodiscard]] bool has_known_media_type(std::string_view path) noexcept;

/// Whether the extension of a name or a path is one that torc knows, so that what is asked for by
/// that name is meant to be a file: "app.js" and "photo.JPG", but not "john.doe", "v1.2" or
/// "README". Costs what `media_type` does.
[[nodiscard]] bool has_known_extension(std::string_view path) noexcept;

}  // namespace torc::file
