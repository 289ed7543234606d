#pragma once

#include <torc/config/site_settings.hpp>
#include <torc/file/hidden_names.hpp>
#include <torc/site/routing/redirect.hpp>
#include <torc/site/routing/rule.hpp>

#include "given_configuration.hpp"

#include <optional>

namespace torc::config {

/// The rule that was given; nothing, with problems, when it is none. `hidden`: what is not served.
[[nodiscard]] std::optional<site::Rule> make_rule(const GivenRule& given,
                                                  const file::HiddenNames& hidden,
                                                  Problems& problems);

/// The redirect that was given; nothing, with problems, when it is none. `site`: whose it is.
[[nodiscard]] std::optional<site::Redirect> make_redirect(const GivenRedirect& given,
                                                          const SiteSettings& site,
                                                          Problems& problems);

}  // namespace torc::config
