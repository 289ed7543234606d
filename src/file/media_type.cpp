#include <torc/base/ascii.hpp>
#include <torc/file/media_type.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <ranges>
#include <span>
#include <string_view>

namespace torc::file {
namespace {

struct Entry {
    /// An extension without the dot, or a whole name. In lower case.
    std::string_view key;
    std::string_view content_type;
};

constexpr auto extensions = std::to_array<Entry>({
#include "media_types.inc"
});

constexpr std::string_view text = "text/plain; charset=utf-8";
constexpr std::string_view json = "application/json";

/// What is known by its whole name, whatever it ends with. Of text whatever people write for each
/// other to read, or for a tool whose name it has.
constexpr auto names = std::to_array<Entry>({
    {".dockerignore", text},  {".editorconfig", text},
    {".gitattributes", text}, {".gitignore", text},
    {".gitmodules", text},    {".npmignore", text},
    {".treeinfo", text},      {".zarray", json},
    {".zattrs", json},        {".zgroup", json},
    {".zmetadata", json},     {"apple-app-site-association", json},
    {"authors", text},        {"brewfile", text},
    {"caddyfile", text},      {"changelog", text},
    {"changes", text},        {"cname", text},
    {"codeowners", text},     {"containerfile", text},
    {"contributing", text},   {"contributors", text},
    {"copying", text},        {"copyright", text},
    {"credits", text},        {"dockerfile", text},
    {"doxyfile", text},       {"faq", text},
    {"fastfile", text},       {"gemfile", text},
    {"gnumakefile", text},    {"go.mod", text},
    {"go.sum", text},         {"go.work", text},
    {"go.work.sum", text},    {"hacking", text},
    {"history", text},        {"inrelease", text},
    {"install", text},        {"jenkinsfile", text},
    {"justfile", text},       {"kbuild", text},
    {"kconfig", text},        {"licence", text},
    {"license", text},        {"maintainers", text},
    {"makefile", text},       {"manifest", text},
    {"md5sums", text},        {"news", text},
    {"notice", text},         {"openid-configuration", json},
    {"packages", text},       {"patents", text},
    {"pipfile", text},        {"podfile", text},
    {"procfile", text},       {"rakefile", text},
    {"readme", text},         {"release", text},
    {"sconscript", text},     {"sconstruct", text},
    {"security", text},       {"sha1sums", text},
    {"sha256sums", text},     {"sha512sums", text},
    {"sources", text},        {"thanks", text},
    {"tiltfile", text},       {"todo", text},
    {"unlicense", text},      {"vagrantfile", text},
    {"version", text},        {"workspace", text},
});

/// Of these the ones that come in several kinds: "LICENSE-MIT", "README.Debian", "Dockerfile.dev".
constexpr auto stems =
    std::to_array<std::string_view>({"changelog", "containerfile", "copying", "dockerfile",
                                     "licence", "license", "makefile", "readme"});

constexpr bool is_sorted(std::span<const Entry> table) noexcept {
    return std::ranges::adjacent_find(table, std::ranges::greater_equal{}, &Entry::key) ==
           table.end();
}
static_assert(is_sorted(extensions) && is_sorted(names),
              "binary search needs the tables sorted and without duplicates");

constexpr std::size_t key_bytes_max(std::span<const Entry> table) noexcept {
    return std::ranges::max(
        table | std::views::transform([](const Entry& entry) { return entry.key.size(); }));
}
constexpr std::size_t key_bytes = std::max(key_bytes_max(extensions), key_bytes_max(names));

constexpr std::string_view unknown = "application/octet-stream";

constexpr std::string_view name_of(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

/// Empty when the name has none.
constexpr std::string_view extension_of(std::string_view name) noexcept {
    const std::size_t dot = name.rfind('.');
    // A dot in front hides a file; it does not begin an extension.
    return dot == std::string_view::npos || dot == 0 ? std::string_view{} : name.substr(dot + 1);
}

/// A key in lower case, in `buffer`; empty when it is longer than any in the tables.
std::string_view lowered(std::string_view key, std::span<char, key_bytes> buffer) noexcept {
    if (key.size() > buffer.size()) {
        return {};
    }
    std::ranges::transform(key, buffer.begin(), to_lower);
    return {buffer.data(), key.size()};
}

/// Null where there is none.
const Entry* find_entry(std::span<const Entry> table, std::string_view key) noexcept {
    std::array<char, key_bytes> buffer{};
    key = lowered(key, buffer);
    const auto found = std::ranges::lower_bound(table, key, {}, &Entry::key);
    return found != table.end() && found->key == key ? &*found : nullptr;
}

const Entry* find_by_stem(std::string_view name) noexcept {
    std::array<char, key_bytes> buffer{};
    const std::string_view stem = lowered(name.substr(0, name.find_first_of(".-")), buffer);
    return std::ranges::binary_search(stems, stem) ? find_entry(names, stem) : nullptr;
}

const Entry* find_by_name(std::string_view name) noexcept {
    if (const Entry* const entry = find_entry(names, name)) {
        return entry;
    }
    const Entry* const entry = find_entry(extensions, extension_of(name));
    return entry != nullptr ? entry : find_by_stem(name);
}

}  // namespace

std::string_view media_type(std::string_view path) noexcept {
    const Entry* const entry = find_by_name(name_of(path));
    return entry != nullptr ? entry->content_type : unknown;
}

bool has_known_media_type(std::string_view path) noexcept {
    return find_by_name(name_of(path)) != nullptr;
}

bool has_known_extension(std::string_view path) noexcept {
    return find_entry(extensions, extension_of(name_of(path))) != nullptr;
}

}  // namespace torc::file
