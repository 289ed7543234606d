#pragma once

#include <torc/file/hidden_names.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace torc::file {

/// Whether a user's glob matches the file at `path`, relative to the root: as in fnmatch(3) without
/// flags, so that '*' matches '/' too, and "**" is the same. A glob without a '/' is matched with
/// the file's name, one with a '/' with its path from the root ("/assets/app.js"). Braces stand for
/// several globs (see expand_braces), which are each matched so.
///
/// For one match: see CompiledGlob for many.
[[nodiscard]] bool matches_glob(const std::string& glob, std::string_view path);

/// The globs that one with braces stands for, as a shell has it: "*.{css,js}" is "*.css" and
/// "*.js", and braces may stand in others. Braces without a comma, unpaired ones and those behind a
/// backslash or between '[' and ']' stand for themselves. A glob without braces is itself; so is
/// one that stands for more than expansions_max.
[[nodiscard]] std::vector<std::string> expand_braces(std::string_view glob);
inline constexpr std::size_t expansions_max = 256;

/// Why a glob can't match any file that is served, where `hidden` are not, and what would, such as
/// "a path begins with a slash; give /assets/*"; empty: it may match one.
[[nodiscard]] std::string find_glob_flaw(std::string_view glob, const HiddenNames& hidden = {});

/// The same of a glob of hidden names that are let out.
[[nodiscard]] std::string find_hidden_glob_flaw(std::string_view glob);

}  // namespace torc::file
