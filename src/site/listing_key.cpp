#include <torc/http/negotiation.hpp>
#include <torc/site/listing_key.hpp>

namespace torc::site {
namespace {

std::string_view content_type(ListingFormat format) noexcept {
    switch (format) {
        case ListingFormat::html:
            return "text/html; charset=utf-8";
        case ListingFormat::json:
            break;
    }
    return "application/json";
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
    const bool wants_json = http::type_quality(request, "application/json").quality >
                            http::type_quality(request, "text/html").quality;
    return ListingKey{.path = target.path,
                      .style = listing_style(wants_json ? ListingFormat::json : ListingFormat::html,
                                             target.query)};
}

void ListingKey::write(std::string& text) const {
    text = path;
    text += '\0';
    text += style.key();
}

RepresentationRef make_listing(const ListingKey& key, const file::Directory& directory,
                               std::string_view cache_control) {
    return Representation::generated(
        {.content_type = content_type(key.style.format), .cache_control = cache_control},
        render_listing(key.path, directory, key.style));
}

}  // namespace torc::site
