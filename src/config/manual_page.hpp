#pragma once

#include <string>

namespace torc::config {

/// docs/torc.1, the manual page in roff (man(7)). The server does not use it.
[[nodiscard]] std::string manual_page();

}  // namespace torc::config
