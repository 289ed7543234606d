#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>
#include <torc/io/proactor.hpp>
#include <torc/worker/current_root.hpp>

#include <chrono>
#include <cstdint>

namespace torc::worker {

/// One worker's part in keeping the root true: a deploy that repoints a symbolic link, or renames
/// one directory away and another one in, takes effect within CurrentRoot::verified_for.
///
/// Under load one of the workers looks at the path again before that time is up, so that nobody
/// waits for it. A server without requests does not look; the first request after a pause then
/// waits for a look of its own worker, so that one that hangs keeps no other waiting.
class ServedRoot {
public:
    /// A look that takes longer waits for a file system that does not answer: until it does, the
    /// directory that was there is taken to be there still.
    static constexpr std::chrono::milliseconds patience{500};
    /// And another one begins beside it after this, and after twice as long again each time, for
    /// the path may lead elsewhere by now; so many at the most.
    static constexpr std::chrono::milliseconds checked_again_after{1000};
    static constexpr std::uint32_t checks_max = limits::root_threads_max;

    /// `shared`: the same for all workers, and outlives this.
    /// `tree`: which of the worker's trees it is of, as its tokens tell.
    explicit ServedRoot(io::Proactor& proactor, CurrentRoot& shared, std::uint32_t tree = 0)
        : proactor_(proactor), shared_(shared), tree_(tree), own_(shared.version()) {}
    ServedRoot(const ServedRoot&) = delete;
    ServedRoot& operator=(const ServedRoot&) = delete;
    ~ServedRoot() = default;

    /// What this worker serves from.
    [[nodiscard]] const SharedRoot& current() const noexcept { return own_.root; }
    /// Goes over to what any worker has found meanwhile; true: it is another directory. To be
    /// called in each iteration before requests are served. Without a change, one look at memory.
    [[nodiscard]] bool follow() {
        if (!is_behind()) {
            return false;
        }
        own_ = shared_.version();
        return true;
    }

    /// Whether `follow` would find another directory.
    [[nodiscard]] bool is_behind() const noexcept {
        return shared_.generation() != own_.generation;
    }

    [[nodiscard]] MonotonicTime verified_until() const noexcept { return shared_.verified_until(); }
    /// Looks at the path if it is time and no other worker does.
    void keep_verified(MonotonicTime now);
    /// Looks at the path, unless that is under way and has not taken too long yet.
    void check(MonotonicTime now);
    /// Whether a look is under way, be it one whose end does not count any more.
    [[nodiscard]] bool is_checking() const noexcept { return checks_under_way_ > 0; }
    /// When the look that is awaited has taken too long; `never` when none is.
    [[nodiscard]] MonotonicTime patient_until() const noexcept {
        return is_awaited_ ? awaited_since_ + patience : never;
    }

    /// The completion of the look, whose result `follow` then gives. A path that leads nowhere, as
    /// in the middle of a deploy, leaves the directory that was there. Throws std::bad_alloc: the
    /// next look finds the same.
    void completed(const io::Completion& completion, file::MountTable& mounts, MonotonicTime now);

private:
    /// Of a look under way: whether another may begin beside it.
    [[nodiscard]] bool may_check_again(MonotonicTime now) const noexcept {
        return now >= check_again_at_ && checks_under_way_ < checks_max;
    }

    io::Proactor& proactor_;
    CurrentRoot& shared_;
    const std::uint32_t tree_;
    CurrentRoot::Version own_;
    /// The look that began last, whose number is `last_check_`: its end alone counts.
    CurrentRoot::Look look_;
    std::uint32_t last_check_ = 0;
    std::uint32_t checks_under_way_ = 0;
    bool is_awaited_ = false;
    /// When the first look began that has not ended.
    MonotonicTime awaited_since_{};
    MonotonicTime check_again_at_ = never;
};

}  // namespace torc::worker
