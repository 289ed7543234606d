#pragma once

#include "given_configuration.hpp"

#include <cstdint>
#include <string_view>

namespace torc::config {

/// Which of several files one is.
enum class FileRole : std::uint8_t {
    /// That which was named.
    named,
    /// One that another includes: it holds [[site]] alone.
    included,
};

/// Adds what the text of a configuration file says, which is TOML (https://toml.io/en/v1.0.0), to
/// `given`. What it says of an option is not parsed yet: see set_option. `file`: its number in
/// positions. `problems`: what is no TOML, no key or not of the type of its key, with its position.
void parse_configuration(std::string_view text, std::uint32_t file, FileRole role,
                         GivenConfiguration& given, Problems& problems);

}  // namespace torc::config
