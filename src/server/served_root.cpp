#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/server/operation.hpp>
#include <torc/server/served_root.hpp>

#include <spdlog/spdlog.h>

#include <fcntl.h>

#include <atomic>
#include <utility>

namespace torc::server {
namespace {

/// So many looks in a row must find nothing before anybody is told: a deploy that renames one
/// directory away and another one in is between the two for a moment.
constexpr int failures_until_told = 3;

/// Whether a user was told that the root is not there. Of the process, as all workers look at the
/// same path, and the first one to see it speaks for all.
std::atomic<bool> is_told_of{false};

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

void ServedRoot::check(MonotonicTime now) {
    if (is_awaited_ && !is_due(now)) {
        return;
    }
    if (!is_awaited_) {
        awaited_since_ = now;
    }
    // Twice as long after each one: as long as all of them together have taken.
    check_again_at_ = now + checked_again_after + (now - awaited_since_);
    check_began_at_ = now;
    proactor_.open(make_token(Operation::root_open, last_check_ + 1), AT_FDCWD, path_.c_str(),
                   file::Root::own_how(), Lane::root);
    is_awaited_ = true;
    ++last_check_;
    ++checks_under_way_;
}

bool ServedRoot::completed(const io::Completion& completion, file::MountTable& mounts) {
    TORC_ASSERT(checks_under_way_ > 0);
    --checks_under_way_;
    if (completion.token.slot != last_check_) {
        if (!completion.failed()) {
            proactor_.close(completion.result);
        }
        return false;  // The path was looked at again since.
    }
    is_awaited_ = false;
    checked_at_ = check_began_at_;
    if (completion.failed()) {
        count_failure(completion.error());
        return false;
    }
    end_failures();
    UniqueFd directory(completion.result);
    const auto metadata = file::Metadata::of(directory.get());
    if (!metadata || root_->is(*metadata)) {
        proactor_.close(directory.release());
        return false;
    }
    mounts.refresh();
    root_ = std::make_shared<const file::Root>(
        file::Root::replacing(*root_, std::move(directory), *metadata, mounts));
    spdlog::debug("{} leads to another directory now, which is served from here on", path_);
    return true;
}

void ServedRoot::count_failure(Errno error) {
    if (is_shortage(error)) {
        return;
    }
    ++failures_;
    if (failures_ == failures_until_told && !is_told_of.exchange(true)) {
        spdlog::warn(
            "{} can't be opened any more: {}; what it led to before is served until it is back: "
            "put a directory there, or make it accessible",
            path_, error.message());
    }
}

void ServedRoot::end_failures() {
    const bool was_missing = failures_ >= failures_until_told;
    failures_ = 0;
    if (was_missing && is_told_of.exchange(false)) {
        spdlog::info("{} is back and is served", path_);
    }
}

}  // namespace torc::server
