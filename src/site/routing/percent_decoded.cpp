#include "routing/percent_decoded.hpp"

#include <torc/base/ascii.hpp>

#include <cstddef>

namespace torc::site {

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = text.size() - i > 2 ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low < 0) {
            return std::nullopt;
        }
        decoded += static_cast<char>(16 * high + low);
        i += 2;
    }
    return decoded;
}

}  // namespace torc::site
