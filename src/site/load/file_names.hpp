#pragma once

#include <torc/http/negotiation.hpp>

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

}  // namespace torc::site
