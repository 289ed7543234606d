#pragma once

#include <torc/config/site_settings.hpp>

#include "given.hpp"

#include <string_view>

namespace torc::config {

/// Puts what `area.rules` say where it is looked for: what all responses have into extra_fields,
/// types and Cache-Control of files into load_rules. Rules that say more stay, without what an
/// earlier one for all files has said. Then adds the fields that let other origins read it.
///
/// `position` and `name`: where the rules were given, and what an error calls the option of fields,
/// when there are too many.
void settle_rules(AreaSettings& area, Position position, std::string_view name, Problems& problems);

}  // namespace torc::config
