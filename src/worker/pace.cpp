#include <torc/worker/pace.hpp>

namespace torc::worker {

bool Pace::look(std::uint64_t total_bytes, MonotonicTime now,
                std::chrono::nanoseconds window) noexcept {
    const std::uint64_t moved = total_bytes - total_bytes_;
    total_bytes_ = total_bytes;
    if (window_begins_at_ == never) {
        window_begins_at_ = now;
        window_bytes_ = 0;
        return true;
    }
    window_bytes_ += moved;
    if (moved > 0) {
        moved_at_ = now;
    }
    if (const auto observed = observed_for(now); observed > window) {
        window_bytes_ /= 2;
        window_begins_at_ = now - observed / 2;
    }
    return moved > 0;
}

double Pace::bytes_per_second(MonotonicTime now) const noexcept {
    const std::chrono::duration<double> observed = observed_for(now);
    return observed.count() > 0 && window_bytes_ > 0
               ? static_cast<double>(window_bytes_) / observed.count()
               : 0.0;
}

}  // namespace torc::worker
