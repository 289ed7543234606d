// The loader's listings: one reads a directory for all, and they wait for room.

#include <torc/base/printable.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/worker/asset_loader.hpp>
#include <torc/worker/operation.hpp>

#include "format_report.hpp"
#include "listing_job.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace torc::worker {

using site::AssetLoad;
using site::LoadStep;

namespace {

/// How long a listing waits for readers of others to leave room for it, and how often that is
/// looked for: those of other workers do not tell.
constexpr std::chrono::seconds room_awaited_for{20};
constexpr std::chrono::milliseconds room_look_interval{20};

}  // namespace

void AssetLoader::start_listing(site::Site::LoadId id, file::LinkReach reach) {
    const auto& [descriptor, key] = std::get<site::ListDirectory>(context(id).step);
    site::ListedDirectoryRef listed = site_.share_listed_directory(id, proactor_.now().monotonic);
    if (!listed && context(id).awaited) {
        // It need not be fresh any more: who joins a load gets what it finds.
        listed = std::exchange(context(id).awaited, nullptr);
        site_.limit_freshness(id, listed->fresh_until(site::Site::fresh_for));
    }
    if (!listed && !begin_reading(id, key.path)) {
        return;
    }
    auto job = std::make_unique<ListingJob>(context(id).root, site_.rules(), descriptor, key, reach,
                                            proactor_.now().monotonic);
    job->share(std::move(listed));
    const std::size_t hash = hash_(key.path);
    const Lane lane = !is_local(context(id).lane)           ? context(id).lane
                      : reach == file::LinkReach::own_mount ? job_lane(hash)
                                                            : linked_lane(hash);
    listings_.insert_or_assign(id, std::move(job));
    run_listing(id, lane);
}

void AssetLoader::run_listing(site::Site::LoadId id, Lane lane) {
    proactor_.run(token(Operation::load_list, id), *listings_.find(id)->second, lane);
}

bool AssetLoader::begin_reading(site::Site::LoadId id, std::string_view directory) {
    const auto [position, is_new] =
        readings_.try_emplace(std::string(directory), Reading{.reader = id});
    Reading& reading = position->second;
    if (!is_new && reading.reader != id) {
        LoadContext& reader = context(reading.reader);
        const MonotonicTime now = proactor_.now().monotonic;
        const bool is_overdue = now >= reader.began_at + services_.patience;
        if (!is_overdue && reader.root == context(id).root &&
            !is_of_the_past(reading.reader, now)) {
            reading.waiting.push_back(id);
            return false;
        }
        // Its file system does not answer, or what it reads is not what is there now; this one
        // tries again beside it.
        reader.reads = nullptr;
        reading.reader = id;
    }
    context(id).reads = &position->first;
    return true;
}

void AssetLoader::end_reading(site::Site::LoadId id) noexcept {
    const std::string* const directory = std::exchange(context(id).reads, nullptr);
    if (directory == nullptr) {
        return;
    }
    const auto reading = readings_.find(*directory);
    const Reading ended = std::move(reading->second);
    readings_.erase(reading);
    for (const site::Site::LoadId waiting_id : ended.waiting) {
        context(waiting_id).awaited = ended.listed;
        try {
            start(waiting_id, context(waiting_id).step);
        } catch (const std::bad_alloc&) {
            give_up(waiting_id);
        }
    }
}

void AssetLoader::go_on_listing(site::Site::LoadId id, MonotonicTime now) {
    AssetLoad& load = site_.load(id);
    ListingJob& job = *listings_.find(id)->second;
    if (const std::string* const directory = context(id).reads) {
        readings_.find(*directory)->second.listed = job.listed();
    }
    site::RepresentationRef page = job.take_page();
    if (!page && !load.has_page(job.measured().digest())) {
        if (load.reserve_page(job.measured().bytes())) {
            run_listing(id, job_lane(hash_(load.listing_key().path)));
        } else {
            wait_for_room(id, now);
        }
        return;
    }
    const LoadStep step = load.on_listed(std::move(page), job.listed());
    listings_.erase(id);
    perform(id, step, now);
}

void AssetLoader::wait_for_room(site::Site::LoadId id, MonotonicTime now) {
    const auto listing = listings_.find(id);
    for_room_.push_back({.load = id, .page_bytes = listing->second->measured().bytes()});
    // What was read is not kept meanwhile: of many directories it would be much.
    listings_.erase(listing);
    LoadContext& waiting = context(id);
    waiting.waits_for_room_until = std::min(waiting.waits_for_room_until, now + room_awaited_for);
    room_looked_for_at_ = now;
}

void AssetLoader::look_for_room(MonotonicTime now) {
    room_looked_for_at_ = now;
    for (const WaitingForRoom& waiting : std::exchange(for_room_, {})) {
        try {
            look_for_room(waiting, now);
        } catch (const std::bad_alloc&) {
            give_up(waiting.load);
        }
    }
}

void AssetLoader::look_for_room(const WaitingForRoom& waiting, MonotonicTime now) {
    const site::Site::LoadId id = waiting.load;
    AssetLoad& load = site_.load(id);
    if (load.reserve_page(waiting.page_bytes)) {
        start(id, context(id).step);
        return;
    }
    if (now < context(id).waits_for_room_until) {
        for_room_.push_back(waiting);
        return;
    }
    if (services_.memory_report.may_report(now)) {
        report(services_.reports, Report::Severity::warning,
               "listings are refused, since slow readers hold older ones: '{}', for one; "
               "--cache-memory bounds them, and may be raised",
               printable(load.path()));
    }
    perform(id, load.on_failed(Errno(ENOMEM)), now);
}

MonotonicTime AssetLoader::next_look_for_room() const noexcept {
    return for_room_.empty() ? never : room_looked_for_at_ + room_look_interval;
}

}  // namespace torc::worker
