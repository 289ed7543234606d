#pragma once

#include <string>
#include <string_view>

namespace torc::config {

/// Why `value` is no Cache-Control (RFC 9111 §5.2): what is no list of directives, or a time of a
/// directive that takes one (§5.2.2, RFC 5861 §3 and §4) and is no whole number of seconds. Empty:
/// it is one. An empty value is one.
[[nodiscard]] std::string find_cache_control_flaw(std::string_view value);

/// What is odd in a value without a flaw: a directive that nobody has defined, which may be an
/// extension (RFC 9111 §5.2.3) or a slip. Empty: nothing.
[[nodiscard]] std::string find_cache_control_oddity(std::string_view value);

}  // namespace torc::config
