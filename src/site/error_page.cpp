#include "error_page.hpp"

#include <cstdint>
#include <string_view>

namespace torc::site {
namespace {

constexpr std::string_view before_title =
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>";
constexpr std::string_view before_heading =
    "</title>\n<body style=\"font-family: system-ui, sans-serif; text-align: center; "
    "padding: 15vh 1rem\">\n<h1>";
constexpr std::string_view after_heading = "</h1>\n<p>torc</p>\n";

/// "404 ".
constexpr std::size_t code_and_space_bytes = 4;

}  // namespace

std::size_t error_page_bytes(http::Status status) noexcept {
    const std::size_t title_bytes = code_and_space_bytes + http::reason_phrase(status).size();
    return before_title.size() + before_heading.size() + after_heading.size() + 2 * title_bytes;
}

void write_error_page(http::Status status, http::HeadWriter& writer) noexcept {
    const auto append_title = [&] {
        writer.append(std::uint64_t{http::code(status)});
        writer.append(" ");
        writer.append(http::reason_phrase(status));
    };
    writer.append(before_title);
    append_title();
    writer.append(before_heading);
    append_title();
    writer.append(after_heading);
}

}  // namespace torc::site
