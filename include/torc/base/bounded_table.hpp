#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace torc {

/// At most `EntriesMax` values by key, of which some that were not used for long make way for new
/// ones. A set-associative table, as a processor's cache: a key has but one set of four slots that
/// its value may be in, and of the four the one used longest ago makes way.
///
/// Keys are hashes. Where they come of what clients send, hash with a secret key (see siphash):
/// whoever could choose four of one set could push out a fifth.
template <typename Value, std::size_t EntriesMax>
class BoundedTable {
public:
    /// Null: there is none. Counts as a use. Valid until the next `insert`.
    [[nodiscard]] Value* find(std::uint64_t key) noexcept {
        if (slots_.empty()) {
            return nullptr;
        }
        for (Slot& slot : set_of(key)) {
            if (slot.used_at != 0 && slot.key == key) {
                slot.used_at = ++uses_;
                return &slot.value;
            }
        }
        return nullptr;
    }

    /// The value of the key, a new one if there is none. Counts as a use. Valid until the next
    /// call. The first call allocates the whole table, and may throw std::bad_alloc.
    Value& insert(std::uint64_t key) {
        if (Value* const found = find(key)) {
            return *found;
        }
        if (slots_.empty()) {
            slots_.resize(EntriesMax);
        }
        Slot& slot = *std::ranges::min_element(set_of(key), {}, &Slot::used_at);
        slot = Slot{.key = key, .used_at = ++uses_, .value = {}};
        return slot.value;
    }

private:
    static constexpr std::size_t set_slots = 4;
    static constexpr std::size_t sets = EntriesMax / set_slots;
    static_assert(sets > 0 && sets * set_slots == EntriesMax && (sets & (sets - 1)) == 0,
                  "a set is found by the bits of a key");

    struct Slot {
        std::uint64_t key = 0;
        /// How many uses of the table there were by then; 0: the slot is free.
        std::uint64_t used_at = 0;
        Value value{};
    };

    [[nodiscard]] std::span<Slot> set_of(std::uint64_t key) noexcept {
        return std::span(slots_).subspan((key & (sets - 1)) * set_slots, set_slots);
    }

    /// Empty before the first `insert`.
    std::vector<Slot> slots_;
    std::uint64_t uses_ = 0;
};

}  // namespace torc
