#include <torc/base/ascii.hpp>
#include <torc/file/media_type.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <ranges>
#include <string_view>

namespace torc::file {
namespace {

struct Entry {
    /// In lower case, without the dot.
    std::string_view extension;
    std::string_view content_type;
};

constexpr auto table = std::to_array<Entry>({
#include "media_types.inc"
});

static_assert(std::ranges::adjacent_find(table, std::ranges::greater_equal{}, &Entry::extension) ==
                  table.end(),
              "binary search needs the table sorted and without duplicates");

constexpr std::size_t extension_bytes_max = std::ranges::max(
    table | std::views::transform([](const Entry& entry) { return entry.extension.size(); }));

constexpr std::string_view unknown = "application/octet-stream";

/// Empty when `path` has no extension.
constexpr std::string_view extension_of(std::string_view path) noexcept {
    const std::string_view name = path.substr(path.rfind('/') + 1);
    const std::size_t dot = name.rfind('.');
    // A dot in front hides a file; it does not begin an extension.
    return dot == std::string_view::npos || dot == 0 ? std::string_view{} : name.substr(dot + 1);
}

/// Null for an extension that is not in the table, or where there is none.
const Entry* find_entry(std::string_view path) noexcept {
    const std::string_view extension = extension_of(path);
    if (extension.size() > extension_bytes_max) {
        return nullptr;
    }
    std::array<char, extension_bytes_max> buffer{};
    std::ranges::transform(extension, buffer.begin(), to_lower);
    const std::string_view key(buffer.data(), extension.size());

    const auto* const found = std::ranges::lower_bound(table, key, {}, &Entry::extension);
    return found != table.end() && found->extension == key ? found : nullptr;
}

}  // namespace

std::string_view media_type(std::string_view path) noexcept {
    const Entry* const entry = find_entry(path);
    return entry != nullptr ? entry->content_type : unknown;
}

bool has_known_extension(std::string_view path) noexcept {
    return find_entry(path) != nullptr;
}

}  // namespace torc::file
