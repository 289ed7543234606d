#pragma once

#include <torc/http/target.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/worker/connection.hpp>

#include <string_view>

namespace torc::worker {

// Which asset the request in `services` is answered with: that at its path, or the listing, the
// fallback or the error that is sent instead. Null: it must be loaded, and `services.load_path`
// says what.

/// `loaded_asset`: what a load for the request has just ended with; null: none did.
///
/// Who asks for a directory by a target that would mislead the references in what is shown for it
/// is redirected to its path.
[[nodiscard]] site::Asset* find_asset(Services& services, const http::Target& target,
                                      site::Asset* loaded_asset);

/// Where there is nothing at `path`, which need not be a http::Target's. `error_path`: where that
/// would be, for the error page (see SubstituteKey::error_at).
[[nodiscard]] site::Asset* find_substitute(Services& services, std::string_view path,
                                           std::string_view error_path);

}  // namespace torc::worker
