#pragma once

#include <torc/config/site_settings.hpp>
#include <torc/file/root.hpp>
#include <torc/io/backend.hpp>
#include <torc/worker/current_root.hpp>

#include <string>
#include <vector>

namespace torc::server {

/// If the directory of an area is a file, makes the area one that has this file alone: see
/// LoadRules::only_file. Throws UsageError where its other settings want more than a file.
void serve_only_file_if_named(config::AreaSettings& area);

/// Opens the directory of an area; throws StartError naming it and the remedy.
[[nodiscard]] worker::SharedRoot open_document_root(const config::AreaSettings& area);

/// Looks at what the first requests will meet, as this user and by the kernel's leave. Throws
/// StartError for what would make the site fail as a whole: a root that can't be searched, an only
/// file or a page for --spa that can't be served, and, on epoll, no openat2(2). Gives warnings, one
/// line each, for what fails in part: "/" without anything to show, an index or a listing that
/// can't be read.
[[nodiscard]] std::vector<std::string> check_document_root(const file::Root& root,
                                                           const config::AreaSettings& area,
                                                           io::Backend backend);

/// Whether openat2(2) itself may be called, as epoll does for every file. A ring opens files by it
/// without the call, which a filter may forbid.
[[nodiscard]] bool has_openat2() noexcept;

}  // namespace torc::server
