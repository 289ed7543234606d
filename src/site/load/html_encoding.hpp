#pragma once

#include <string_view>

namespace torc::site {

/// Whether an HTML document names its encoding in a <meta> where browsers look for it: in its first
/// 1024 bytes (https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding).
[[nodiscard]] bool has_meta_charset(std::string_view document) noexcept;

}  // namespace torc::site
