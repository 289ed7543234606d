#pragma once

#include <torc/file/mount_table.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/change_notices.hpp>
#include <torc/worker/mount_watch.hpp>
#include <torc/worker/report.hpp>
#include <torc/worker/report_limiter.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace torc::worker {

/// The loads of a worker that have ended and are still to be handed out. Has room for all that are
/// under way, so that the end of one never allocates.
class EndedLoads {
public:
    /// Makes room for one more load. Throws std::bad_alloc.
    void make_room() { ended_.reserve(ended_.size() + expected_ + 1); }
    /// One more load has begun, for which there is room.
    void expect() noexcept { ++expected_; }
    /// One that was expected has ended. What it gives lives until the next call.
    const site::Site::Loaded& add(site::Site::Loaded&& loaded) noexcept {
        --expected_;
        return ended_.emplace_back(std::move(loaded));
    }
    [[nodiscard]] bool has_some() const noexcept { return !ended_.empty(); }
    /// The first that ended, each once; nothing when there is none.
    [[nodiscard]] std::optional<site::Site::Loaded> take() noexcept {
        if (ended_.empty()) {
            return std::nullopt;
        }
        site::Site::Loaded first = std::move(ended_.front());
        ended_.erase(ended_.begin());
        return first;
    }

private:
    std::vector<site::Site::Loaded> ended_;
    std::size_t expected_ = 0;
};

/// What a worker lends to the loaders of its trees. Outlives them.
struct LoaderServices {
    io::Proactor& proactor;
    site::CacheBudgets& budgets;
    const ReportSink& reports;
    /// A load that has taken longer waits for a file system that does not answer.
    std::chrono::nanoseconds patience{};

    ChangeNotices notices{proactor, reports};
    MountWatch mount_watch{proactor};
    file::MountTable mounts{};
    EndedLoads ended{};
    /// What is sent to whoever has waited for longer than `patience`: 503 (Service Unavailable).
    site::AssetRef overdue_asset = site::Asset::error(http::Status::service_unavailable);
    ReportLimiter permission_report{};
    ReportLimiter failure_report{};
    ReportLimiter memory_report{};
};

}  // namespace torc::worker
