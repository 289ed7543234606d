#pragma once

#include <torc/config/site_settings.hpp>
#include <torc/site/routing/rule.hpp>

#include "given.hpp"

#include <string_view>
#include <vector>

namespace torc::config {

/// Adds `rules` behind those of the area, and puts what they say where it is looked for: what all
/// responses have into extra_fields, types and Cache-Control of files into load_rules. Rules that
/// say more stay, without what an earlier one for all files has said. Then adds the fields that let
/// other origins read it.
///
/// `position` and `name`: where the rules were given, and what an error calls the option of fields,
/// when there are too many.
void add_rules(AreaSettings& area, std::vector<site::Rule> rules, Position position,
               std::string_view name, Problems& problems);

}  // namespace torc::config
