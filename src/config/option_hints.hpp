#pragma once

#include <span>
#include <string>
#include <string_view>

namespace torc::config {

/// Which of `names` somebody meant who wrote `name`: the only one that it is the beginning of, else
/// the nearest, when that is near enough; empty: none.
[[nodiscard]] std::string_view nearest_name(std::string_view name,
                                            std::span<const std::string> names);

/// What to tell somebody who gave the option `argument` ("--host=::", "-c10"), which torc does not
/// have: what it has in its place, for the names that other servers use; else which of `options`
/// was meant. One line without its end.
[[nodiscard]] std::string explain_unknown_option(std::string_view argument,
                                                 std::span<const std::string> options);

}  // namespace torc::config
