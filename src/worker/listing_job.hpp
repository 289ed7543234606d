#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/directory.hpp>
#include <torc/file/symlink_policy.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/listing/listing.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/load/load_rules.hpp>
#include <torc/worker/current_root.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace torc::worker {

/// Makes the page that shows a directory, for 50,000 entries longer than the loop may be held up,
/// in two runs: the first reads the directory, unless that was done, and measures the page; the
/// second writes it, once there is room for it. Of those of all workers that need a processor so
/// many run at once, and the others wait on their threads.
class ListingJob final : public io::BlockingJob {
public:
    /// What the job ends with when links lead to another file system, which might not answer.
    static constexpr std::int32_t unfollowed_links = -EXDEV;

    /// `directory`, a descriptor, outlives the job. `now`: the loop's time.
    ListingJob(SharedRoot root, const site::LoadRules& rules, int directory,
               const site::ListingKey& key, file::LinkReach reach, MonotonicTime now);

    /// The directory was read for another listing; null: it was not.
    void share(site::ListedDirectoryRef listed) noexcept { listed_ = std::move(listed); }

    std::int32_t run() noexcept override;

    // Between runs, for the loop's thread.
    /// Null until it was read.
    [[nodiscard]] const site::ListedDirectoryRef& listed() const noexcept { return listed_; }
    /// After the first run.
    [[nodiscard]] const site::ListingPage& measured() const noexcept { return *measured_; }
    /// Null until the second run; once.
    [[nodiscard]] site::RepresentationRef take_page() noexcept { return std::move(page_); }

private:
    // Give how a run ends.
    [[nodiscard]] std::int32_t read();
    [[nodiscard]] std::int32_t measure();
    [[nodiscard]] std::int32_t write();

    const SharedRoot root_;
    const file::SymlinkPolicy symlinks_;
    const file::HiddenNames hidden_;
    const std::string cache_control_;
    const file::LinkReach reach_;
    const int directory_;
    const std::string path_;
    const site::ListingStyle style_;
    /// By the loop's time, and by the clock.
    const MonotonicTime made_at_;
    const MonotonicTime made_at_clock_ = monotonic_now();
    site::ListedDirectoryRef listed_;
    std::optional<site::ListingPage> measured_;
    site::RepresentationRef page_;
};

}  // namespace torc::worker
