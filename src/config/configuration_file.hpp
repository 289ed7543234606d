#pragma once

#include "given.hpp"
#include "options.hpp"

#include <string_view>

namespace torc::config {

/// What a configuration file says.
struct FileContents {
    GivenOptions given;
    /// Whether it has a [[site]]: then options of a site come from it alone.
    bool has_site = false;
};

/// Parses the text of a configuration file, which is TOML (https://toml.io/en/v1.0.0). What it says
/// of an option is not parsed yet: see set_option. `problems`: what is no TOML, no key or not of
/// the type of its key, with its position.
[[nodiscard]] FileContents parse_configuration(std::string_view text, Problems& problems);

}  // namespace torc::config
