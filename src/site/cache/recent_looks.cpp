#include <torc/site/cache/recent_looks.hpp>

#include <utility>

namespace torc::site {

bool RecentLooks::note(std::string_view path, const file::Metadata& found, WallTime now) noexcept {
    const std::size_t hash = hash_(path);
    const Look before = std::exchange(looks_[hash % looks_.size()],
                                      Look{.path_hash = hash, .found = found, .at = now});
    const bool is_recent = before.at <= now && now - before.at <= recent_for;
    // What a package or a deploy puts there is another file, or has a time that lies back.
    const bool is_being_written =
        before.found.inode == found.inode && found.modified + recent_for >= now;
    return before.path_hash == hash && is_recent && is_being_written && before.found != found;
}

}  // namespace torc::site
