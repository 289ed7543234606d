#include <torc/file/hidden_names.hpp>
#include <torc/file/media_type.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/routing/navigation.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace torc::site {
namespace {

/// What a browser says that it wants a response for.
enum class Destination : std::uint8_t {
    page,
    part_of_page,
    /// It does not say, or says what may be either.
    unknown,
};

// Values of Sec-Fetch-Dest. Those in neither list ("empty" for what a script fetches, "object",
// "embed", and whatever will be added) may be either.
constexpr auto pages =
    std::to_array<std::string_view>({"document", "iframe", "frame", "fencedframe"});
constexpr auto parts_of_pages = std::to_array<std::string_view>(
    {"audio", "audioworklet", "font", "image", "json", "manifest", "paintworklet", "report",
     "script", "style", "text", "track", "video", "serviceworker", "sharedworker", "worker", "xslt",
     "webidentity"});

bool is_in(std::span<const std::string_view> list, std::string_view value) noexcept {
    return std::ranges::find(list, value) != list.end();
}

Destination destination_of(const http::Request& request) noexcept {
    if (request.has(http::FieldName::sec_fetch_dest)) {
        const std::string_view destination = request.value(http::FieldName::sec_fetch_dest);
        return is_in(pages, destination)            ? Destination::page
               : is_in(parts_of_pages, destination) ? Destination::part_of_page
                                                    : Destination::unknown;
    }
    return request.value(http::FieldName::sec_fetch_mode) == "navigate" ? Destination::page
                                                                        : Destination::unknown;
}

/// By its extension: a script, a style sheet, data, an image, a font, sound or a film.
bool is_part_of_page(std::string_view path) noexcept {
    constexpr auto trees = std::to_array<std::string_view>({"image/", "font/", "audio/", "video/"});
    constexpr auto types = std::to_array<std::string_view>(
        {"text/css", "text/javascript", "application/json", "application/manifest+json",
         "application/wasm", "text/vtt"});
    const std::string_view type = file::media_type(path);
    const auto begins_type = [type](std::string_view tree) { return type.starts_with(tree); };
    return std::ranges::any_of(trees, begins_type) || is_in(types, type.substr(0, type.find(';')));
}

bool accepts_page(const http::Request& request, std::string_view path) noexcept {
    constexpr std::string_view page = "text/html";
    const http::TypeQuality html = http::type_quality(request, page);
    if (html.is_explicit) {
        // Or it is what a page that is not there any more has links to.
        return html.quality > 0 && !is_part_of_page(path);
    }
    // A script that wants JSON, or a browser that wants an image, takes "*/*" in the end too.
    return html.quality > 0 && !http::names_other_types(request, page) &&
           !file::has_known_extension(path);
}

/// For programs, which take a page for the file that they ask for (RFC 8615).
bool is_well_known(std::string_view path) noexcept {
    if (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    return path.substr(0, path.find('/')) == file::well_known_directory;
}

}  // namespace

bool wants_page(const http::Request& request, std::string_view path) noexcept {
    if (is_well_known(path)) {
        return false;
    }
    switch (destination_of(request)) {
        case Destination::page:
            return true;
        case Destination::part_of_page:
            return false;
        case Destination::unknown:
            break;
    }
    return accepts_page(request, path);
}

}  // namespace torc::site
