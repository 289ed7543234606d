#pragma once

#include <torc/site/cache/path_hash.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace torc::site {

/// What a load looked at: a name, or all names in one directory that differ in their suffixes alone
/// ("page", "page.html", "page.html.br"), as most loads look at. Eight bytes whatever their length:
/// of two stems one in 2^32 is taken for the other, and then an asset is dropped that need not be.
struct LookedAt {
    /// Of the path without ".html" and the suffix of a precompressed file.
    std::uint32_t stem_hash = 0;
    /// A bit for each pair of suffixes, one for the contents of a directory.
    std::uint16_t suffixes = 0;

    /// `path`: of a file or a directory as an entry of the one above, "a/b".
    [[nodiscard]] static LookedAt name(std::string_view path, const PathHash& hash) noexcept;
    /// Whatever is in `directory`, "" or "a/b/": what its listing is made of.
    [[nodiscard]] static LookedAt contents_of(std::string_view directory,
                                              const PathHash& hash) noexcept;

    /// Whether both are of a common name.
    [[nodiscard]] bool meets(const LookedAt& other) const noexcept {
        return stem_hash == other.stem_hash && (suffixes & other.suffixes) != 0;
    }
};

/// All that one load looked at.
class LooksTaken {
public:
    void note_name(std::string_view path) { note(LookedAt::name(path, hash_)); }
    void note_contents_of(std::string_view directory) {
        note(LookedAt::contents_of(directory, hash_));
    }

    [[nodiscard]] std::span<const LookedAt> all() const noexcept { return all_; }
    /// Whether a name of `look` is among them.
    [[nodiscard]] bool meet(const LookedAt& look) const noexcept {
        return std::ranges::any_of(all_, [&](const LookedAt& one) { return one.meets(look); });
    }

private:
    void note(const LookedAt& look);

    PathHash hash_;
    std::vector<LookedAt> all_;
};

}  // namespace torc::site
