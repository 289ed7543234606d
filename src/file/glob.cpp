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

/// See matches_glob; `glob` is without braces.
bool matches_plain_glob(const std::string& glob, std::string_view path) {
    if (glob.contains('\0')) {
        return false;  // As no path, and fnmatch(3) would end there.
    }
    if (!glob.contains('/')) {
        return ::fnmatch(glob.c_str(), std::string(path.substr(path.rfind('/') + 1)).c_str(), 0) ==
               0;
    }
    return ::fnmatch(glob.c_str(), ('/' + std::string(path)).c_str(), 0) == 0;
}

/// See find_glob_flaw; `glob` is without braces.
std::string find_plain_glob_flaw(std::string_view glob, const HiddenNames& hidden) {
    if (glob.contains('\0')) {
        return "no path has a NUL in it; leave it out";
    }
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

/// See find_hidden_glob_flaw; `glob` is without braces.
std::string find_plain_hidden_glob_flaw(std::string_view glob) {
    const std::size_t wildcard = glob.find_first_of(wildcards);
    const std::string_view certain = glob.substr(0, wildcard);
    const bool may_be_hidden =
        wildcard != std::string_view::npos || certain.starts_with('.') || certain.contains("/.");
    if (!may_be_hidden) {
        return "a hidden name begins with a dot; give one like .treeinfo";
    }
    return find_plain_glob_flaw(glob, HiddenNames({std::string(glob)}));
}

/// The flaw of the first that has one.
template <typename Find>
std::string find_flaw_of_any(std::string_view glob, const Find& find) {
    for (const std::string& plain : expand_braces(glob)) {
        if (std::string flaw = find(plain); !flaw.empty()) {
            return flaw;
        }
    }
    return "";
}

/// Where what begins at `place` ends: an escaped character, "[...]" or one character.
std::size_t end_of_atom(std::string_view glob, std::size_t place) noexcept {
    if (glob[place] == '\\') {
        return std::min(place + 2, glob.size());
    }
    if (glob[place] != '[') {
        return place + 1;
    }
    std::size_t first = place + 1;
    if (first < glob.size() && (glob[first] == '!' || glob[first] == '^')) {
        ++first;
    }
    // A bracket that comes first is one of the characters.
    const std::size_t end = glob.find(']', std::min(first + 1, glob.size()));
    return end == std::string_view::npos ? place + 1 : end + 1;
}

/// The first braces of a glob that have a comma: what stands before and behind them, and the
/// alternatives.
struct Braces {
    std::string_view before;
    std::vector<std::string_view> alternatives{};
    std::string_view after{};
};

/// `open`: the place of a '{'. Without alternatives: nothing closes it, or it has no comma.
Braces read_braces(std::string_view glob, std::size_t open) {
    Braces braces{.before = glob.substr(0, open)};
    std::size_t depth = 0;
    std::size_t begin = open + 1;
    for (std::size_t i = open; i < glob.size(); i = end_of_atom(glob, i)) {
        if (glob[i] == '{') {
            ++depth;
        } else if (glob[i] == ',' && depth == 1) {
            braces.alternatives.push_back(glob.substr(begin, i - begin));
            begin = i + 1;
        } else if (glob[i] == '}' && --depth == 0) {
            if (!braces.alternatives.empty()) {
                braces.alternatives.push_back(glob.substr(begin, i - begin));
                braces.after = glob.substr(i + 1);
            }
            return braces;
        }
    }
    braces.alternatives.clear();
    return braces;
}

/// False: there are too many. What is before `done` has no braces that stand for anything.
bool expand(const std::string& glob, std::size_t done, std::vector<std::string>& expansions) {
    for (std::size_t i = done; i < glob.size(); i = end_of_atom(glob, i)) {
        const Braces braces = glob[i] == '{' ? read_braces(glob, i) : Braces{};
        for (const std::string_view alternative : braces.alternatives) {
            std::string chosen(braces.before);
            chosen += alternative;
            chosen += braces.after;
            if (!expand(chosen, i, expansions)) {
                return false;
            }
        }
        if (!braces.alternatives.empty()) {
            return true;
        }
    }
    expansions.push_back(glob);
    return expansions.size() <= expansions_max;
}

}  // namespace

std::vector<std::string> expand_braces(std::string_view glob) {
    const std::string whole(glob);
    std::vector<std::string> expansions;
    if (!glob.contains('{') || !expand(whole, 0, expansions)) {
        return {whole};
    }
    return expansions;
}

bool matches_glob(const std::string& glob, std::string_view path) {
    return std::ranges::any_of(expand_braces(glob), [path](const std::string& plain) {
        return matches_plain_glob(plain, path);
    });
}

std::string find_glob_flaw(std::string_view glob, const HiddenNames& hidden) {
    return find_flaw_of_any(
        glob, [&](const std::string& plain) { return find_plain_glob_flaw(plain, hidden); });
}

std::string find_hidden_glob_flaw(std::string_view glob) {
    return find_flaw_of_any(glob, find_plain_hidden_glob_flaw);
}

}  // namespace torc::file
