#include <torc/file/glob.hpp>
#include <torc/file/hidden_names.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace torc::file {
namespace {

using namespace std::string_view_literals;

/// What nobody means to publish who lets out "whatever begins with a dot".
bool is_private(std::string_view segment) noexcept {
    static constexpr std::array names = {
        // The history of the sources.
        ".bzr"sv, ".git"sv, ".hg"sv, ".jj"sv, ".pijul"sv, ".svn"sv,
        // Passwords and keys.
        ".aws"sv, ".azure"sv, ".docker"sv, ".dockercfg"sv, ".git-credentials"sv, ".gnupg"sv,
        ".htaccess"sv, ".htpasswd"sv, ".kube"sv, ".my.cnf"sv, ".netrc"sv, ".npmrc"sv, ".pgpass"sv,
        ".pypirc"sv, ".ssh"sv, ".vault-token"sv};
    return std::ranges::find(names, segment) != names.end() || segment.starts_with(".env") ||
           segment.ends_with("_history");
}

/// Whether a glob has the whole segment, without a wildcard.
bool names_segment(std::string_view glob, std::string_view segment) {
    return glob == segment ||
           ('/' + std::string(glob) + '/').contains('/' + std::string(segment) + '/');
}

}  // namespace

bool HiddenNames::hide(std::string_view path) const {
    constexpr std::string_view well_known = ".well-known";
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment = path.substr(begin, end - begin);
        const bool is_well_known = begin == 0 && segment == well_known;
        if (segment.starts_with('.') && !is_well_known && !are_shown(path, path.substr(0, end))) {
            return true;
        }
        begin = end + 1;
    }
    return false;
}

bool HiddenNames::are_shown(std::string_view path, std::string_view path_of_segment) const {
    const std::string_view segment = path_of_segment.substr(path_of_segment.rfind('/') + 1);
    return std::ranges::any_of(shown_, [&](const std::string& glob) {
        return (!is_private(segment) || names_segment(glob, segment)) &&
               (matches_glob(glob, path_of_segment) ||
                (glob.contains('/') && matches_glob(glob, path)));
    });
}

}  // namespace torc::file
