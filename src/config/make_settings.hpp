#pragma once

#include <torc/config/settings.hpp>

#include "given_configuration.hpp"

#include <cstdint>

namespace torc::config {

/// What the defaults of some options follow from.
enum class Output : std::uint8_t { terminal, other };

/// Makes settings of what was given, with defaults for the rest; what is wrong goes to `problems`,
/// and the settings are of use only without any. A directory is not missed when `problems` has
/// some: it may be in a file that could not be read.
[[nodiscard]] Settings make_settings(const GivenConfiguration& given, Output output,
                                     Problems& problems);

/// Parses `given` as the value of `option`, for a process with one site.
void set_option(Settings& settings, const Option& option, const Given& given, Problems& problems);

}  // namespace torc::config
