#include <torc/base/ascii.hpp>
#include <torc/base/limits.hpp>
#include <torc/file/glob.hpp>
#include <torc/file/hidden_names.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <ranges>
#include <utility>

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
bool names_segment(std::string_view glob, std::string_view segment) noexcept {
    return std::ranges::any_of(glob | std::views::split('/'), [segment](const auto& part) {
        return std::string_view(part) == segment;
    });
}

/// A path with a slash in front, ended by a NUL wherever it is cut, as fnmatch(3) wants it.
class PathText {
public:
    /// `path`: shorter than limits::path_bytes_max.
    explicit PathText(std::string_view path) noexcept : path_(path) {
        text_[0] = '/';
        std::ranges::copy(path, text_.begin() + 1);
    }

    [[nodiscard]] bool matches(const std::string& glob) noexcept {
        return matches(glob, 0, path_.size() + 1);
    }
    /// Up to the end of `segment`, which is a part of the path.
    [[nodiscard]] bool matches_up_to(const std::string& glob, std::string_view segment) noexcept {
        return matches(glob, 0, begin_of(segment) + segment.size());
    }
    [[nodiscard]] bool matches_in(const std::string& glob, std::string_view segment) noexcept {
        return matches(glob, begin_of(segment), begin_of(segment) + segment.size());
    }

private:
    [[nodiscard]] std::size_t begin_of(std::string_view segment) const noexcept {
        return static_cast<std::size_t>(segment.data() - path_.data()) + 1;
    }
    [[nodiscard]] bool matches(const std::string& glob, std::size_t begin,
                               std::size_t end) noexcept {
        const char cut = std::exchange(text_[end], '\0');
        const bool does_match = ::fnmatch(glob.c_str(), &text_[begin], 0) == 0;
        text_[end] = cut;
        return does_match;
    }

    std::string_view path_;
    std::array<char, limits::path_bytes_max + 1> text_;
};

}  // namespace

HiddenNames::HiddenNames(const std::vector<std::string>& shown) {
    for (const std::string& glob : shown) {
        std::ranges::move(expand_braces(glob), std::back_inserter(shown_));
    }
}

bool HiddenNames::is_hidden_in_root(std::string_view path) const noexcept {
    const std::string_view first = path.substr(0, path.find('/'));
    return std::ranges::any_of(names_in_root_, [first](std::string_view name) {
        return starts_with(first, name) &&
               (first.size() == name.size() || first[name.size()] == '.');
    });
}

bool HiddenNames::hide(std::string_view path) const noexcept {
    if (is_hidden_in_root(path)) {
        return true;
    }
    std::array<std::string_view, dotted_segments_max> dotted;
    std::size_t count = 0;
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view segment = path.substr(begin, end - begin);
        if (segment.starts_with('.') && !(begin == 0 && segment == well_known_directory)) {
            if (hide_all() || count == dotted.size()) {
                return true;
            }
            dotted[count++] = segment;
        }
        begin = end + 1;
    }
    return count > 0 && (path.size() >= limits::path_bytes_max ||
                         !are_shown(path, std::span(dotted).first(count)));
}

bool HiddenNames::are_shown(std::string_view path,
                            std::span<std::string_view> segments) const noexcept {
    PathText text(path);
    for (const std::string& glob : shown_) {
        const bool is_of_path = glob.contains('/');
        const bool is_path_shown = is_of_path && text.matches(glob);
        const auto is_shown = [&](std::string_view segment) {
            const bool does_match = is_path_shown || (is_of_path ? text.matches_up_to(glob, segment)
                                                                 : text.matches_in(glob, segment));
            return does_match && (!is_private(segment) || names_segment(glob, segment));
        };
        const auto shown = std::ranges::remove_if(segments, is_shown);
        segments = segments.first(segments.size() - shown.size());
    }
    return segments.empty();
}

}  // namespace torc::file
