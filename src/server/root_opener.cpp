#include <torc/base/clock.hpp>
#include <torc/server/document_root.hpp>
#include <torc/server/root_opener.hpp>

#include <iterator>
#include <utility>

namespace torc::server {

RootOpener::RootOpener(const worker::Snapshot* previous, io::Backend backend,
                       const worker::ReportSink& reports)
    : backend_(backend), reports_(reports) {
    if (previous == nullptr) {
        return;
    }
    for (const worker::SharedSite& site : previous->sites) {
        for (const worker::AreaSnapshot& area : site->areas) {
            roots_.emplace(area.tree->root->path(), area.tree->root);
        }
    }
}

std::shared_ptr<worker::CurrentRoot> RootOpener::open(config::AreaSettings& area) {
    serve_only_file_if_named(area);
    if (const auto known = roots_.find(area.directory); known != roots_.end()) {
        return known->second;
    }
    const worker::SharedRoot root = open_document_root(area);
    std::vector<std::string> warnings = check_document_root(*root, area, backend_);
    std::move(warnings.begin(), warnings.end(), std::back_inserter(warnings_));
    auto current =
        std::make_shared<worker::CurrentRoot>(area.directory, root, monotonic_now(), reports_);
    roots_.emplace(area.directory, current);
    return current;
}

}  // namespace torc::server
