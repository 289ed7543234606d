#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/server/change_watch.hpp>
#include <torc/server/operation.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace torc::server {
namespace {

constexpr file::ChangeNotifier::Watch unwatchable = -1;
/// How many times what has happened is read before the loop turns to connections again.
constexpr int reads_per_turn_max = 16;

}  // namespace

bool ChangeWatch::covers(std::string_view directory) const noexcept {
    const auto found = by_directory_.find(directory);
    return found != by_directory_.end() && found->second != unwatchable;
}

bool ChangeWatch::is_ready() {
    if (notifier_ || is_unavailable_) {
        return notifier_.has_value();
    }
    auto notifier = file::ChangeNotifier::create();
    if (!notifier) {
        is_unavailable_ = true;
        spdlog::info("files are looked at every second, since inotify can't be used: {}",
                     notifier.error().message());
        return false;
    }
    notifier_ = std::move(*notifier);
    return true;
}

void ChangeWatch::want(std::string_view directory, const SharedRoot& root) {
    const bool is_under_way = std::ranges::any_of(descents_, [&](const Descent& one) {
        return one.is_under_way() && one.target == directory;
    });
    if (is_under_way || !root->reports_changes() || by_directory_.contains(directory) ||
        by_directory_.size() >= limits::watched_directories_max || !is_ready()) {
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
    descent.reached_bytes = length;
    descent.path = length == 0 ? "." : target.substr(0, length);
    ++opening_;
    proactor_.open(make_token(Operation::watch_open, index), descent.root->descriptor(),
                   descent.path.c_str(), file::Root::directory_how(), descent.root->lane());
}

void ChangeWatch::end(Descent& descent) noexcept {
    descent = Descent{};
}

void ChangeWatch::completed(const io::Completion& completion) {
    if (operation_of(completion.token) == Operation::watch_open) {
        opened(completion.token.slot, completion);
        return;
    }
    is_awaiting_ = false;
    take_changes();
    await_changes();
}

void ChangeWatch::opened(std::uint32_t index, const io::Completion& completion) {
    --opening_;
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
                                        : notifier_->watch(directory);
    if (directory >= 0) {
        proactor_.close(directory);
    }
    if (!watch) {
        if (watch.error() == Errno(ENOSPC)) {
            spdlog::info(
                "some files are looked at every second: no more directories can be watched; "
                "fs.inotify.max_user_watches can be raised");
        }
        // Nothing below it either.
        note(std::string_view(descent.target).substr(0, descent.reached_bytes), unwatchable);
        note(descent.target, unwatchable);
        end(descent);
        return;
    }
    note(std::string_view(descent.target).substr(0, descent.reached_bytes), *watch);
    await_changes();
    open_next(index);
}

void ChangeWatch::note(std::string_view directory, Watch watch) {
    by_directory_.insert_or_assign(std::string(directory), watch);
    if (watch != unwatchable) {
        by_watch_.insert_or_assign(watch, std::string(directory));
    }
}

void ChangeWatch::await_changes() {
    if (!is_awaiting_ && !by_watch_.empty()) {
        is_awaiting_ = true;
        proactor_.await_input(make_token(Operation::watch_changes, 0), notifier_->descriptor());
    }
}

void ChangeWatch::take_changes() {
    for (int reads = 0; reads < reads_per_turn_max; ++reads) {
        const auto changes = notifier_->read();
        if (changes.empty()) {
            return;
        }
        for (const Change& change : changes) {
            take(change);
        }
    }
}

void ChangeWatch::take(const Change& change) {
    if (change.kind == Change::Kind::overflow) {
        reset();
        site_.changed_all();
        return;
    }
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
            forget_beneath(directory + std::string(change.name) + '/');
            break;
        case Change::Kind::itself:
            forget_beneath(directory);
            break;
        case Change::Kind::overflow:
            break;
    }
}

void ChangeWatch::forget_beneath(const std::string& directory) {
    for (Descent& descent : descents_) {
        descent.is_outdated |= descent.target.starts_with(directory);
    }
    for (auto position = by_directory_.begin(); position != by_directory_.end();) {
        const auto one = position++;
        if (!one->first.starts_with(directory)) {
            continue;
        }
        if (one->second != unwatchable) {
            by_watch_.erase(one->second);
            notifier_->unwatch(one->second);
        }
        by_directory_.erase(one);
    }
    site_.changed_beneath(directory);
}

void ChangeWatch::reset() {
    for (Descent& descent : descents_) {
        descent.is_outdated = true;
    }
    for (const auto& [watch, directory] : by_watch_) {
        notifier_->unwatch(watch);
    }
    by_watch_.clear();
    by_directory_.clear();
}

}  // namespace torc::server
