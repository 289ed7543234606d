#pragma once

#include <torc/http/negotiation.hpp>
#include <torc/site/routing/glob_rules.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace torc::site {

/// A user's rule for the Content-Type of some files.
struct TypeRule {
    /// See file::matches_glob.
    std::string glob;
    /// The whole value, at most content_type_bytes_max.
    std::string value{};
    /// Its charset is not the user's: it goes where the contents say otherwise.
    bool assumes_utf8 = false;

    friend bool operator==(const TypeRule&, const TypeRule&) = default;
};
using TypeRules = GlobRules<TypeRule>;

/// What text gets that is taken for UTF-8.
inline constexpr std::string_view utf8_parameter = "; charset=utf-8";
/// Of a media type that a user names, and of any Content-Type that a file is sent with.
inline constexpr std::size_t named_type_bytes_max = 120;
inline constexpr std::size_t content_type_bytes_max = named_type_bytes_max + utf8_parameter.size();

/// `value`, of at most named_type_bytes_max, for the files that match `glob`. Text without a
/// charset is taken for UTF-8, as by name.
[[nodiscard]] TypeRule make_type_rule(std::string glob, std::string value);

/// What is known of a file's contents when its type is decided.
struct Beginning {
    std::string_view bytes;
    /// False when more follows.
    bool is_whole = false;
};
/// Of a file that is not read whole, what of it is looked at.
inline constexpr std::size_t beginning_bytes_max = 1024;

/// What a file is, as its response says it.
struct ContentType {
    /// Of Content-Type. The view is to the rules or to static storage.
    std::string_view value;
    /// False: application/octet-stream, for want of a better one. A browser that may not guess
    /// would then run no script by such a name.
    bool is_known = true;
    /// What the bytes on the disk are coded with, though no request asked for it: gzip for .svgz.
    http::ContentCoding coding = http::ContentCoding::identity;
};

/// Whether `content_type` looks at the contents of the file at `path`, relative to the root.
[[nodiscard]] bool type_depends_on_contents(std::string_view path, const TypeRules& rules);

/// That of the first rule that matches the file at `path`, relative to the root, else of its name
/// (see file::media_type). What the name can't tell is looked up in the contents:
/// - "charset=utf-8" is left out where text names its own encoding, or is not UTF-8;
/// - .ts and .mts are TypeScript, and with a byte that no text has an MPEG-2 transport stream;
/// - .svgz is SVG in the coding gzip, if it begins as gzip does.
[[nodiscard]] ContentType content_type(std::string_view path, const TypeRules& rules,
                                       Beginning beginning);

}  // namespace torc::site
