#pragma once

#include <torc/file/hidden_names.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::site {

/// What is sent for a path at which there is nothing: what it is loaded and cached by, so that all
/// such paths share it. As text it is no http::Target's path, for no path contains a NUL, and no
/// ListingKey.
struct SubstituteKey {
    enum class Kind : std::uint8_t {
        /// LoadRules::fallback_path: the page of a single-page application.
        fallback,
        /// The error: with the site's own page for it, if there is one in a directory or above.
        error,
    };

    Kind kind = Kind::error;
    /// Of the fallback; or the directory, "" or "a/b/", in which an error page is looked for first.
    std::string_view path;

    /// The error in place of `path`, a http::Target's. An error page is looked for in at most 16
    /// directories above a path, from the root on: a path of 4,000 must not cost 4,000 look-ups.
    /// What is `hidden`, or too long for any file, shows the root's.
    [[nodiscard]] static SubstituteKey error_at(std::string_view path,
                                                const file::HiddenNames& hidden = {});

    /// What `text` says; nothing when it is anything else. The view points into `text`.
    [[nodiscard]] static std::optional<SubstituteKey> parse(std::string_view text) noexcept;
    /// Replaces `text` by the key as text.
    void write(std::string& text) const;
};

}  // namespace torc::site
