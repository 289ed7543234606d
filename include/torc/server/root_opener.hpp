#pragma once

#include <torc/config/settings.hpp>
#include <torc/config/site_settings.hpp>
#include <torc/io/backend.hpp>
#include <torc/server/open_logs.hpp>
#include <torc/worker/report.hpp>
#include <torc/worker/snapshot.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace torc::server {

/// Opens the directories of a configuration, each once, and takes over those that the one before
/// has open, which are not looked at: one may hang.
class RootOpener {
public:
    /// `previous`: null at the start; outlives this. `reports` outlives what is opened.
    RootOpener(const worker::Snapshot* previous, io::Backend backend,
               const worker::ReportSink& reports);

    /// All that a server needs to serve by `settings`: what is in the directories for torc itself
    /// (see load_site_files), the directories, the access logs, and what is compiled of all that.
    /// Throws what load_site_files, `open`, LogOpener and worker::make_snapshot do.
    [[nodiscard]] worker::SharedSnapshot open_all(config::Settings settings, LogOpener& logs);

    /// What the area's path leads to. See open_document_root, of which it has the effect on the
    /// area, and check_document_root; throws what they do.
    [[nodiscard]] std::shared_ptr<worker::CurrentRoot> open(config::AreaSettings& area);

    /// Of what was looked at anew, one line each.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

private:
    /// Looks at what is in the directory of an area, unless it was for another with the same page
    /// where there is nothing.
    void check(const config::AreaSettings& area, const file::Root& root);

    const worker::Snapshot* const previous_;
    const io::Backend backend_;
    const worker::ReportSink& reports_;
    /// By the paths that were given.
    std::unordered_map<std::string, std::shared_ptr<worker::CurrentRoot>> roots_;
    /// Keys of what was found right, see key_of.
    std::unordered_set<std::string> checked_;
    std::vector<std::string> warnings_;
};

/// How many directories are open for it at the most.
[[nodiscard]] std::size_t count_roots(const worker::Snapshot& snapshot);

}  // namespace torc::server
