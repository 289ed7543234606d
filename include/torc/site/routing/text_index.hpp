#pragma once

#include <torc/site/cache/path_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// A hash table from texts to numbers that is filled once and then only asked: what rules are found
/// by. Open addressing with linear probing, at most half full; all texts are in one run of bytes. A
/// text can be there once in each scope, which is a number of the caller's.
class TextIndex {
public:
    static constexpr std::uint32_t none = 0xFFFF'FFFF;

    /// The number at `text`, which is `value` if the text is new. Precondition: `value` is not
    /// `none`, and there are fewer than 2^31 texts of less than 4 GiB together.
    std::uint32_t& insert(std::uint32_t scope, std::string_view text, std::uint32_t value);

    /// The number at `text`, or `none`. Neither allocates nor blocks.
    [[nodiscard]] std::uint32_t find(std::uint32_t scope, std::string_view text) const noexcept;

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return slots_.capacity() * sizeof(Slot) + entries_.capacity() * sizeof(Entry) +
               texts_.capacity();
    }

private:
    struct Entry {
        std::uint32_t scope;
        std::uint32_t text_begin;
        std::uint32_t text_bytes;
        std::uint32_t value;
    };
    struct Slot {
        /// A part of the hash, so that few texts are compared that differ.
        std::uint32_t hash;
        /// Plus one; 0: the slot is free.
        std::uint32_t entry;
    };

    [[nodiscard]] std::size_t hash(std::uint32_t scope, std::string_view text) const noexcept;
    [[nodiscard]] bool has(const Entry& entry, std::uint32_t scope,
                           std::string_view text) const noexcept;
    /// The slot of the text, or the free one where it would be. Precondition: some slot is free.
    [[nodiscard]] std::size_t find_slot(std::size_t hash, std::uint32_t scope,
                                        std::string_view text) const noexcept;
    void grow();

    PathHash hash_;
    std::vector<Slot> slots_;
    std::vector<Entry> entries_;
    std::string texts_;
};

}  // namespace torc::site
