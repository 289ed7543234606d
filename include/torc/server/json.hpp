#pragma once

#include <string>
#include <string_view>

namespace torc::server {

/// Appends `text` as a JSON string (RFC 8259 §7). What is no UTF-8 stays as it is.
void append_json(std::string& json, std::string_view text);

/// The same alone.
[[nodiscard]] std::string json_of(std::string_view text);

}  // namespace torc::server
