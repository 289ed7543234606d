#pragma once

#include <torc/config/site_settings.hpp>

#include <string>
#include <vector>

namespace torc::config {

/// What is in the files _redirects and _headers of a site's root; empty: there is none.
struct SiteFileTexts {
    std::string redirects;
    std::string headers;
};

/// Adds what the files of a site's root say behind what the configuration says of the site: this
/// counts where both say something. Redirects are for the whole site; fields, types and
/// Cache-Control for the files in the root, so not for areas with a root of their own.
///
/// Gives all that is wrong, a line each ("/srv/www/_redirects:3: …"), as in an error of the
/// configuration; the settings are then good for nothing.
[[nodiscard]] std::vector<std::string> add_site_files(SiteSettings& site,
                                                      const SiteFileTexts& texts);

}  // namespace torc::config
