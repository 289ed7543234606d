#include <torc/site/listing/listed_directory.hpp>
#include <torc/site/listing/natural_order.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

namespace torc::site {
namespace {

using file::DirectoryEntry;

struct SortItem {
    const DirectoryEntry* entry = nullptr;
    /// Where its natural key is, among those of all.
    std::uint32_t key_begin = 0;
    std::uint32_t key_bytes = 0;
};

/// By name; directories come first, and `directories` is how many there are.
std::vector<SortItem> sorted_by_name(const std::vector<DirectoryEntry>& entries,
                                     std::size_t& directories) {
    // In one block of memory: a hundred thousand small ones would take several times as much.
    std::string keys;
    std::vector<SortItem> items;
    items.reserve(entries.size());
    for (const DirectoryEntry& entry : entries) {
        const std::size_t begin = keys.size();
        append_natural_key(keys, entry.name);
        items.push_back({.entry = &entry,
                         .key_begin = static_cast<std::uint32_t>(begin),
                         .key_bytes = static_cast<std::uint32_t>(keys.size() - begin)});
    }
    const auto precedes = [&keys](const SortItem& left, const SortItem& right) noexcept {
        const std::string_view all = keys;
        const auto left_key = all.substr(left.key_begin, left.key_bytes);
        const auto right_key = all.substr(right.key_begin, right.key_bytes);
        return std::tie(left_key, left.entry->name) < std::tie(right_key, right.entry->name);
    };
    const auto files = std::ranges::partition(
        items, [](const SortItem& item) { return item.entry->kind == file::Kind::directory; });
    std::ranges::sort(items.begin(), files.begin(), precedes);
    std::ranges::sort(files, precedes);
    directories = static_cast<std::size_t>(files.begin() - items.begin());
    return items;
}

/// Sorts entries of one kind, which are in the order of their names.
void sort_by(ListingStyle style, std::span<const ListedEntry*> entries) {
    // Names decide where there is nothing else, always ascending: entries are in one array in that
    // order. Not std::stable_sort, which this standard library can't do without deprecated parts of
    // itself.
    const auto sort = [&](auto member) {
        std::ranges::sort(entries, [&](const ListedEntry* left, const ListedEntry* right) {
            const auto order = left->*member <=> right->*member;
            if (order != 0) {
                return style.is_descending ? order > 0 : order < 0;
            }
            return left < right;
        });
    };
    switch (style.order) {
        case ListingOrder::name:
            if (style.is_descending) {
                std::ranges::reverse(entries);
            }
            return;
        case ListingOrder::modified:
            sort(&ListedEntry::modified);
            return;
        case ListingOrder::size:
            sort(&ListedEntry::size);
            return;
    }
}

}  // namespace

ListedDirectory::ListedDirectory(const file::Directory& directory, MonotonicTime read_at)
    : is_truncated_(directory.is_truncated),
      is_watchable_(directory.is_watchable),
      read_at_(read_at) {
    const std::vector<SortItem> items = sorted_by_name(directory.entries, directories_);
    std::size_t names_bytes = 0;
    for (const SortItem& item : items) {
        names_bytes += item.entry->name.size();
    }
    names_.reserve(names_bytes);  // What points into it must stay right.
    entries_.reserve(items.size());
    for (const SortItem& item : items) {
        const DirectoryEntry& entry = *item.entry;
        const std::size_t begin = names_.size();
        names_ += entry.name;
        const bool is_directory = entry.kind == file::Kind::directory;
        entries_.push_back({.name = std::string_view(names_).substr(begin),
                            .kind = entry.kind,
                            .size = is_directory ? 0 : entry.size,
                            .modified = entry.modified});
    }
}

std::vector<const ListedEntry*> ListedDirectory::sorted(ListingStyle style) const {
    std::vector<const ListedEntry*> sorted(entries_.size());
    std::ranges::transform(entries_, sorted.begin(),
                           [](const ListedEntry& entry) { return &entry; });
    const std::span<const ListedEntry*> all(sorted);
    sort_by(style, all.first(directories_));
    sort_by(style, all.subspan(directories_));
    return sorted;
}

MonotonicTime ListedDirectory::fresh_until(std::chrono::nanoseconds duration) const noexcept {
    return read_at_ + std::max(duration, 2 * took_);
}

std::size_t ListedDirectory::memory_bytes() const noexcept {
    return sizeof *this + names_.capacity() + entries_.capacity() * sizeof(ListedEntry);
}

}  // namespace torc::site
