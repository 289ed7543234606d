#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace torc::site {

/// `text` with each percent-encoded byte as itself (RFC 3986 §2.1); nothing when an escape is none.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace torc::site
