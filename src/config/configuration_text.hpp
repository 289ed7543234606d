#pragma once

#include "given_configuration.hpp"

#include <string>
#include <string_view>

namespace torc::config {

/// What torc runs with, as a configuration file without others, with the origin of each value: "#
/// torc.toml:12", "# --port", "# default". All values that can_be_written.
[[nodiscard]] std::string effective_configuration(const GivenConfiguration& given);

/// Whether a configuration file can hold `text`: it is UTF-8 without control characters.
[[nodiscard]] bool can_be_written(std::string_view text);

/// config/torc.toml: every setting with its default, commented out.
[[nodiscard]] std::string sample_configuration();

}  // namespace torc::config
