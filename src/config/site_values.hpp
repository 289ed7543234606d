#pragma once

#include <torc/file/hidden_names.hpp>
#include <torc/site/routing/policy.hpp>

#include "given.hpp"
#include "options.hpp"

#include <string>
#include <string_view>

namespace torc::config {

// The options of a site whose values have a form of their own. Each takes what was given for one
// option and notes what is wrong with it.

void set_index_names(const Destination& destination, const Given& given, Problems& problems);
void set_hidden_names(const Destination& destination, const Given& given, Problems& problems);
void set_codings(const Destination& destination, const Given& given, Problems& problems);
void set_hosts(const Destination& destination, const Given& given, Problems& problems);
void set_allowed_networks(const Destination& destination, const Given& given, Problems& problems);
void set_denied_networks(const Destination& destination, const Given& given, Problems& problems);

// What a flag says of all files or of some is a rule for them.
void add_fields(const Destination& destination, const Given& given, Problems& problems);
/// After set_hidden_names: a rule for what is hidden would have no effect, and is refused.
void add_types(const Destination& destination, const Given& given, Problems& problems);
/// The same.
void add_cache_control(const Destination& destination, const Given& given, Problems& problems);

/// Empty: there is none. Throws StartError for what is no path of a file inside the root.
void set_fallback_path(const Destination& destination, std::string_view name,
                       const std::string& text);

// Single values, of flags and of files. `option`: what an error calls the key. Each throws
// StartError for what it can't be.

/// A field with the scope that follows from its name.
[[nodiscard]] site::ExtraField make_field(std::string_view option, std::string name,
                                          std::string value);
/// A name of fields that torc does not need itself.
void require_free_field(std::string_view option, std::string_view name);
/// The value of Cache-Control that "off", "immutable" or a value stands for; empty: no field.
[[nodiscard]] std::string make_cache_control(std::string_view option, const std::string& text);
/// Warns of a directive that is none, in what make_cache_control or make_field has taken.
void warn_of_cache_control(std::string_view option, const std::string& text, Position position,
                           Problems& problems);
/// Whether `text` may be a rule's Content-Type.
[[nodiscard]] bool is_type(std::string_view text);

}  // namespace torc::config
