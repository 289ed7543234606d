#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/worker/operation.hpp>
#include <torc/worker/served_root.hpp>

#include <fcntl.h>

#include <utility>

namespace torc::worker {

void ServedRoot::keep_verified(MonotonicTime now) {
    if (is_awaited_ ? may_check_again(now) : shared_.claim_look(now)) {
        check(now);
    }
}

void ServedRoot::check(MonotonicTime now) {
    if (is_awaited_ && !may_check_again(now)) {
        return;
    }
    if (!is_awaited_) {
        awaited_since_ = now;
    }
    // Twice as long after each one: as long as all of them together have taken.
    check_again_at_ = now + checked_again_after + (now - awaited_since_);
    const CurrentRoot::Look look{.began_at = now, .generation = shared_.generation()};
    proactor_.open(make_token(Operation::root_open, last_check_ + 1, tree_), AT_FDCWD,
                   shared_.path().c_str(), file::Root::own_how(), Lane::root);
    look_ = look;
    is_awaited_ = true;
    ++last_check_;
    ++checks_under_way_;
}

void ServedRoot::completed(const io::Completion& completion, file::MountTable& mounts,
                           MonotonicTime now) {
    TORC_ASSERT(checks_under_way_ > 0);
    --checks_under_way_;
    if (completion.token.slot != last_check_) {
        if (!completion.failed()) {
            proactor_.close(completion.result);
        }
        return;  // The path was looked at again since.
    }
    is_awaited_ = false;
    if (completion.failed()) {
        shared_.found_nothing(look_, completion.error());
        return;
    }
    UniqueFd unneeded = shared_.found(look_, UniqueFd(completion.result), mounts, now);
    if (unneeded) {
        proactor_.close(unneeded.release());
    }
}

}  // namespace torc::worker
