#include <torc/base/assert.hpp>
#include <torc/site/routing/text_index.hpp>

#include <algorithm>

namespace torc::site {
namespace {

constexpr std::size_t slots_min = 16;

/// The half of a hash that does not choose the slot.
std::uint32_t upper_half(std::size_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32U);
}

}  // namespace

std::size_t TextIndex::hash(std::uint32_t scope, std::string_view text) const noexcept {
    // Fibonacci hashing spreads the scopes; the text's own hash has the seed.
    constexpr std::uint64_t golden_ratio = 0x9E37'79B9'7F4A'7C15;
    return hash_(text) ^ (scope * golden_ratio);
}

bool TextIndex::has(const Entry& entry, std::uint32_t scope, std::string_view text) const noexcept {
    return entry.scope == scope &&
           std::string_view(texts_).substr(entry.text_begin, entry.text_bytes) == text;
}

std::size_t TextIndex::find_slot(std::size_t hash, std::uint32_t scope,
                                 std::string_view text) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t place = hash & mask;
    while (slots_[place].entry != 0) {
        const Slot& slot = slots_[place];
        if (slot.hash == upper_half(hash) && has(entries_[slot.entry - 1], scope, text)) {
            break;
        }
        place = (place + 1) & mask;
    }
    return place;
}

std::uint32_t TextIndex::find(std::uint32_t scope, std::string_view text) const noexcept {
    if (slots_.empty()) {
        return none;
    }
    const Slot& slot = slots_[find_slot(hash(scope, text), scope, text)];
    return slot.entry == 0 ? none : entries_[slot.entry - 1].value;
}

std::uint32_t& TextIndex::insert(std::uint32_t scope, std::string_view text, std::uint32_t value) {
    TORC_ASSERT(value != none);
    if (2 * (entries_.size() + 1) > slots_.size()) {
        grow();
    }
    const std::size_t hash_of_text = hash(scope, text);
    Slot& slot = slots_[find_slot(hash_of_text, scope, text)];
    if (slot.entry == 0) {
        TORC_ASSERT(texts_.size() + text.size() < none);
        entries_.push_back({.scope = scope,
                            .text_begin = static_cast<std::uint32_t>(texts_.size()),
                            .text_bytes = static_cast<std::uint32_t>(text.size()),
                            .value = value});
        texts_ += text;
        slot = {.hash = upper_half(hash_of_text),
                .entry = static_cast<std::uint32_t>(entries_.size())};
    }
    return entries_[slot.entry - 1].value;
}

void TextIndex::grow() {
    slots_.assign(std::max(2 * slots_.size(), slots_min), Slot{.hash = 0, .entry = 0});
    const std::size_t mask = slots_.size() - 1;
    for (std::uint32_t number = 1; number <= entries_.size(); ++number) {
        const Entry& entry = entries_[number - 1];
        const std::size_t hash_of_text =
            hash(entry.scope, std::string_view(texts_).substr(entry.text_begin, entry.text_bytes));
        std::size_t place = hash_of_text & mask;
        while (slots_[place].entry != 0) {
            place = (place + 1) & mask;
        }
        slots_[place] = {.hash = upper_half(hash_of_text), .entry = number};
    }
}

}  // namespace torc::site
