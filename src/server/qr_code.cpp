#include "qr_code.hpp"

#include <qrencode.h>

#include <memory>

namespace torc::server {
namespace {

/// The standard asks for four modules of margin; readers are content with two, and it fits more
/// terminals.
constexpr int margin_modules = 2;

}  // namespace

QrCode draw_qr_code(const std::string& text) {
    const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
        ::QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_L), &::QRcode_free);
    if (!code) {
        return {};
    }
    const auto is_light = [&code](int row, int column) {
        const int width = code->width;
        const bool is_inside = row >= 0 && column >= 0 && row < width && column < width;
        return !is_inside || (code->data[row * width + column] & 1) == 0;
    };
    const int end = code->width + margin_modules;
    QrCode drawn{.drawing = {}, .columns = end + margin_modules, .lines = 0};
    for (int row = -margin_modules; row < end; row += 2) {
        for (int column = -margin_modules; column < end; ++column) {
            const bool upper = is_light(row, column);
            const bool lower = row + 1 < end && is_light(row + 1, column);
            drawn.drawing += upper && lower ? "\u2588" : upper ? "\u2580" : lower ? "\u2584" : " ";
        }
        drawn.drawing += '\n';
        ++drawn.lines;
    }
    return drawn;
}

}  // namespace torc::server
