#pragma once

#include "options.hpp"

#include <string>
#include <string_view>

namespace torc::config {

/// What was given, and the defaults for the rest, as a configuration file: each value with a
/// comment that tells from where it comes ("# torc.toml:12", "# TORC_PORT", "# default"). Read as a
/// file again it says the same. `file`: the name of the file that some of it is from. What was
/// given has no problems (see make_settings); without DIR there is no site.
[[nodiscard]] std::string effective_configuration(const GivenOptions& given, std::string_view file);

/// config/torc.toml: every key with what it is for, its default and its names elsewhere, commented
/// out but for what has none. The server does not use it.
[[nodiscard]] std::string sample_configuration();

}  // namespace torc::config
