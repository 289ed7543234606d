#include "sim/faults.hpp"

#include <algorithm>

namespace torc::sim {
namespace {

constexpr std::array<std::string_view, fault_kinds> names = {
    "small_receives", "no_buffers",    "short_sends",        "short_reads",      "slow_disk",
    "disk_errors",    "descriptors",   "open_again",         "late_completions", "lost_notices",
    "clock_jumps",    "client_resets", "client_half_closes", "slow_readers",     "tree_changes"};

/// Calls `take` with each of several names.
template <typename Take>
void for_each_name(std::string_view text, Take take) {
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        take(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::uint32_t draw_rate(Random& random) {
    constexpr std::array<std::uint32_t, 4> rates = {5, 30, 150, 600};
    return rates[random.below(rates.size())];
}

}  // namespace

std::string_view name_of(Fault fault) noexcept {
    return names[static_cast<std::size_t>(fault)];
}

Faults Faults::draw(Random& random) {
    Faults faults;
    const std::uint64_t share = random.below(4) * 150;  // A quarter of all runs have none.
    for (std::uint32_t& rate : faults.rates_) {
        const std::uint32_t drawn = draw_rate(random);
        rate = random.chance(share) ? drawn : 0;
    }
    return faults;
}

bool Faults::are_known(std::string_view text) {
    bool are_known = true;
    for_each_name(text, [&](std::string_view name) {
        are_known &=
            name == "none" || name == "all" || std::ranges::find(names, name) != names.end();
    });
    return are_known;
}

Faults Faults::named(std::string_view text, Random& random) {
    if (text.empty()) {
        return draw(random);
    }
    Faults faults;
    for_each_name(text, [&](std::string_view name) {
        for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
            if (name == "all" || name == names[kind]) {
                faults.rates_[kind] = draw_rate(random);
            }
        }
    });
    return faults;
}

std::string Faults::text() const {
    std::string text;
    for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
        if (rates_[kind] > 0) {
            text += text.empty() ? "" : ",";
            text += names[kind];
        }
    }
    return text.empty() ? "none" : text;
}

}  // namespace torc::sim
