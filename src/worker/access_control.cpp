#include <torc/base/assert.hpp>
#include <torc/worker/access_control.hpp>
#include <torc/worker/operation.hpp>

#include "password_job.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace torc::worker {

using Verdict = site::VerifiedCredentials::Verdict;

AccessControl::AccessControl(io::Proactor& proactor, SecretKey key)
    : proactor_(proactor), verified_(key), failures_(key) {}

AccessControl::~AccessControl() = default;

std::uint64_t AccessControl::key_of(const AccessAttempt& attempt) const noexcept {
    return verified_.key_of(attempt.area->users(), attempt.credentials);
}

Access AccessControl::find(const AccessAttempt& attempt, MonotonicTime now) noexcept {
    const std::uint64_t key = key_of(attempt);
    if (taken_ && taken_->key == key) {
        return taken_->access;
    }
    switch (verified_.find(key, now)) {
        case Verdict::right:
            return Access::granted;
        case Verdict::wrong:
            return Access::denied;
        case Verdict::unknown:
            break;
    }
    return failures_.blocks(attempt.network, now) ? Access::throttled : Access::unchecked;
}

bool AccessControl::join(const AccessAttempt& attempt, Waiter waiter) {
    const std::uint64_t key = key_of(attempt);
    if (const auto same = std::ranges::find(checks_, key, &Check::key); same != checks_.end()) {
        same->waiters.push_back(waiter);
        return true;
    }
    if (checks_.size() == checks_max) {
        return false;
    }
    ended_.reserve(ended_.size() + checks_.size() + 1);
    checks_.push_back({.key = key,
                       .network = attempt.network,
                       .job = std::make_unique<PasswordJob>(attempt.area, attempt.credentials),
                       .waiters = {waiter}});
    if (checks_.size() == 1) {
        try {
            run_first();
        } catch (const std::bad_alloc&) {
            checks_.pop_back();
            throw;
        }
    }
    return true;
}

void AccessControl::run_first() {
    proactor_.run(make_token(Operation::password_check, 0), *checks_.front().job, Lane::passwords);
}

void AccessControl::completed(const io::Completion& completion, MonotonicTime now) noexcept {
    TORC_ASSERT(!checks_.empty());
    end_first(outcome_of(completion, now));
    run_next(now);
}

Access AccessControl::outcome_of(const io::Completion& completion, MonotonicTime now) noexcept {
    if (completion.failed()) {
        return Access::overloaded;
    }
    const Check& check = checks_.front();
    const bool is_right = completion.result == PasswordJob::right;
    if (!is_right) {
        failures_.note(check.network, now);
    }
    try {
        verified_.note(check.key, is_right ? Verdict::right : Verdict::wrong, now);
    } catch (const std::bad_alloc&) {
        // The next request is checked again.
    }
    return is_right ? Access::granted : Access::denied;
}

void AccessControl::end_first(Access access) noexcept {
    TORC_ASSERT(ended_.size() < ended_.capacity());
    Check& check = checks_.front();
    ended_.push_back({.key = check.key, .access = access, .waiters = std::move(check.waiters)});
    checks_.pop_front();
}

void AccessControl::run_next(MonotonicTime now) noexcept {
    while (!checks_.empty()) {
        if (failures_.blocks(checks_.front().network, now)) {
            end_first(Access::throttled);
            continue;
        }
        try {
            run_first();
            return;
        } catch (const std::bad_alloc&) {
            end_first(Access::overloaded);
        }
    }
}

const AccessControl::Checked* AccessControl::take_ended() noexcept {
    if (ended_.empty()) {
        taken_.reset();
        return nullptr;
    }
    taken_ = std::move(ended_.back());
    ended_.pop_back();
    return &*taken_;
}

}  // namespace torc::worker
