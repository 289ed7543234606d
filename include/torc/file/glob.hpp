#pragma once

#include <torc/file/hidden_names.hpp>

#include <string>
#include <string_view>

namespace torc::file {

/// Whether a user's glob matches the file at `path`, relative to the root: as in fnmatch(3) without
/// flags, so that '*' matches '/' too. A glob without a '/' is matched with the file's name, one
/// with a '/' with its path from the root ("/assets/app.js").
[[nodiscard]] bool matches_glob(const std::string& glob, std::string_view path);

/// Why a glob can't match any file that is served, where `hidden` are not, and what would, such as
/// "a path begins with a slash; give /assets/*"; empty: it may match one.
[[nodiscard]] std::string find_glob_flaw(std::string_view glob, const HiddenNames& hidden = {});

/// The same of a glob of hidden names that are let out.
[[nodiscard]] std::string find_hidden_glob_flaw(std::string_view glob);

}  // namespace torc::file
