#pragma once

#include <torc/site/routing/text_index.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::site {

/// Which of a site's areas a path is in: the one with the longest path of whole segments that the
/// path begins with. "download" itself is in the area "download/" only where that has a directory
/// of its own, which it then names: else a file of the site may have that name ("download.html", by
/// clean URLs).
class AreaTable {
public:
    using AreaIndex = std::uint32_t;

    enum class Directory : std::uint8_t { of_the_site, of_its_own };

    /// `path`: decoded, relative to the root, with a slash at its end ("download/",
    /// "a/download/"); not empty. Gives the area that has the path already, and then changes
    /// nothing.
    std::optional<AreaIndex> add(std::string_view path, AreaIndex area, Directory directory);

    /// `path`: a http::Target's. Nothing: it is in no area, but in the site alone. Neither
    /// allocates nor blocks, and makes no more lookups than the longest area's path has segments.
    [[nodiscard]] std::optional<AreaIndex> find(std::string_view path) const noexcept {
        return areas_.empty() ? std::nullopt : find_longest(path);
    }

    [[nodiscard]] bool empty() const noexcept { return areas_.empty(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return areas_.memory_bytes(); }

private:
    [[nodiscard]] std::optional<AreaIndex> find_longest(std::string_view path) const noexcept;

    /// By path, without the slash at its end.
    TextIndex areas_;
    std::size_t segments_max_ = 0;
};

}  // namespace torc::site
