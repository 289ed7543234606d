#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/directory.hpp>
#include <torc/file/symlink_policy.hpp>
#include <torc/io/proactor.hpp>
#include <torc/server/current_root.hpp>
#include <torc/site/listing_key.hpp>
#include <torc/site/load_rules.hpp>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>

namespace torc::server {

/// Makes the page that shows a directory, and reads it first unless that was done: for 50,000
/// entries longer than the loop may be held up. Of those of all workers that need a processor so
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

    // Once it has run; for the loop's thread, and once.
    [[nodiscard]] site::RepresentationRef take_page() noexcept { return std::move(page_); }
    [[nodiscard]] site::ListedDirectoryRef take_listed() noexcept { return std::move(listed_); }

private:
    // Give how the job ends.
    [[nodiscard]] std::int32_t render();
    [[nodiscard]] std::int32_t read_and_render();

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
    const MonotonicTime made_at_clock_ = std::chrono::steady_clock::now();
    site::ListedDirectoryRef listed_;
    site::RepresentationRef page_;
};

}  // namespace torc::server
