#pragma once

#include <torc/site/load/load_rules.hpp>

#include <string_view>

namespace torc::site {

/// Whether a page may still ask for the file at `path`, relative to the root, after a deploy has
/// taken it away, and gets what the directory before has (LoadRules::keep_previous): if other
/// contents would have another name, by is_fingerprinted or since the user's Cache-Control for it
/// says "immutable". Never for a page, nor for what the name tells nothing of, which may be one.
[[nodiscard]] bool is_kept_name(std::string_view path, const LoadRules& rules);

}  // namespace torc::site
