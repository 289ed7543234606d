#pragma once

#include <torc/site/load/content_type.hpp>

#include <string_view>

namespace torc::site {

/// Whether text of this media type may go out as "charset=utf-8": all that is known of it is UTF-8,
/// and it does not say of itself what it is, which a charset in the field would overrule. It says
/// so by a byte order mark, an XML declaration, in HTML by a <meta>, in CSS by "@charset".
[[nodiscard]] bool may_announce_utf8(std::string_view content_type, Beginning text);

/// Whether there is a byte in it that no text has (https://mimesniff.spec.whatwg.org/, "binary data
/// byte"), unless a byte order mark says that it is text of 16 bits.
[[nodiscard]] bool is_binary(std::string_view bytes) noexcept;

}  // namespace torc::site
