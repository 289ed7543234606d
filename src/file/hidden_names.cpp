#include <torc/base/ascii.hpp>
#include <torc/file/glob.hpp>
#include <torc/file/hidden_names.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

namespace torc::file {
namespace {

using namespace std::string_view_literals;

/// In lower case, as all names below. Of these also what has them in front of a character that is
/// no letter, such as copies (".git.bak", ".npmrc~"); not ".gitignore".
constexpr std::array private_names = {
    // The history of the sources.
    ".bzr"sv, ".cvs"sv, ".git"sv, ".hg"sv, ".jj"sv, ".pijul"sv, ".sl"sv, ".svn"sv,
    // Passwords and keys of version control, package managers and registries.
    ".bundle"sv, ".cargo"sv, ".composer"sv, ".gem"sv, ".gitconfig"sv, ".gradle"sv, ".hgrc"sv,
    ".ivy"sv, ".jfrog"sv, ".m2"sv, ".npmrc"sv, ".nuget"sv, ".pypirc"sv, ".sbt"sv, ".yarnrc"sv,
    // Of services.
    ".ansible"sv, ".aws"sv, ".azure"sv, ".boto"sv, ".databrickscfg"sv, ".docker"sv, ".dockercfg"sv,
    ".dockerconfigjson"sv, ".gcloud"sv, ".kaggle"sv, ".kube"sv, ".kubeconfig"sv, ".rclone"sv,
    ".s3cfg"sv, ".sentryclirc"sv, ".serverless"sv, ".snowsql"sv, ".terraform"sv, ".terraformrc"sv,
    ".vagrant"sv,
    // Of hosts, databases and mail.
    ".curlrc"sv, ".dbshell"sv, ".esmtprc"sv, ".fetchmailrc"sv, ".gnupg"sv, ".htaccess"sv,
    ".htdigest"sv, ".htpasswd"sv, ".ldaprc"sv, ".msmtprc"sv, ".mutt"sv, ".muttrc"sv, ".my.cnf"sv,
    ".mylogin.cnf"sv, ".netrc"sv, ".offlineimaprc"sv, ".pgpass"sv, ".pki"sv, ".rhosts"sv,
    ".shosts"sv, ".ssh"sv, ".wgetrc"sv, ".xauthority"sv,
    // Of programs with windows, and what editors upload with.
    ".config"sv, ".ftpconfig"sv, ".idea"sv, ".local"sv, ".mozilla"sv, ".purple"sv, ".remote-sync"sv,
    ".thunderbird"sv, ".vscode"sv,
    // What was typed.
    ".lesshst"sv, ".viminfo"sv};
/// What has one of these anywhere says so of itself; ".swp" is a file that is being edited.
constexpr std::array private_parts = {".key"sv,    ".pem"sv, ".swo"sv,   ".swp"sv,  "credential"sv,
                                      "history"sv, "pass"sv, "secret"sv, "token"sv, "vault"sv};
constexpr std::string_view environment = ".env";

/// `lowered`: in lower case.
bool starts_with(std::string_view segment, std::string_view lowered) noexcept {
    return segment.size() >= lowered.size() &&
           std::ranges::equal(segment.substr(0, lowered.size()), lowered, {}, to_lower);
}

/// What nobody means to publish who lets out "whatever begins with a dot". File systems that do not
/// tell capitals from small letters have it by each.
bool is_private(std::string_view segment) noexcept {
    const auto is_named = [segment](std::string_view name) {
        return starts_with(segment, name) &&
               (segment.size() == name.size() || !is_lower(to_lower(segment[name.size()])));
    };
    const auto is_part = [segment](std::string_view part) {
        return !std::ranges::search(segment, part, {}, to_lower).empty();
    };
    return starts_with(segment, environment) || std::ranges::any_of(private_names, is_named) ||
           std::ranges::any_of(private_parts, is_part);
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
