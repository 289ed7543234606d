#include <torc/worker/current_root.hpp>

#include "format_report.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace torc::worker {
namespace {

/// So many looks in a row must find nothing before anybody is told: a deploy that renames one
/// directory away and another one in is between the two for a moment.
constexpr int failures_until_told = 3;

/// Whether it says nothing of the path.
bool is_shortage(Errno error) noexcept {
    switch (error.value()) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case EAGAIN:
        case EINTR:
            return true;
        default:
            return false;
    }
}

}  // namespace

CurrentRoot::CurrentRoot(std::string path, SharedRoot root, MonotonicTime now,
                         const ReportSink& reports)
    : path_(std::move(path)),
      reports_(reports),
      root_(std::move(root)),
      verified_at_(now),
      claimed_at_(now) {}

CurrentRoot::Version CurrentRoot::version() const {
    const std::scoped_lock lock(mutex_);
    return Version{.root = root_, .generation = generation_.load(std::memory_order_relaxed)};
}

bool CurrentRoot::claim_look(MonotonicTime now) noexcept {
    if (now < verified_at_.load(std::memory_order_relaxed) + checked_after) {
        return false;
    }
    MonotonicTime claimed = claimed_at_.load(std::memory_order_relaxed);
    return now >= claimed + checked_after &&
           claimed_at_.compare_exchange_strong(claimed, now, std::memory_order_relaxed);
}

void CurrentRoot::add_follower(std::weak_ptr<Follower> follower) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(followers_, [](const auto& one) { return one.expired(); });
    followers_.push_back(std::move(follower));
}

void CurrentRoot::tell_followers(const SharedRoot& replaced, MonotonicTime now) {
    for (const std::weak_ptr<Follower>& one : followers_) {
        if (const std::shared_ptr<Follower> follower = one.lock()) {
            follower->replaced(replaced, now);
        }
    }
}

UniqueFd CurrentRoot::found(const Look& look, UniqueFd directory, file::MountTable& mounts,
                            MonotonicTime now) {
    const auto metadata = file::Metadata::of(directory.get());
    const std::scoped_lock lock(mutex_);
    if (look.generation != generation_.load(std::memory_order_relaxed)) {
        return directory;
    }
    end_failures();
    if (!metadata || root_->is(*metadata)) {
        verify(look);
        return directory;
    }
    mounts.refresh();
    auto root = std::make_shared<const file::Root>(
        file::Root::replacing(*root_, std::move(directory), *metadata, mounts));
    tell_followers(root_, now);
    root_ = std::move(root);
    verify(look);
    // From here on every worker is to see it before it sees a request that comes later.
    generation_.fetch_add(1, std::memory_order_release);
    report(reports_, Report::Severity::debug,
           "{} leads to another directory now, which is served from here on", path_);
    return {};
}

void CurrentRoot::found_nothing(const Look& look, Errno error) {
    const std::scoped_lock lock(mutex_);
    if (look.generation != generation_.load(std::memory_order_relaxed)) {
        return;
    }
    verify(look);
    if (is_shortage(error) || look.began_at < counted_at_ + checked_after) {
        return;
    }
    counted_at_ = look.began_at;
    ++failures_;
    if (failures_ == failures_until_told) {
        report(reports_, Report::Severity::warning,
               "{} can't be opened any more: {}; what it led to before is served until it is back: "
               "put a directory there, or make it accessible",
               path_, error.message());
    }
}

void CurrentRoot::verify(const Look& look) noexcept {
    verified_at_.store(std::max(verified_at_.load(std::memory_order_relaxed), look.began_at),
                       std::memory_order_relaxed);
}

void CurrentRoot::end_failures() {
    counted_at_ = MonotonicTime::min();
    if (std::exchange(failures_, 0) >= failures_until_told) {
        report(reports_, Report::Severity::info, "{} is back and is served", path_);
    }
}

}  // namespace torc::worker
