#pragma once

#include <torc/http/negotiation.hpp>
#include <torc/http/status.hpp>

#include <string>
#include <string_view>

namespace torc::site {

/// What clean URLs leave out.
inline constexpr std::string_view page_suffix = ".html";

/// Of a precompressed file, behind the name of what it was made from; "" for identity.
[[nodiscard]] constexpr std::string_view suffix_of(http::ContentCoding coding) noexcept {
    switch (coding) {
        case http::ContentCoding::identity:
            break;
        case http::ContentCoding::gzip:
            return ".gz";
        case http::ContentCoding::brotli:
            return ".br";
        case http::ContentCoding::zstd:
            return ".zst";
    }
    return "";
}

/// A site's own page for an error, in its directory and below: "404.html".
[[nodiscard]] inline std::string error_page_name(http::Status status) {
    return std::to_string(http::code(status)).append(page_suffix);
}

}  // namespace torc::site
