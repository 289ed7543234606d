#include <torc/worker/failure_limit.hpp>

#include <algorithm>
#include <new>

namespace torc::worker {

bool FailureLimit::blocks(std::uint64_t network, MonotonicTime now) noexcept {
    const MonotonicTime* const forgiven_at = forgiven_at_.find(siphash(key_, network));
    return forgiven_at != nullptr && *forgiven_at > now + (failures_max - 1) * forgiven_after;
}

void FailureLimit::note(std::uint64_t network, MonotonicTime now) noexcept {
    try {
        MonotonicTime& forgiven_at = forgiven_at_.insert(siphash(key_, network));
        forgiven_at = std::max(forgiven_at, now) + forgiven_after;
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace torc::worker
