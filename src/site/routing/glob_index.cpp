#include <torc/file/glob.hpp>
#include <torc/site/routing/glob_index.hpp>

#include <algorithm>
#include <span>
#include <string>
#include <utility>

namespace torc::site {
namespace {

enum Scope : std::uint8_t {
    exact_name,
    exact_path,
    directory,
    ending,
    beginning_of_name,
    beginning_of_path,
    others,
};

constexpr std::size_t beginning_bytes = 4;

/// From the dot on that is `count` dots from the end, or from the first, of those behind the last
/// slash; empty: there is none.
std::string_view ending_of(std::string_view text, std::size_t count) noexcept {
    std::string_view ending;
    std::size_t before = text.size();
    for (; count > 0 && before > 0; --count) {
        const std::size_t dot = text.find_last_of("./", before - 1);
        if (dot == std::string_view::npos || text[dot] == '/') {
            break;
        }
        ending = text.substr(dot);
        before = dot;
    }
    return ending;
}

/// The bytes of the first `count` directories of a path that begins with a slash, with the slash at
/// their end; of all, if there are no more.
std::size_t directory_bytes(std::string_view path, std::size_t count) noexcept {
    std::size_t bytes = 1;
    for (; count > 0; --count) {
        const std::size_t slash = path.find('/', bytes);
        if (slash == std::string_view::npos) {
            break;
        }
        bytes = slash + 1;
    }
    return bytes;
}

}  // namespace

void GlobIndex::add(std::string_view glob) {
    const auto index = static_cast<Index>(globs_added_++);
    for (std::string& plain : file::expand_braces(glob)) {
        const auto added = static_cast<std::uint32_t>(expansions_.size());
        expansions_.push_back(
            {.glob = file::CompiledGlob(std::move(plain)), .index = index, .next = none});
        std::uint32_t& number = bucket_of(expansions_.back().glob);
        if (number == buckets_.size()) {
            buckets_.push_back({.first = added, .last = added});
        } else {
            expansions_[buckets_[number].last].next = added;
            buckets_[number].last = added;
        }
    }
}

std::uint32_t& GlobIndex::bucket_of(const file::CompiledGlob& glob) {
    const auto new_bucket = static_cast<std::uint32_t>(buckets_.size());
    const bool is_name = glob.subject() == file::CompiledGlob::Subject::name;
    const std::string_view prefix = glob.prefix();
    if (glob.is_literal()) {
        return keys_.insert(is_name ? exact_name : exact_path, prefix, new_bucket);
    }
    if (!is_name && prefix.starts_with('/')) {
        const std::size_t bytes = directory_bytes(prefix, directories_max);
        if (bytes > 1) {
            const auto depth = std::ranges::count(prefix.substr(0, bytes), '/') - 1;
            directories_depth_ = std::max(directories_depth_, static_cast<std::size_t>(depth));
            return keys_.insert(directory, prefix.substr(0, bytes), new_bucket);
        }
    }
    if (const std::string_view found = ending_of(glob.suffix(), dots_max); !found.empty()) {
        const auto dots = static_cast<std::size_t>(std::ranges::count(found, '.'));
        ending_dots_ = std::max(ending_dots_, dots);
        return keys_.insert(ending, found, new_bucket);
    }
    if (prefix.size() >= beginning_bytes) {
        return keys_.insert(is_name ? beginning_of_name : beginning_of_path,
                            prefix.substr(0, beginning_bytes), new_bucket);
    }
    return keys_.insert(others, "", new_bucket);
}

void GlobIndex::add_bucket(Merge& merge, std::uint32_t scope, std::string_view key) const noexcept {
    const std::uint32_t number = keys_.find(scope, key);
    if (number != none) {
        merge.expansions[merge.count++] = buckets_[number].first;
    }
}

GlobIndex::Merge GlobIndex::begin_merge(const file::GlobPath& path) const noexcept {
    Merge merge;
    add_bucket(merge, exact_name, path.name());
    add_bucket(merge, exact_path, path.path());
    for (std::size_t depth = 1, known = 1; depth <= directories_depth_; ++depth) {
        const std::size_t slash = path.path().find('/', known);
        if (slash == std::string_view::npos) {
            break;
        }
        known = slash + 1;
        add_bucket(merge, directory, path.path().substr(0, known));
    }
    std::size_t ending_bytes = 0;
    for (std::size_t dots = 1; dots <= ending_dots_; ++dots) {
        const std::string_view found = ending_of(path.name(), dots);
        if (found.size() == ending_bytes) {
            break;
        }
        ending_bytes = found.size();
        add_bucket(merge, ending, found);
    }
    if (path.name().size() >= beginning_bytes) {
        add_bucket(merge, beginning_of_name, path.name().substr(0, beginning_bytes));
    }
    if (path.path().size() >= beginning_bytes) {
        add_bucket(merge, beginning_of_path, path.path().substr(0, beginning_bytes));
    }
    add_bucket(merge, others, "");
    return merge;
}

std::optional<GlobIndex::Index> GlobIndex::next_match(Merge& merge,
                                                      const file::GlobPath& path) const noexcept {
    while (merge.count > 0) {
        // Expansions are numbered in the order of the list, those of one glob too.
        const auto cursors = std::span(merge.expansions).first(merge.count);
        std::uint32_t& first = *std::ranges::min_element(cursors);
        const Expansion& expansion = expansions_[first];
        first = expansion.next;
        if (first == none) {
            first = cursors.back();
            --merge.count;
        }
        if (expansion.index != merge.found && expansion.glob.matches(path)) {
            merge.found = expansion.index;
            return expansion.index;
        }
    }
    return std::nullopt;
}

std::optional<GlobIndex::Index> GlobIndex::first_match(std::string_view path) const noexcept {
    if (expansions_.empty()) {
        return std::nullopt;
    }
    const file::GlobPath glob_path(path);
    Merge merge = begin_merge(glob_path);
    return next_match(merge, glob_path);
}

}  // namespace torc::site
