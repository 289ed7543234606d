#include <torc/http/negotiation.hpp>
#include <torc/site/listing/listing_key.hpp>

#include "listing/listing_page.hpp"
#include "listing/listing_script.hpp"

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

std::string_view content_type(ListingFormat format) noexcept {
    switch (format) {
        case ListingFormat::html:
        case ListingFormat::plain:
            return "text/html; charset=utf-8";
        case ListingFormat::json:
            break;
    }
    return "application/json";
}

std::string_view security_policy(ListingFormat format) noexcept {
    switch (format) {
        case ListingFormat::html:
            return html_policy();
        case ListingFormat::plain:
            return "default-src 'none'; base-uri 'none'; form-action 'none'";
        case ListingFormat::json:
            break;
    }
    return {};
}

/// JSON if it is wanted more than HTML, or as much and by name: "application/json, */*" is what
/// scripts send; but not for a wildcard, where HTML is named: "text/html;q=0.9, */*". Of HTML the
/// page for people if it is wanted by name before all else, as every browser does; programs send
/// "*/*" or nothing, or take HTML for want of something better.
ListingFormat format_for(const http::Request& request) noexcept {
    const http::TypeQuality json = http::type_quality(request, "application/json");
    const http::TypeQuality html = http::type_quality(request, "text/html");
    const bool is_html_named = html.is_explicit && html.quality > 0;
    const bool is_json_wanted = json.is_explicit ? json.quality > 0 && json.quality >= html.quality
                                                 : json.quality > html.quality && !is_html_named;
    if (is_json_wanted) {
        return ListingFormat::json;
    }
    return html.is_explicit && html.quality == http::quality_max ? ListingFormat::html
                                                                 : ListingFormat::plain;
}

}  // namespace

std::optional<ListingKey> ListingKey::parse(std::string_view text) noexcept {
    const std::size_t separator = text.find('\0');
    if (separator == std::string_view::npos) {
        return std::nullopt;
    }
    return ListingKey{.path = text.substr(0, separator),
                      .style = ListingStyle::from_key(text[separator + 1])};
}

ListingKey ListingKey::asked_for(const http::Request& request,
                                 const http::Target& target) noexcept {
    return ListingKey{.path = target.path,
                      .style = listing_style(format_for(request), target.query)};
}

void ListingKey::write(std::string& text) const {
    text = path;
    text += '\0';
    text += style.key();
}

RepresentationRef make_listing_script(std::string_view cache_control) {
    Contents contents = Contents::of_size(listing_script.size());
    std::ranges::copy(listing_script, contents.room().begin());
    return Representation::generated(
        {.content_type = "text/javascript; charset=utf-8", .cache_control = cache_control},
        std::move(contents));
}

RepresentationRef make_listing(const ListingPage& page, std::string_view cache_control) {
    Contents contents = Contents::of_size(page.bytes());
    page.write(contents.room());
    return Representation::generated({.content_type = content_type(page.format()),
                                      .cache_control = cache_control,
                                      .security_policy = security_policy(page.format())},
                                     std::move(contents));
}

}  // namespace torc::site
