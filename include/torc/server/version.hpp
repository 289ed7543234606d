#pragma once

#include <string>
#include <string_view>

namespace torc::server {

/// "1.2.3".
[[nodiscard]] std::string_view version() noexcept;

/// What `torc --version` prints: torc's version, its compiler, liburing, the kernel, and what the
/// kernel offers. Several lines.
[[nodiscard]] std::string version_text();

}  // namespace torc::server
