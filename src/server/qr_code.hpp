#pragma once

#include <string>

namespace torc::server {

/// A QR code (ISO/IEC 18004) of `text` for a terminal that shows UTF-8: two modules a character, in
/// half blocks, with a margin. Dark modules are left to the terminal's background, as most are
/// dark; readers take the inverse too. Lines that end in a newline; empty: `text` is too long for
/// one.
[[nodiscard]] std::string draw_qr_code(const std::string& text);

}  // namespace torc::server
