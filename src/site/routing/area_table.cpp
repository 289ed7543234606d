#include <torc/site/routing/area_table.hpp>

#include <algorithm>

namespace torc::site {
namespace {

/// What is beneath them, and their own names without a slash.
constexpr std::uint32_t beneath = 0;
constexpr std::uint32_t own_name = 1;

}  // namespace

std::optional<AreaTable::AreaIndex> AreaTable::add(std::string_view path, AreaIndex area,
                                                   Directory directory) {
    const auto segments = static_cast<std::size_t>(std::ranges::count(path, '/'));
    segments_max_ = std::max(segments_max_, segments);
    const std::size_t areas_before = areas_.size();
    const std::string_view name = path.substr(0, path.size() - 1);
    const AreaIndex present = areas_.insert(beneath, name, area);
    if (areas_.size() == areas_before) {
        return present;
    }
    if (directory == Directory::of_its_own) {
        areas_.insert(own_name, name, area);
    }
    return std::nullopt;
}

std::optional<AreaTable::AreaIndex> AreaTable::find_longest(std::string_view path) const noexcept {
    // From the front, for what follows may be of any length. The last that is found is the longest.
    std::uint32_t found = TextIndex::none;
    std::size_t end = 0;
    for (std::size_t segments = 0; segments < segments_max_ && end < path.size(); ++segments) {
        end = std::min(path.find('/', end), path.size());
        const std::uint32_t longer =
            areas_.find(end < path.size() ? beneath : own_name, path.substr(0, end));
        found = longer == TextIndex::none ? found : longer;
        ++end;
    }
    return found == TextIndex::none ? std::nullopt : std::optional(found);
}

}  // namespace torc::site
