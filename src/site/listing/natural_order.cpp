#include <torc/base/ascii.hpp>
#include <torc/site/listing/natural_order.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>

namespace torc::site {
namespace {

/// A number, of digits without leading zeros, as its length and its digits: the longer one is
/// greater. In front goes a digit, so that among other characters numbers stand where digits do.
void append_number(std::string& key, std::string_view digits) {
    constexpr std::size_t byte_max = std::numeric_limits<unsigned char>::max();
    key += '0';
    std::size_t length = digits.size();
    for (; length >= byte_max; length -= byte_max) {
        key += static_cast<char>(byte_max);
    }
    key += static_cast<char>(length);
    key += digits;
}

}  // namespace

void append_natural_key(std::string& keys, std::string_view name) {
    while (!name.empty()) {
        if (!is_digit(name.front())) {
            keys += to_lower(name.front());
            name.remove_prefix(1);
            continue;
        }
        const auto* const end = std::ranges::find_if_not(name, is_digit);
        std::string_view digits(name.begin(), end);
        name.remove_prefix(digits.size());
        digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
        append_number(keys, digits);
    }
}

}  // namespace torc::site
