#include <torc/file/glob.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace torc::file {
namespace {

/// The characters that mean something to fnmatch(3).
constexpr std::string_view wildcards = "*?[\\";

enum class Place : std::uint8_t { first, later };

/// See find_glob_flaw: of a part of a glob that stands between slashes.
std::string find_segment_flaw(std::string_view segment, Place place, const HiddenNames& hidden) {
    if (segment.empty() || segment == "." || segment == "..") {
        return "a path is matched without empty segments, \".\" and \"..\"; give one like "
               "/assets/*";
    }
    // Of a hidden segment only the dot need be certain; ".w*" may be the one that is served.
    const std::size_t certain = std::min(segment.find_first_of(wildcards), segment.size());
    const bool may_be_well_known =
        certain == segment.size() ? segment == well_known_directory
                                  : well_known_directory.starts_with(segment.substr(0, certain));
    const bool is_hidden = segment.starts_with('.') && hidden.hide_all() &&
                           !(place == Place::first && may_be_well_known);
    return is_hidden ? "files and directories that begin with a dot are not served, but for "
                       "/.well-known; --hidden lets them out"
                     : "";
}

}  // namespace

bool matches_glob(const std::string& glob, std::string_view path) {
    if (!glob.contains('/')) {
        return ::fnmatch(glob.c_str(), std::string(path.substr(path.rfind('/') + 1)).c_str(), 0) ==
               0;
    }
    return ::fnmatch(glob.c_str(), ('/' + std::string(path)).c_str(), 0) == 0;
}

std::string find_glob_flaw(std::string_view glob, const HiddenNames& hidden) {
    if (!glob.contains('/')) {
        return find_segment_flaw(glob, Place::first, hidden);
    }
    const bool is_absolute = glob.starts_with('/');
    if (glob.ends_with('/')) {
        return "a file's path does not end with a slash; give " + std::string(glob) + "*";
    }
    if (wildcards.contains(glob.front())) {
        return "";
    }
    // Up to the first wildcard, of which '*' matches slashes too, segments are what they look like.
    std::size_t begin = is_absolute ? 1 : 0;
    for (Place place = Place::first; begin < glob.size(); place = Place::later) {
        const std::size_t end = std::min(glob.find('/', begin), glob.size());
        const std::string_view segment = glob.substr(begin, end - begin);
        if (std::string flaw = find_segment_flaw(segment, place, hidden); !flaw.empty()) {
            return flaw;
        }
        if (segment.find_first_of(wildcards) != std::string_view::npos) {
            break;
        }
        begin = end + 1;
    }
    return is_absolute ? "" : "a path begins with a slash; give /" + std::string(glob);
}

std::string find_hidden_glob_flaw(std::string_view glob) {
    const std::size_t wildcard = glob.find_first_of(wildcards);
    const std::string_view certain = glob.substr(0, wildcard);
    const bool may_be_hidden =
        wildcard != std::string_view::npos || certain.starts_with('.') || certain.contains("/.");
    if (!may_be_hidden) {
        return "a hidden name begins with a dot; give one like .treeinfo";
    }
    return find_glob_flaw(glob, HiddenNames({std::string(glob)}));
}

}  // namespace torc::file
