#include "sim/history.hpp"

#include <iomanip>
#include <ostream>

namespace torc::sim {

void History::add(std::string_view what, std::initializer_list<std::int64_t> numbers,
                  std::string_view text) {
    mix(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
    for (const char character : what) {
        mix(static_cast<unsigned char>(character));
    }
    for (const std::int64_t number : numbers) {
        mix(static_cast<std::uint64_t>(number));
    }
    for (const char character : text) {
        mix(static_cast<unsigned char>(character));
    }
    if (trace_ == nullptr) {
        return;
    }
    constexpr double seconds_per_nanosecond = 1e-9;
    *trace_ << std::fixed << std::setprecision(6)
            << static_cast<double>(now_.time_since_epoch().count()) * seconds_per_nanosecond << ' '
            << what;
    for (const std::int64_t number : numbers) {
        *trace_ << ' ' << number;
    }
    *trace_ << (text.empty() ? "" : " ") << text << '\n';
}

void History::fail(std::string_view what) {
    note_text("FAILED", 0, what);
    if (failure_.empty()) {
        failure_ = what;
    }
}

}  // namespace torc::sim
