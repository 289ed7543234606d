#pragma once

#include <torc/http/request.hpp>
#include <torc/http/target.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/listing/listing.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace torc::site {

/// A directory and the way it is to be shown: what a listing is loaded and cached by. As text it is
/// no http::Target's path, for no path contains a NUL.
struct ListingKey {
    /// As http::Target has it: "" or "a/b/".
    std::string_view path;
    ListingStyle style;

    /// What `text` says; nothing when it is a path. The view points into `text`.
    [[nodiscard]] static std::optional<ListingKey> parse(std::string_view text) noexcept;
    /// What a request for a directory asks for: the format by its Accept, the order by its query.
    /// The view points into the target.
    [[nodiscard]] static ListingKey asked_for(const http::Request& request,
                                              const http::Target& target) noexcept;

    /// Replaces `text` by the key as text.
    void write(std::string& text) const;
    /// Calls `visit` with each key of the directory at `path`, as text.
    template <typename Visit>
    static void for_each_of(std::string_view path, Visit visit) {
        std::string text;
        ListingKey{.path = path, .style = {}}.write(text);
        for (const char key : ListingStyle::keys) {
            text.back() = key;
            visit(std::string_view(text));
        }
    }
};

/// A listing, ready to be sent. For 50,000 entries it takes some 100 ms: make it on a thread that
/// may take them, and hand it over. `cache_control`: see LoadRules.
[[nodiscard]] RepresentationRef make_listing(const ListingPage& page,
                                             std::string_view cache_control);

/// The script that listings in HTML refer to.
[[nodiscard]] RepresentationRef make_listing_script(std::string_view cache_control);

}  // namespace torc::site
