#pragma once

#include <torc/config/settings.hpp>

#include "given.hpp"

#include <string>
#include <string_view>

namespace torc::config {

// The options of a site whose values have a form of their own. Each takes what was given for one
// option and notes what is wrong with it.

void set_index_names(Settings& settings, const Given& given, Problems& problems);
void set_hidden_names(Settings& settings, const Given& given, Problems& problems);
void set_codings(Settings& settings, const Given& given, Problems& problems);
void add_fields(Settings& settings, const Given& given, Problems& problems);
/// After set_hidden_names: a rule for what is hidden would have no effect, and is refused.
void add_types(Settings& settings, const Given& given, Problems& problems);
/// The same.
void add_cache_control(Settings& settings, const Given& given, Problems& problems);

/// Throws StartError for what is no path of a file inside the root.
void set_fallback_path(Settings& settings, std::string_view name, const std::string& text);

/// Lets scripts of any origin read the site (https://fetch.spec.whatwg.org/#http-cors-protocol).
/// What the user says of a field stands: after add_fields.
void add_cors_fields(Settings& settings);

/// Makes the user's Cache-Control field the rule for all files that no other is for. `name`: what
/// an error calls the option of fields. Throws StartError for one that is too long.
void settle_cache_control(Settings& settings, std::string_view name);

}  // namespace torc::config
