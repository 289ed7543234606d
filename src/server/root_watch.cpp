#include <torc/base/start_error.hpp>
#include <torc/server/root_watch.hpp>

#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <thread>
#include <utility>

namespace torc::server {
namespace {

/// What is gone for longer is no moment of a deploy.
constexpr std::chrono::milliseconds moment{500};

std::vector<std::string> find_lost(const std::vector<std::string>& paths) {
    std::vector<std::string> lost;
    for (const std::string& path : paths) {
        struct stat status{};
        if (::stat(path.c_str(), &status) < 0 && (errno == ENOENT || errno == ENOTDIR)) {
            lost.push_back(path);
        }
    }
    return lost;
}

}  // namespace

bool RootWatch::look(MonotonicTime now, const worker::Snapshot& snapshot) {
    if (task_) {
        if (!task_->is_over()) {
            return false;
        }
        std::vector<std::string> lost = task_->take();
        const bool has_changed = lost != lost_;
        lost_ = std::move(lost);
        task_.reset();
        next_look_ = now + interval;
        return has_changed;
    }
    if (now < next_look_) {
        return false;
    }
    next_look_ = now + interval;
    std::set<std::string> paths;
    for (const worker::SharedSite& site : snapshot.sites) {
        for (const worker::AreaSnapshot& area : site->areas) {
            paths.insert(area.tree->root->path());
        }
    }
    try {
        task_.emplace(
            [roots = std::vector(paths.begin(), paths.end())] {
                std::vector<std::string> lost = find_lost(roots);
                if (!lost.empty()) {
                    std::this_thread::sleep_for(moment);
                    lost = find_lost(lost);
                }
                return lost;
            },
            "no thread to look at the roots with");
    } catch (const StartError&) {
        // Another time.
    }
    return false;
}

}  // namespace torc::server
