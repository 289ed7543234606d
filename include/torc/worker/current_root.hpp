#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/file/mount_table.hpp>
#include <torc/file/root.hpp>
#include <torc/worker/report.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace torc::worker {

/// A root that loads share with whoever holds it, so that it stays open until the last of them is
/// over.
using SharedRoot = std::shared_ptr<const file::Root>;

/// The directory that is served: one for all workers, so that no client is sent a page of a new
/// release by one of them and told by another that the page's script does not exist.
///
/// Any worker may look at the path, and tells here what it found; the others are at the new
/// directory from their next iteration on, before they see a request that came later. Thread-safe.
class CurrentRoot {
public:
    /// What was found at the path holds for this long.
    static constexpr std::chrono::milliseconds verified_for{1000};
    /// And is looked at again after this, if there are requests.
    static constexpr std::chrono::milliseconds checked_after{500};

    /// Is told of each directory that was the root.
    class Follower {
    public:
        Follower() = default;
        Follower(const Follower&) = delete;
        Follower& operator=(const Follower&) = delete;
        virtual ~Follower() = default;

        /// `root` was the root until `now`. Called by any worker.
        virtual void replaced(const SharedRoot& root, MonotonicTime now) = 0;
    };

    /// `path`: as it was given, and led to `root` just before `now`. `reports` outlives this.
    CurrentRoot(std::string path, SharedRoot root, MonotonicTime now, const ReportSink& reports);
    CurrentRoot(const CurrentRoot&) = delete;
    CurrentRoot& operator=(const CurrentRoot&) = delete;
    ~CurrentRoot() = default;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Goes up whenever the path turns out to lead to another directory. Takes no lock.
    [[nodiscard]] std::uint64_t generation() const noexcept {
        return generation_.load(std::memory_order_acquire);
    }
    struct Version {
        SharedRoot root;
        std::uint64_t generation = 0;
    };
    [[nodiscard]] Version version() const;

    /// Until when the path is taken to lead where it did. Takes no lock.
    [[nodiscard]] MonotonicTime verified_until() const noexcept {
        return verified_at_.load(std::memory_order_relaxed) + verified_for;
    }

    /// From now on `follower` is told, as long as somebody else has it. Throws std::bad_alloc.
    void add_follower(std::weak_ptr<Follower> follower);

    /// Whether it is time for another look and the caller is to make it: one of all workers.
    [[nodiscard]] bool claim_look(MonotonicTime now) noexcept;

    /// A look at the path, as it began.
    struct Look {
        MonotonicTime began_at{};
        /// What `generation` was then.
        std::uint64_t generation = 0;
    };
    /// `look` found `directory` by `now`. It counts unless another one has found a new directory
    /// since it began, for then it may have been at the path before. Gives the directory back when
    /// nobody needs it.
    [[nodiscard]] UniqueFd found(const Look& look, UniqueFd directory, file::MountTable& mounts,
                                 MonotonicTime now);
    /// `look` found nothing. When that lasts a user is told, once; when it is over, too.
    void found_nothing(const Look& look, Errno error);

private:
    /// Precondition of each: the mutex is held.
    void verify(const Look& look) noexcept;
    void end_failures();
    void tell_followers(const SharedRoot& replaced, MonotonicTime now);

    const std::string path_;
    const ReportSink& reports_;
    mutable std::mutex mutex_;
    SharedRoot root_;
    std::vector<std::weak_ptr<Follower>> followers_;
    std::atomic<std::uint64_t> generation_ = 0;
    /// When the last look that counts began.
    std::atomic<MonotonicTime> verified_at_;
    std::atomic<MonotonicTime> claimed_at_;
    /// Looks in a row that found nothing, so far apart that they are no one moment of a deploy.
    int failures_ = 0;
    MonotonicTime counted_at_ = MonotonicTime::min();
};

}  // namespace torc::worker
