#include "error_page.hpp"

#include <cstdint>
#include <string_view>

namespace torc::site {
namespace {

constexpr std::string_view before_title =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
/// In the colours of the listing.
constexpr std::string_view before_heading =
    "</title>\n<style>\n"
    ":root{color-scheme:light dark;background:#fbf9f6;color:#2a241e;"
    "font:1rem/1.5 system-ui,sans-serif}\n"
    "body{max-width:62rem;margin:18vh auto;padding:0 clamp(.75rem,4vw,2rem)}\n"
    "h1{margin:0;font-size:clamp(1.5rem,6vw,2.25rem);font-weight:500;line-height:1.3}\n"
    "b{color:#a34a08}\n"
    "p{margin:.5rem 0;color:#665c51;font-size:.875rem}\n"
    "@media(prefers-color-scheme:dark){:root{background:#16130f;color:#efe8df}"
    "b{color:#f0a35e}p{color:#b3a799}}\n"
    "</style>\n<h1><b>";
constexpr std::string_view after_code = "</b>";
constexpr std::string_view after_heading = "</h1>\n<p>torc</p>\n";

/// "404 ".
constexpr std::size_t code_and_space_bytes = 4;

}  // namespace

std::size_t error_page_bytes(http::Status status) noexcept {
    const std::size_t title_bytes = code_and_space_bytes + http::reason_phrase(status).size();
    return before_title.size() + before_heading.size() + after_code.size() + after_heading.size() +
           2 * title_bytes;
}

void write_error_page(http::Status status, http::HeadWriter& writer) noexcept {
    const std::uint64_t code = http::code(status);
    const std::string_view reason = http::reason_phrase(status);
    writer.append(before_title);
    writer.append(code);
    writer.append(" ");
    writer.append(reason);
    writer.append(before_heading);
    writer.append(code);
    writer.append(after_code);
    writer.append(" ");
    writer.append(reason);
    writer.append(after_heading);
}

}  // namespace torc::site
