#pragma once

#include <string_view>

namespace torc::http {

/// Whether `text` is a field-name (RFC 9110 §5.1): a token.
[[nodiscard]] bool is_field_name(std::string_view text) noexcept;

/// Whether `text` may be sent as a field-value (RFC 9110 §5.5): no control characters but HTAB, no
/// white space at either end. Empty is valid.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// Whether `text` is a media type, with parameters or without (RFC 9110 §8.3.1): "text/plain",
/// "text/html; charset=utf-8".
[[nodiscard]] bool is_media_type(std::string_view text) noexcept;

/// Whether two field names are the same: they are compared without case.
[[nodiscard]] bool is_same_field_name(std::string_view left, std::string_view right) noexcept;

}  // namespace torc::http
