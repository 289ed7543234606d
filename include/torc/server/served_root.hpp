#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/limits.hpp>
#include <torc/file/root.hpp>
#include <torc/io/proactor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace torc::server {

/// A root that loads share with whoever holds it, so that it stays open until the last of them is
/// over.
using SharedRoot = std::shared_ptr<const file::Root>;

/// The directory that is served, as its path leads to it: a deploy that turns a symbolic link, or
/// renames one directory away and another one in, takes effect within `verified_for`.
///
/// Under load the path is looked at again before that time is up, so that nobody waits for it. A
/// server without requests does not look; the first request after a pause then waits for the look.
class ServedRoot {
public:
    /// What was found at the path holds for this long.
    static constexpr std::chrono::milliseconds verified_for{1000};
    /// And is looked at again after this, if there are requests.
    static constexpr std::chrono::milliseconds checked_after{500};
    /// A look that takes longer waits for a file system that does not answer: until it does, the
    /// directory that was there is taken to be there still.
    static constexpr std::chrono::milliseconds patience{500};
    /// And another one begins beside it after this, and after twice as long again each time, for
    /// the path may lead elsewhere by now; so many at the most.
    static constexpr std::chrono::milliseconds checked_again_after{1000};
    static constexpr std::uint32_t checks_max = limits::root_threads_max;

    /// `path`: as it was given, and led to `root` just before `now`.
    ServedRoot(io::Proactor& proactor, std::string path, SharedRoot root, MonotonicTime now)
        : proactor_(proactor), path_(std::move(path)), root_(std::move(root)), checked_at_(now) {}
    ServedRoot(const ServedRoot&) = delete;
    ServedRoot& operator=(const ServedRoot&) = delete;
    ~ServedRoot() = default;

    [[nodiscard]] const SharedRoot& current() const noexcept { return root_; }

    [[nodiscard]] MonotonicTime verified_until() const noexcept {
        return checked_at_ + verified_for;
    }
    [[nodiscard]] bool is_due(MonotonicTime now) const noexcept {
        return is_awaited_ ? now >= check_again_at_ && checks_under_way_ < checks_max
                           : now >= checked_at_ + checked_after;
    }
    /// Looks at the path, unless that is under way and has not taken too long yet.
    void check(MonotonicTime now);
    /// Whether a look is under way, be it one whose end does not count any more.
    [[nodiscard]] bool is_checking() const noexcept { return checks_under_way_ > 0; }
    /// When the look that is awaited has taken too long; `never` when none is.
    [[nodiscard]] MonotonicTime patient_until() const noexcept {
        return is_awaited_ ? awaited_since_ + patience : never;
    }

    /// The completion of the look. True: there is another directory now, which is `current()`. A
    /// path that leads nowhere, as in the middle of a deploy, leaves the one that was there; where
    /// that lasts, one of the workers says so.
    [[nodiscard]] bool completed(const io::Completion& completion, file::MountTable& mounts);

private:
    void count_failure(Errno error);
    void end_failures();

    io::Proactor& proactor_;
    const std::string path_;
    SharedRoot root_;
    /// When the last look that has ended began.
    MonotonicTime checked_at_;
    /// When the last look began, whose number is `last_check_`: its end alone counts.
    MonotonicTime check_began_at_{};
    std::uint32_t last_check_ = 0;
    std::uint32_t checks_under_way_ = 0;
    bool is_awaited_ = false;
    /// When the first look began that has not ended.
    MonotonicTime awaited_since_{};
    MonotonicTime check_again_at_ = never;
    /// Looks in a row that found nothing.
    int failures_ = 0;
};

}  // namespace torc::server
