#pragma once

#include <torc/config/settings.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace torc::server {

/// Reads the files _redirects and _headers in the root of a site, as its path leads there now, and
/// adds what they say to its settings: see config::add_site_files. Files that are missing say
/// nothing.
///
/// They are opened beneath the root, as every file of it, but that no symbolic link leads out of
/// it, whatever the site says: who may only write there must not have other files read. May wait
/// for the file system, but no longer than `patience`.
///
/// Gives all that is wrong, a line each ("/srv/www/_redirects:3: …"); the settings are then good
/// for nothing. Throws StartError when a root can't be opened, does not respond in time or is a
/// file.
[[nodiscard]] std::vector<std::string> load_site_files(config::SiteSettings& site,
                                                       std::chrono::seconds patience);

/// The same for each site that wants it, with the patience that a response has with a file system;
/// throws StartError for what is wrong, too. Ends at the first root that does not respond, so that
/// it waits once.
void load_site_files(config::Settings& settings);

}  // namespace torc::server
