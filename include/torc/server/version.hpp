#pragma once

#include <string>

namespace torc::server {

/// What `torc --version` prints: torc's version, its compiler, liburing, the kernel, and what the
/// kernel offers. Several lines.
[[nodiscard]] std::string version_text();

}  // namespace torc::server
