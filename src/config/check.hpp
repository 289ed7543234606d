#pragma once

#include "given_configuration.hpp"

#include <string>
#include <vector>

namespace torc::config {

/// Adds what the configuration file says that --config or TORC_CONFIG names, if one does, with
/// those that it includes. Values of the file that others win over are checked all the same.
/// Options of a site beside a file that has a [[site]] are problems.
void add_configuration(GivenConfiguration& given, Problems& problems);

/// One line for each problem, those of files by position ("torc.toml:3:1: ..."), 20 at most, and
/// one for all others. `files`: what they are called ("<stdin>"), by Position::file. No line end
/// after the last one.
[[nodiscard]] std::string describe(const Problems& problems, const std::vector<std::string>& files);

/// One line: the place, if it has one, and the message.
[[nodiscard]] std::string describe(const Problems::Problem& problem,
                                   const std::vector<std::string>& files);

}  // namespace torc::config
