#include "response/error_page.hpp"

#include <torc/base/ascii.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/cache/representation.hpp>

#include "response/style_policy.hpp"
#include "response/visible_text.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace torc::site {
namespace {

/// In the colours of the listing.
constexpr std::string_view style_sheet =
    ":root{color-scheme:light dark;background:#fbf9f6;color:#2a241e;"
    "font:1rem/1.5 system-ui,sans-serif}\n"
    "body{max-width:62rem;margin:18vh auto;padding:0 clamp(.75rem,4vw,2rem)}\n"
    "h1{margin:0;font-size:clamp(1.5rem,6vw,2.25rem);font-weight:500;line-height:1.3}\n"
    "b,a{color:#a34a08}\n"
    "a{display:inline-block;padding:.625rem 0;min-width:2.75rem}\n"
    "p{margin:.5rem 0;color:#665c51;overflow-wrap:anywhere}\n"
    "i{padding:0 .25em;border:1px solid;border-radius:.25em;font-style:normal;font-size:.75em}\n"
    "@media(prefers-color-scheme:dark){:root{background:#16130f;color:#efe8df}"
    "b,a{color:#f0a35e}p{color:#b3a799}}\n";

constexpr std::string_view other_directives = "base-uri 'none'; form-action 'none'";
constexpr auto policy_of_html = style_policy<style_sheet, other_directives>();
static_assert(policy_of_html.size() <= security_policy_bytes_max);

/// Of a path no more is shown.
constexpr std::size_t path_bytes_shown_max = 256;
/// In HTML, where a byte may become many.
constexpr std::size_t path_html_bytes_max = 512;
/// From deeper paths the way home is "/", which is right but beneath a prefix.
constexpr std::ptrdiff_t depth_max = 16;

/// The path of a target as it came; empty if the target is of another form.
std::string_view path_in(std::string_view target) noexcept {
    return target.starts_with('/') ? target.substr(0, target.find_first_of("?#"))
                                   : std::string_view();
}

void write_title(http::Status status, http::HeadWriter& writer) noexcept {
    writer.append(std::uint64_t{http::code(status)});
    writer.append(" ");
    writer.append(http::reason_phrase(status));
}

/// Takes as much off the front of `path` as there is room for, and decodes it; an escape that is
/// none stays.
std::string_view take_decoded(std::string_view& path,
                              std::array<char, path_bytes_shown_max>& buffer) noexcept {
    std::size_t size = 0;
    while (!path.empty() && size < buffer.size()) {
        const int high = path.front() == '%' && path.size() > 2 ? hex_digit(path[1]) : -1;
        const int low = high >= 0 ? hex_digit(path[2]) : -1;
        const bool is_escape = low >= 0;
        buffer[size++] = is_escape ? static_cast<char>(16 * high + low) : path.front();
        path.remove_prefix(is_escape ? 3 : 1);
    }
    return {buffer.data(), size};
}

void write_visible_path(std::string_view path, http::HeadWriter& writer) noexcept {
    std::array<char, path_bytes_shown_max> buffer;
    const std::size_t room_left = writer.room() - path_html_bytes_max;
    VisibleText visible(take_decoded(path, buffer));
    std::string_view piece = visible.next();
    for (; !piece.empty() && writer.room() >= room_left + piece.size(); piece = visible.next()) {
        writer.append(piece);
    }
    if (!path.empty() || !piece.empty()) {
        writer.append("\u2026");
    }
}

/// Relative, for the site may be beneath a prefix that torc knows nothing of.
void write_way_home(std::string_view path, http::HeadWriter& writer) noexcept {
    const std::ptrdiff_t depth = std::ranges::count(path, '/') - 1;
    if (depth < 0 || depth > depth_max) {
        writer.append("/");
    } else if (depth == 0) {
        writer.append("./");
    }
    for (std::ptrdiff_t i = 0; i < depth && depth <= depth_max; ++i) {
        writer.append("../");
    }
}

void write_html(http::Status status, std::string_view path, http::HeadWriter& writer) noexcept {
    writer.append(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    write_title(status, writer);
    writer.append("</title>\n<style>");
    writer.append(style_sheet);
    writer.append("</style>\n<h1><b>");
    writer.append(std::uint64_t{http::code(status)});
    writer.append("</b> ");
    writer.append(http::reason_phrase(status));
    writer.append("</h1>\n");
    if (!path.empty()) {
        writer.append("<p>");
        write_visible_path(path, writer);
        writer.append("</p>\n");
    }
    writer.append("<p><a href=\"");
    write_way_home(path, writer);
    writer.append("\">Home</a></p>\n");
}

void write_text(http::Status status, http::HeadWriter& writer) noexcept {
    write_title(status, writer);
    writer.append("\n");
}

}  // namespace

ErrorPage::ErrorPage(http::Status status, const http::Request& request) noexcept {
    const http::TypeQuality html = http::type_quality(request, "text/html");
    is_html_ = html.is_explicit && html.quality > 0;
    http::HeadWriter writer(buffer_);
    if (is_html_) {
        write_html(status, path_in(request.target), writer);
    } else {
        write_text(status, writer);
    }
    size_ = writer.written().size();
}

std::string_view ErrorPage::content_type() const noexcept {
    return is_html_ ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}

std::string_view ErrorPage::security_policy() const noexcept {
    return is_html_ ? std::string_view(policy_of_html.data(), policy_of_html.size())
                    : std::string_view();
}

}  // namespace torc::site
