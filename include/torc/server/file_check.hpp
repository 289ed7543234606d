#pragma once

#include <torc/config/settings.hpp>

#include <string>
#include <vector>

namespace torc::server {

/// What is wrong with the files that settings name, as this user finds them: directories of sites
/// and areas that can't be served (see check_document_root), users' files that can't be read or are
/// none, what is wrong in _redirects and _headers of sites that have them, an access log that can't
/// be written. A line each; the files are looked at, and none is made.
[[nodiscard]] std::vector<std::string> find_file_problems(const config::Settings& settings);

}  // namespace torc::server
