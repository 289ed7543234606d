#include <torc/file/glob.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <cstddef>

namespace torc::file {
namespace {

/// The characters that mean something to fnmatch(3).
constexpr std::string_view wildcards = "*?[\\";

/// See find_glob_flaw: of a part of a glob that stands between slashes.
std::string find_segment_flaw(std::string_view segment, bool is_first) {
    if (segment.empty() || segment == "." || segment == "..") {
        return "a path is matched without empty segments, \".\" and \"..\"; give one like "
               "/assets/*";
    }
    // Of a hidden segment only the dot need be certain; ".w*" may be the one that is served.
    constexpr std::string_view well_known = ".well-known";
    const std::size_t certain = std::min(segment.find_first_of(wildcards), segment.size());
    const bool may_be_well_known = certain == segment.size()
                                       ? segment == well_known
                                       : well_known.starts_with(segment.substr(0, certain));
    return segment.starts_with('.') && !(is_first && may_be_well_known)
               ? "files and directories that begin with a dot are never served, but for "
                 "/.well-known"
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

std::string find_glob_flaw(std::string_view glob) {
    if (!glob.contains('/')) {
        return find_segment_flaw(glob, true);
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
    for (bool is_first = true; begin < glob.size(); is_first = false) {
        const std::size_t end = std::min(glob.find('/', begin), glob.size());
        const std::string_view segment = glob.substr(begin, end - begin);
        if (std::string flaw = find_segment_flaw(segment, is_first); !flaw.empty()) {
            return flaw;
        }
        if (segment.find_first_of(wildcards) != std::string_view::npos) {
            break;
        }
        begin = end + 1;
    }
    return is_absolute ? "" : "a path begins with a slash; give /" + std::string(glob);
}

}  // namespace torc::file
