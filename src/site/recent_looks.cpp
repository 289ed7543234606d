#include <torc/site/recent_looks.hpp>

#include <utility>

namespace torc::site {

bool RecentLooks::note(std::string_view path, const file::Metadata& found, WallTime now) noexcept {
    const std::size_t hash = hash_(path);
    const Look before = std::exchange(looks_[hash % looks_.size()],
                                      Look{.path_hash = hash, .found = found, .at = now});
    const bool is_recent = before.at <= now && now - before.at <= recent_for;
    return before.path_hash == hash && is_recent && before.found != found;
}

}  // namespace torc::site
