#pragma once

#include <torc/file/compiled_glob.hpp>
#include <torc/site/routing/text_index.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace torc::site {

/// A list of globs, made ready to find those that match a path without trying all: 20,000 cost some
/// lookups in a hash table and the few globs that these find.
///
/// Each glob (or each that one with braces stands for) is in one bucket, by what all that it
/// matches has in common, the first of these that it has:
///
/// | bucket    | of                                                          | key          |
/// |-----------|-------------------------------------------------------------|--------------|
/// | exact     | globs without wildcards ("robots.txt", "/a/b.js")           | all of it    |
/// | directory | globs of paths beneath a directory ("/assets/*")            | "/assets/"   |
/// | ending    | globs that end with an extension ("*.min.js", "/a*.js")     | ".min.js"    |
/// | beginning | globs that begin with at least 4 characters ("logo-*.png*") | the first 4  |
/// | others    | all others ("*", "a?c")                                     |              |
///
/// A bucket keeps the order of the list, so the buckets that a path may be in are merged.
class GlobIndex {
public:
    using Index = std::uint32_t;

    /// Adds a glob (see file::matches_glob) to the end of the list.
    void add(std::string_view glob);
    /// How many have been added.
    [[nodiscard]] std::size_t size() const noexcept { return globs_added_; }

    /// The first glob of the list that matches the file at `path`, relative to the root. Neither
    /// allocates nor blocks, as `for_each_match`.
    [[nodiscard]] std::optional<Index> first_match(std::string_view path) const noexcept;

    /// Calls `on_match(Index)` for each that matches, in the order of the list.
    template <typename OnMatch>
    void for_each_match(std::string_view path, OnMatch&& on_match) const {
        if (expansions_.empty()) {
            return;
        }
        const file::GlobPath glob_path(path);
        Merge merge = begin_merge(glob_path);
        for (auto match = next_match(merge, glob_path); match;
             match = next_match(merge, glob_path)) {
            on_match(*match);
        }
    }

private:
    static constexpr std::uint32_t none = TextIndex::none;
    /// Directories beneath are in the bucket of the deepest of these.
    static constexpr std::size_t directories_max = 16;
    /// An ending that is a key has no more dots than this.
    static constexpr std::size_t dots_max = 4;

    /// A glob without braces.
    struct Expansion {
        file::CompiledGlob glob;
        Index index;
        /// The next in its bucket.
        std::uint32_t next;
    };
    struct Bucket {
        std::uint32_t first;
        std::uint32_t last;
    };
    /// Where the search is in each bucket that the path may be in.
    struct Merge {
        std::array<std::uint32_t, directories_max + dots_max + 5> expansions;
        std::size_t count = 0;
        /// What was found last, so that a glob with braces is found once.
        Index found = none;
    };

    [[nodiscard]] std::uint32_t& bucket_of(const file::CompiledGlob& glob);
    [[nodiscard]] Merge begin_merge(const file::GlobPath& path) const noexcept;
    void add_bucket(Merge& merge, std::uint32_t scope, std::string_view key) const noexcept;
    [[nodiscard]] std::optional<Index> next_match(Merge& merge,
                                                  const file::GlobPath& path) const noexcept;

    std::size_t globs_added_ = 0;
    std::vector<Expansion> expansions_;
    std::vector<Bucket> buckets_;
    /// By kind of bucket and key: which one.
    TextIndex keys_;
    /// How deep the directories are that are keys.
    std::size_t directories_depth_ = 0;
    /// How many dots the endings have that are keys.
    std::size_t ending_dots_ = 0;
};

}  // namespace torc::site
