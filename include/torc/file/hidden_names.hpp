#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::file {

/// The first segment of paths that begins with a dot and is not hidden (RFC 8615).
inline constexpr std::string_view well_known_directory = ".well-known";

/// The one rule of what is hidden, for serving, listings and globs alike: which paths beneath a
/// root are hidden, that is neither served nor listed: those with a segment that begins with a dot,
/// but for a first well_known_directory and what a user lets out, and names of the root that are
/// hidden one by one.
class HiddenNames {
public:
    HiddenNames() = default;
    /// `shown`: globs (see matches_glob) of what is let out; one with a '/' is matched with the
    /// path up to the segment and with the whole path. Wildcards never let out what holds
    /// passwords, keys or the history of the sources (".git", ".env", ".ssh", in capitals too) and
    /// copies of it (".git.bak"): only a glob that has the name does.
    explicit HiddenNames(const std::vector<std::string>& shown);

    /// Hides what is called `name` in the root itself, in capitals or small letters, with a suffix
    /// (".gz") or without, and all beneath it. `name`: in lower case.
    void hide_in_root(std::string_view name) { names_in_root_.emplace_back(name); }

    /// `path`: relative to the root, as a http::Target's. With more segments that begin with a dot
    /// than dotted_segments_max it is hidden, so that no path costs more than so many matches of
    /// each glob.
    [[nodiscard]] bool hide(std::string_view path) const noexcept;
    static constexpr std::size_t dotted_segments_max = 16;
    /// Whether nothing is let out.
    [[nodiscard]] bool hide_all() const noexcept { return shown_.empty(); }
    /// Whether something called `name` in `directory` may be hidden, as a quick look tells.
    /// `directory`: from the root, with a slash at its end; empty: the root.
    [[nodiscard]] bool may_hide(std::string_view directory, std::string_view name) const noexcept {
        return name.starts_with('.') || (directory.empty() && !names_in_root_.empty());
    }

    friend bool operator==(const HiddenNames&, const HiddenNames&) = default;

private:
    /// Whether each of `segments`, which are parts of `path`, is let out; reorders them.
    [[nodiscard]] bool are_shown(std::string_view path,
                                 std::span<std::string_view> segments) const noexcept;

    [[nodiscard]] bool is_hidden_in_root(std::string_view path) const noexcept;

    /// Without braces.
    std::vector<std::string> shown_;
    /// In lower case.
    std::vector<std::string> names_in_root_;
};

}  // namespace torc::file
