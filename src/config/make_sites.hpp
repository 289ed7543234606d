#pragma once

#include <torc/config/settings.hpp>

#include "given_configuration.hpp"

#include <vector>

namespace torc::config {

/// Makes `settings.sites` of what was given, with those that it has as the default. What is wrong
/// goes to `problems`.
void make_sites(Settings& settings, const GivenConfiguration& given, Problems& problems);

}  // namespace torc::config
