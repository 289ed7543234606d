#pragma once

#include <string>

namespace torc::server {

/// A QR code as characters.
struct QrCode {
    /// Lines that end in a newline; empty: the text was too long for a code.
    std::string drawing;
    /// What it takes of a terminal.
    int columns = 0;
    int lines = 0;
};

/// A QR code (ISO/IEC 18004) of `text` for a terminal that shows UTF-8: two modules a character, in
/// half blocks, with a margin. Dark modules are left to the terminal's background, as most are
/// dark; readers take the inverse too.
[[nodiscard]] QrCode draw_qr_code(const std::string& text);

}  // namespace torc::server
