#pragma once

#include <torc/config/settings.hpp>

#include <string>
#include <vector>

namespace torc::server {

/// The users files that anybody could read, since they are in a directory that is served, a line
/// for each with the remedy. By their paths alone, without a look at the file system: a symbolic
/// link may still lead to one. Names with a dot in front are not served.
[[nodiscard]] std::vector<std::string> find_served_users_files(const config::Settings& settings);

}  // namespace torc::server
