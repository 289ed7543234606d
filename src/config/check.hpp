#pragma once

#include "options.hpp"

#include <string>

namespace torc::config {

/// Adds what the configuration file says that --config or TORC_CONFIG names, if one does, and gives
/// its name as errors have it ("<stdin>"); empty: none is named. Values of the file that others win
/// over are checked all the same. Options of a site beside a file that has a [[site]] are problems.
[[nodiscard]] std::string add_configuration(GivenOptions& given, Problems& problems);

/// One line for each problem, those of the file by position ("torc.toml:3:1: ..."), 20 at most, and
/// one for all others. No line end after the last one.
[[nodiscard]] std::string describe(const Problems& problems, const std::string& file);

}  // namespace torc::config
