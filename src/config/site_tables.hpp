#pragma once

#include "given_configuration.hpp"
#include "toml_document.hpp"

#include <string_view>
#include <vector>

namespace torc::config {

// Tables whose keys mean something only together, read as what was given. What is missing or of
// another type is a problem, and the table is left out then.

/// `rules`: the node of the key "rule". `name`: of the table that it is in: "site".
[[nodiscard]] std::vector<GivenRule> read_rules(const Node& rules, std::string_view name,
                                                Problems& problems);

/// `redirects`: the node of the key "redirect" of a site.
[[nodiscard]] std::vector<GivenRedirect> read_redirects(const Node& redirects, Problems& problems);

}  // namespace torc::config
