#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/worker/change_watch.hpp>
#include <torc/worker/operation.hpp>

#include "format_report.hpp"

#include <algorithm>
#include <new>
#include <ranges>
#include <utility>

namespace torc::worker {
namespace {

constexpr std::size_t unwatches_per_iteration_max = 256;

/// Whether it says that nothing can be there, by that name.
bool is_absence(Errno error) noexcept {
    return error == Errno(ENOENT) || error == Errno(ENOTDIR) || error == Errno(ENAMETOOLONG) ||
           error == Errno(EINVAL);
}

/// What is in `directories`, a container ordered by path, at `directory` or beneath it.
template <typename Directories>
auto range_beneath(Directories& directories, std::string_view directory) {
    const auto first = directories.lower_bound(directory);
    auto last = first;
    const auto path_of = [](const auto& element) -> std::string_view {
        if constexpr (requires { element.first; }) {
            return element.first;
        } else {
            return element;
        }
    };
    while (last != directories.end() && path_of(*last).starts_with(directory)) {
        ++last;
    }
    return std::ranges::subrange(first, last);
}

}  // namespace

bool ChangeWatch::covers(std::string_view directory) const noexcept {
    return by_directory_.contains(directory);
}

void ChangeWatch::want(std::string_view directory, const SharedRoot& root) {
    const bool is_under_way = std::ranges::any_of(descents_, [&](const Descent& one) {
        return one.is_under_way() && one.target == directory;
    });
    if (is_under_way || !root->reports_changes() || covers(directory) ||
        by_directory_.size() + unwatchable_.size() >= limits::watched_directories_max ||
        !notices_.is_ready()) {
        return;
    }
    const auto free =
        std::ranges::find_if(descents_, [](const Descent& one) { return !one.is_under_way(); });
    if (free == descents_.end()) {
        return;  // The next load in this directory asks again.
    }
    *free = Descent{.target = std::string(directory), .root = root};
    open_next(static_cast<std::uint32_t>(free - descents_.begin()));
}

void ChangeWatch::remounted(std::string_view place, std::string_view root_path) {
    const bool is_beneath = place.size() > root_path.size() && place.starts_with(root_path) &&
                            (root_path.ends_with('/') || place[root_path.size()] == '/');
    if (is_beneath) {
        const std::size_t name = root_path.size() + (root_path.ends_with('/') ? 0 : 1);
        replaced(std::string(place.substr(name)) + '/');
    }
}

void ChangeWatch::open_next(std::uint32_t index) {
    Descent& descent = descents_[index];
    const std::string_view target = descent.target;
    // From the top, so that a directory that is moved while it is opened is seen to move.
    std::size_t length = descent.reached_bytes;
    while (covers(target.substr(0, length))) {
        if (length == target.size()) {
            end(descent);
            return;
        }
        length = target.find('/', length) + 1;
    }
    if (unwatchable_.contains(target.substr(0, length))) {
        end(descent);
        return;
    }
    descent.reached_bytes = length;
    descent.path = length == 0 ? "." : target.substr(0, length);
    try {
        proactor_.open(make_token(Operation::watch_open, index, tree_), descent.root->descriptor(),
                       descent.path.c_str(), file::Root::directory_how(), descent.root->lane());
    } catch (const std::bad_alloc&) {
        end(descent);
        throw;
    }
    ++opening_;
}

void ChangeWatch::end(Descent& descent) noexcept {
    descent = Descent{};
}

void ChangeWatch::completed(const io::Completion& completion) {
    --opening_;
    try {
        opened(completion.token.slot, completion);
    } catch (const std::bad_alloc&) {
        end(descents_[completion.token.slot]);
        throw;
    }
}

void ChangeWatch::opened(std::uint32_t index, const io::Completion& completion) {
    Descent& descent = descents_[index];
    const int directory = completion.failed() ? -1 : completion.result;
    if (descent.is_outdated) {
        if (directory >= 0) {
            proactor_.close(directory);
        }
        end(descent);
        return;
    }
    Result<Watch> watch = directory < 0 ? Result<Watch>(std::unexpected(completion.error()))
                                        : notices_.watch(*this, directory);
    if (directory >= 0) {
        proactor_.close(directory);
    }
    if (!watch) {
        if (watch.error() == Errno(ENOSPC) && !std::exchange(has_told_of_shortage_, true)) {
            report(reports_, Report::Severity::info,
                   "some files are looked at every second: no more directories can be watched; "
                   "fs.inotify.max_user_watches can be raised");
        }
        // One that is not there shows in the directory above once it is made: nothing to remember,
        // however many such names clients ask for.
        if (!is_absence(watch.error())) {
            // No descent goes beyond it. The target is what a client made up, perhaps.
            unwatchable_.emplace(std::string_view(descent.target).substr(0, descent.reached_bytes));
        }
        end(descent);
        return;
    }
    const std::string_view reached =
        std::string_view(descent.target).substr(0, descent.reached_bytes);
    if (const auto known = by_watch_.find(*watch);
        known != by_watch_.end() && known->second != reached) {
        // It was moved here, which is still to be read: from now on it tells of this place.
        replaced(std::string(known->second));
    }
    if (descent.is_outdated) {
        end(descent);
        return;
    }
    note(reached, *watch);
    open_next(index);
}

void ChangeWatch::note(std::string_view directory, Watch watch) {
    const auto [position, is_new] = by_directory_.try_emplace(std::string(directory), watch);
    if (!is_new && position->second != watch) {
        retire(std::exchange(position->second, watch));
    }
    by_watch_.insert_or_assign(watch, std::string(directory));
}

void ChangeWatch::retire(Watch watch) noexcept {
    retired_.insert(by_watch_.extract(watch));
}

void ChangeWatch::on_change(const Change& change) {
    const auto found = by_watch_.find(change.watch);
    if (found == by_watch_.end()) {
        return;  // Of a directory that was given up meanwhile.
    }
    const std::string directory = found->second;
    switch (change.kind) {
        case Change::Kind::file:
            site_.changed(directory, change.name);
            break;
        case Change::Kind::directory:
            replaced(directory + std::string(change.name) + '/');
            break;
        case Change::Kind::itself:
            replaced(directory);
            break;
        case Change::Kind::attributes:
            access_changed(change.name.empty() ? directory
                                               : directory + std::string(change.name) + '/');
            break;
        case Change::Kind::overflow:
            break;
    }
}

void ChangeWatch::replaced(std::string_view directory) {
    const auto watched = range_beneath(by_directory_, directory);
    for (const auto& [path, watch] : watched) {
        retire(watch);
    }
    by_directory_.erase(watched.begin(), watched.end());
    access_changed(directory);
}

void ChangeWatch::access_changed(std::string_view directory) {
    for (Descent& descent : descents_) {
        descent.is_outdated |= descent.target.starts_with(directory);
    }
    const auto to_be_tried_again = range_beneath(unwatchable_, directory);
    unwatchable_.erase(to_be_tried_again.begin(), to_be_tried_again.end());
    site_.changed_beneath(directory);
}

void ChangeWatch::on_changes_lost() {
    reset();
    site_.changed_all();
}

void ChangeWatch::reset() noexcept {
    for (Descent& descent : descents_) {
        descent.is_outdated = true;
    }
    retired_.merge(by_watch_);
    by_watch_.clear();  // What was retired before.
    by_directory_.clear();
    unwatchable_.clear();
}

bool ChangeWatch::reclaim() noexcept {
    for (std::size_t count = 0; count < unwatches_per_iteration_max && !retired_.empty(); ++count) {
        const Watch watch = retired_.begin()->first;
        retired_.erase(retired_.begin());
        // A directory gets the watch that it still has when it is asked for again.
        if (!by_watch_.contains(watch)) {
            notices_.unwatch(*this, watch);
        }
    }
    return !retired_.empty();
}

}  // namespace torc::worker
