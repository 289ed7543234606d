#include <torc/worker/change_notices.hpp>
#include <torc/worker/operation.hpp>

#include "format_report.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace torc::worker {
namespace {

/// Changes are read no further in one iteration, so that clients wait for no more than these and
/// what one read(2) gives.
constexpr std::size_t changes_per_iteration_max = 256;
/// Changes that have been waiting to be read for longer count as lost, which is what bounds the age
/// of what is served while more changes than can be read.
constexpr std::chrono::milliseconds unread_for_max{500};

}  // namespace

void ChangeNotices::unsubscribe(Subscriber& subscriber) noexcept {
    std::size_t left = subscribers_[&subscriber];
    subscribers_.erase(&subscriber);
    // Mostly there are none left: a tree gives them back a few at a time before it ends.
    for (auto one = watches_.begin(); left > 0 && one != watches_.end();) {
        const auto [watch, watcher] = *one;
        if (watcher != &subscriber) {
            ++one;
            continue;
        }
        one = watches_.erase(one);
        --left;
        if (!watches_.contains(watch)) {
            notifier_->unwatch(watch);
        }
    }
}

bool ChangeNotices::is_ready() {
    if (notifier_ || is_unavailable_) {
        return notifier_.has_value();
    }
    auto notifier = file::ChangeNotifier::create();
    if (!notifier) {
        is_unavailable_ = true;
        report(reports_, Report::Severity::info,
               "files are looked at every second, since inotify can't be used: {}",
               notifier.error().message());
        return false;
    }
    notifier_ = std::move(*notifier);
    return true;
}

Result<ChangeNotices::Watch> ChangeNotices::watch(Subscriber& subscriber, int directory) {
    const Result<Watch> watch = notifier_->watch(directory);
    if (!watch) {
        return watch;
    }
    const auto [first, last] = watches_.equal_range(*watch);
    const bool is_known = std::any_of(
        first, last, [&subscriber](const auto& one) { return one.second == &subscriber; });
    try {
        if (!is_known) {
            watches_.emplace(*watch, &subscriber);
            ++subscribers_[&subscriber];
        }
        await();
    } catch (...) {
        unwatch(subscriber, *watch);
        throw;
    }
    return watch;
}

void ChangeNotices::unwatch(Subscriber& subscriber, Watch watch) noexcept {
    const auto [first, last] = watches_.equal_range(watch);
    const auto found = std::find_if(
        first, last, [&subscriber](const auto& one) { return one.second == &subscriber; });
    if (found != last) {
        watches_.erase(found);
        --subscribers_[&subscriber];
    }
    if (!watches_.contains(watch)) {
        notifier_->unwatch(watch);
    }
}

void ChangeNotices::await() {
    if (!is_awaiting_ && !watches_.empty()) {
        proactor_.await_input(make_token(Operation::watch_changes, 0), notifier_->descriptor());
        is_awaiting_ = true;
    }
}

void ChangeNotices::completed() {
    is_awaiting_ = false;
    take_changes();
    await();
}

void ChangeNotices::take_changes() {
    std::size_t taken = 0;
    while (taken < changes_per_iteration_max) {
        const auto changes = notifier_->read();
        if (changes.empty()) {
            unread_since_ = never;
            return;
        }
        std::ranges::for_each(changes, [this](const Change& change) { take(change); });
        taken += changes.size();
    }
    unread_since_ = std::min(unread_since_, proactor_.now().monotonic);
    if (proactor_.now().monotonic - unread_since_ >= unread_for_max) {
        lose_changes();
    }
}

void ChangeNotices::take(const Change& change) {
    if (change.kind == Change::Kind::overflow) {
        lose_changes();
        return;
    }
    // A copy, since who is told may end its watch.
    told_.clear();
    const auto [first, last] = watches_.equal_range(change.watch);
    std::transform(first, last, std::back_inserter(told_),
                   [](const auto& one) { return one.second; });
    for (Subscriber* const subscriber : told_) {
        subscriber->on_change(change);
    }
}

void ChangeNotices::lose_changes() {
    unread_since_ = never;
    for (const auto& [subscriber, watches] : subscribers_) {
        subscriber->on_changes_lost();
    }
}

}  // namespace torc::worker
