#include "listing_job.hpp"

#include <torc/base/clock.hpp>
#include <torc/base/memory_limit.hpp>

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <semaphore>
#include <thread>
#include <utility>

namespace torc::worker {
namespace {

/// What reading a directory of a hundred thousand entries takes beside the page, which counts
/// elsewhere, and which part of the memory all readings together may have.
constexpr std::uint64_t reading_bytes = std::uint64_t{24} * 1024 * 1024;
constexpr std::uint64_t parts_of_readings = 4;

std::ptrdiff_t listings_at_once() {
    const std::uint64_t fitting = allowed_memory_bytes() / parts_of_readings / reading_bytes;
    const auto processors = std::max<std::uint64_t>(2, std::thread::hardware_concurrency() / 4);
    return static_cast<std::ptrdiff_t>(std::clamp<std::uint64_t>(fitting, 1, processors));
}

/// The turn of a listing among those of all workers: so many are made at once, however many are
/// asked for, so that processors and memory are left for who asks for something else. To be held by
/// threads that may wait.
class ListingTurn {
public:
    ListingTurn() { turns().acquire(); }
    ListingTurn(const ListingTurn&) = delete;
    ListingTurn& operator=(const ListingTurn&) = delete;
    ~ListingTurn() { turns().release(); }

private:
    static std::counting_semaphore<>& turns() {
        static std::counting_semaphore<> turns(listings_at_once());
        return turns;
    }
};

/// malloc_trim(3): of all threads' heaps, each of which is locked meanwhile. For threads that may
/// wait.
void give_back_freed_memory() noexcept {
#ifdef __GLIBC__
    static_cast<void>(::malloc_trim(0));
#endif
}

/// Beneath it, a listing is not worth a walk through the heap.
constexpr std::size_t trimmed_page_bytes_min = std::size_t{256} * 1024;

}  // namespace

ListingJob::ListingJob(SharedRoot root, const site::LoadRules& rules, int directory,
                       const site::ListingKey& key, file::LinkReach reach, MonotonicTime now)
    : root_(std::move(root)),
      symlinks_(rules.symlinks),
      hidden_(rules.hidden),
      cache_control_(rules.listing_cache_control),
      reach_(reach),
      directory_(directory),
      path_(key.path),
      style_(key.style),
      made_at_(now) {}

std::int32_t ListingJob::run() noexcept {
    std::int32_t result = -ENOMEM;
    try {
        result = measured_ ? write() : listed_ ? measure() : read();
    } catch (const std::bad_alloc&) {
    }
    if (page_ && page_->size() >= trimmed_page_bytes_min) {
        // What the entries took lies beneath the page in this thread's heap, which would keep it
        // for as long as the page lives.
        give_back_freed_memory();
    }
    return result;
}

std::int32_t ListingJob::write() {
    const ListingTurn turn;
    page_ = site::make_listing(*measured_, cache_control_);
    return 0;
}

std::int32_t ListingJob::measure() {
    const ListingTurn turn;
    measured_.emplace(path_, *listed_, style_);
    return 0;
}

std::int32_t ListingJob::read() {
    std::optional<ListingTurn> turn;
    if (reach_ == file::LinkReach::own_mount) {
        turn.emplace();
    }
    const auto begin = monotonic_now();
    auto directory = file::read_directory(*root_, symlinks_, path_, directory_, reach_, hidden_);
    if (!directory) {
        return -directory.error().value();
    }
    if (directory->has_unfollowed_links) {
        return unfollowed_links;
    }
    if (!turn) {
        turn.emplace();  // Not before: a file system that hangs must not keep it.
    }
    // It may have waited for its turn. The loop's time is older than the clock's, if anything.
    const auto listed =
        std::make_shared<site::ListedDirectory>(*directory, made_at_ + (begin - made_at_clock_));
    *directory = {};  // The page may need the memory.
    measured_.emplace(path_, *listed, style_);
    listed->set_took(monotonic_now() - begin);
    listed_ = listed;
    return 0;
}

}  // namespace torc::worker
