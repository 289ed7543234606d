#include <torc/site/routing/area_table.hpp>

#include <algorithm>

namespace torc::site {
namespace {

/// Areas have no scopes.
constexpr std::uint32_t scope = 0;

}  // namespace

std::optional<AreaTable::AreaIndex> AreaTable::add(std::string_view path, AreaIndex area) {
    const auto segments = static_cast<std::size_t>(std::ranges::count(path, '/'));
    segments_max_ = std::max(segments_max_, segments);
    const std::size_t areas_before = areas_.size();
    const AreaIndex present = areas_.insert(scope, path.substr(0, path.size() - 1), area);
    return areas_.size() == areas_before ? std::optional(present) : std::nullopt;
}

std::optional<AreaTable::AreaIndex> AreaTable::find_longest(std::string_view path) const noexcept {
    // From the front, for what follows may be of any length. The last that is found is the longest.
    std::uint32_t found = TextIndex::none;
    std::size_t end = 0;
    for (std::size_t segments = 0; segments < segments_max_ && end < path.size(); ++segments) {
        end = std::min(path.find('/', end), path.size());
        const std::uint32_t longer = areas_.find(scope, path.substr(0, end));
        found = longer == TextIndex::none ? found : longer;
        ++end;
    }
    return found == TextIndex::none ? std::nullopt : std::optional(found);
}

}  // namespace torc::site
