#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/server/asset_loader.hpp>
#include <torc/server/operation.hpp>
#include <torc/site/listing_key.hpp>
#include <torc/site/path.hpp>

#include "listing_job.hpp"

#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace torc::server {

using site::AssetLoad;
using site::LoadStep;

namespace {

/// Entries of the cache, and directories of it, that are looked at in one iteration once they were
/// forgotten: some 0.3 ms.
constexpr std::size_t reclaimed_per_iteration_max = 256;

/// How long a listing waits for readers of others to leave room for it, and how often that is
/// looked for: those of other workers do not tell.
constexpr std::chrono::seconds room_awaited_for{20};
constexpr std::chrono::milliseconds room_look_interval{20};

/// A client may have chosen it, and it is read on a terminal.
std::string printable(std::string_view path) {
    std::string text(path);
    std::ranges::replace_if(text, [](char octet) { return octet < ' ' || octet > '~'; }, '?');
    return text;
}

std::string joined(std::string directory, std::string_view path) {
    if (!directory.ends_with('/')) {
        directory += '/';
    }
    return directory.append(path);
}

}  // namespace

AssetLoader::AssetLoader(io::Proactor& proactor, site::Site& site, CurrentRoot& root,
                         std::chrono::nanoseconds patience)
    : proactor_(proactor),
      site_(site),
      patience_(patience),
      overdue_asset_(site::Asset::error(http::Status::service_unavailable)),
      root_(proactor, root),
      watch_(proactor, site),
      mount_watch_(proactor) {
    site_.set_verified_until(root_verified_until());
}

AssetLoader::~AssetLoader() = default;

bool AssetLoader::join(std::string_view path, site::Site::Waiter waiter, MonotonicTime now) {
    const auto under_way = site_.find_load(path);
    if (under_way && is_of_the_past(*under_way, now)) {
        site_.detach_load(*under_way);
    } else if (under_way && now >= context(*under_way).began_at + patience_) {
        const LoadContext& overdue = context(*under_way);
        const bool may_try_again =
            overdue.root != root_.current() || now >= overdue.began_at + 2 * patience_;
        if (!may_try_again) {
            return false;
        }
        site_.detach_load(*under_way);
    }
    const bool is_watched = watch_.covers(site::directory_of(path));
    // Room for one more load, before there is one that could be left half begun.
    contexts_.resize(std::max(contexts_.size(), site_.loads_max() + 1));
    ended_.reserve(contexts_.size());
    parked_.reserve(contexts_.size());
    const site::Site::Join join = site_.join_load(path, waiter, is_watched);
    if (!join.is_new) {
        return true;
    }
    context(join.id) = LoadContext{.began_at = now};
    if (now >= root_.patient_until()) {
        trust_root(now);
    }
    if (now < root_verified_until()) {
        begin(join.id, now);
    } else {
        parked_.push_back(join.id);
        root_.check(now);
    }
    return true;
}

bool AssetLoader::is_of_the_past(site::Site::LoadId id, MonotonicTime now) const noexcept {
    // Not sooner than a cached asset would be: what always changes is loaded once a second.
    return site_.is_outdated(id) && now >= contexts_[id].began_at + site::Site::fresh_for;
}

void AssetLoader::begin(site::Site::LoadId id, MonotonicTime now) {
    context(id).root = root_.current();
    try {
        perform(id, site_.begin_load(id), now);
    } catch (const std::bad_alloc&) {
        give_up(id);
    }
}

void AssetLoader::give_up(site::Site::LoadId id) noexcept {
    context(id).root.reset();
    listings_.erase(id);
    if (context(id).digest_lane) {
        end_digest(id);
    }
    ended_.push_back(site_.finish_load_with(id, *overdue_asset_));
    end_reading(id);
}

void AssetLoader::completed(const io::Completion& completion, MonotonicTime now) {
    switch (operation_of(completion.token)) {
        case Operation::root_open:
            root_completed(completion, now);
            break;
        case Operation::watch_open:
        case Operation::watch_changes:
            watch_completed(completion);
            break;
        case Operation::mounts_changed:
        case Operation::mounts_read:
            mounts_completed(completion, now);
            break;
        case Operation::load_open:
        case Operation::load_stat:
        case Operation::load_read:
        case Operation::load_list:
            load_completed(completion, now);
            break;
        case Operation::accept:
        case Operation::receive:
        case Operation::send:
        case Operation::send_file:
            assertion_failed("the operation is one of the loader's");
    }
}

void AssetLoader::watch_completed(const io::Completion& completion) noexcept {
    try {
        watch_.completed(completion);
    } catch (const std::bad_alloc&) {
        forget_all();
    }
}

void AssetLoader::mounts_completed(const io::Completion& completion, MonotonicTime now) noexcept {
    try {
        const std::vector<std::string> places = mount_watch_.completed(completion);
        const std::string root_path = places.empty() ? std::string() : root_.current()->path();
        for (const std::string& place : places) {
            watch_.remounted(place, root_path);
        }
        if (!places.empty()) {
            root_.check(now);  // Its own path may lead through one of them.
        }
    } catch (const std::bad_alloc&) {
        forget_all();
    }
}

void AssetLoader::forget_all() noexcept {
    watch_.reset();
    site_.changed_all();
}

void AssetLoader::root_completed(const io::Completion& completion, MonotonicTime now) {
    try {
        root_.completed(completion, mounts_);
    } catch (const std::bad_alloc&) {
        // The next look finds the same, and tries again.
    }
    follow_root(now);
    begin_parked(now);
}

void AssetLoader::follow_root(MonotonicTime now) {
    if (root_.follow()) {
        forget_all();
    }
    site_.set_verified_until(root_verified_until());
    if (now < root_verified_until()) {
        begin_parked(now);  // Another worker has looked.
    }
}

void AssetLoader::trust_root(MonotonicTime now) noexcept {
    trusted_until_ = now + CurrentRoot::verified_for;
    site_.set_verified_until(root_verified_until());
}

void AssetLoader::begin_parked(MonotonicTime now) {
    // By position: what ends meanwhile may park no more, but keeps the room for those to come.
    for (std::size_t position = 0; position < parked_.size(); ++position) {
        const site::Site::LoadId id = parked_[position];
        // Most of what was asked for meanwhile is still in the cache.
        if (site::Asset* const asset = site_.find(site_.load(id).path(), now)) {
            ended_.push_back(site_.finish_load_with(id, *asset));
        } else {
            begin(id, now);
        }
    }
    parked_.clear();
}

MonotonicTime AssetLoader::next_deadline() const noexcept {
    return std::min(parked_.empty() ? never : root_.patient_until(),
                    for_room_.empty() ? never : room_looked_for_at_ + room_look_interval);
}

void AssetLoader::expire(MonotonicTime now) {
    if (!parked_.empty() && now >= root_.patient_until()) {
        trust_root(now);
        begin_parked(now);
    }
    if (!for_room_.empty() && now >= room_looked_for_at_ + room_look_interval) {
        look_for_room(now);
    }
}

void AssetLoader::load_completed(const io::Completion& completion, MonotonicTime now) {
    try {
        go_on(completion, now);
    } catch (const std::bad_alloc&) {
        give_up(completion.token.slot);
    }
    const site::Site::LoadId id = completion.token.slot;
    const bool is_listing = operation_of(completion.token) == Operation::load_list;
    const auto listing = listings_.find(id);
    if (is_listing && (listing == listings_.end() || listing->second->listed())) {
        end_reading(id);
    }
}

void AssetLoader::go_on(const io::Completion& completion, MonotonicTime now) {
    const site::Site::LoadId id = completion.token.slot;
    if (retry_on_threads(id, completion)) {
        return;
    }
    if (operation_of(completion.token) == Operation::load_list &&
        completion.result == ListingJob::unfollowed_links) {
        start_listing(id, file::LinkReach::anywhere);
        return;
    }
    if (operation_of(completion.token) == Operation::load_list && completion.result == 0) {
        go_on_listing(id, now);
        return;
    }
    const bool is_short_of_descriptors =
        operation_of(completion.token) == Operation::load_open && completion.failed() &&
        (completion.error() == Errno(EMFILE) || completion.error() == Errno(ENFILE));
    if (is_short_of_descriptors && site_.release_descriptor()) {
        perform(id, LoadStep::open, now);
        return;
    }
    if (completion.failed()) {
        report_failure(id, completion.error(), now);
    }
    perform(id, advance(id, completion), now);
}

void AssetLoader::report_failure(site::Site::LoadId id, Errno error, MonotonicTime now) {
    const char* const path = site_.load(id).open_path();
    switch (error.value()) {
        case EACCES:
        case EPERM:
            if (permission_report_.may_report(now)) {
                spdlog::warn(
                    "files are refused, as this user may not read them: '{}', for one; see its "
                    "permissions and those of the directories above it",
                    printable(path));
            }
            break;
        case EIO:
        case EBUSY:
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ESTALE:
        case ENOTCONN:
        case ETIMEDOUT:
            if (failure_report_.may_report(now)) {
                spdlog::warn("files can't be read: '{}', for one: {}", printable(path),
                             error.message());
            }
            break;
        default:
            break;  // What is not there, or is a link that may not be followed, is everyday.
    }
}

LoadStep AssetLoader::advance(site::Site::LoadId id, const io::Completion& completion) {
    AssetLoad& load = site_.load(id);
    const Operation operation = operation_of(completion.token);
    if (completion.failed()) {
        listings_.erase(id);
        return load.failed(completion.error());
    }
    if (operation == Operation::load_open) {
        return load.opened(FileHandle(UniqueFd(completion.result), context(id).lane, proactor_));
    }
    if (operation == Operation::load_stat) {
        note_device(id);
        return load.stated();
    }
    TORC_ASSERT(operation == Operation::load_read);
    return load.was_read(static_cast<std::size_t>(completion.result));
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
    const LoadStep step = load.listed(std::move(page), job.listed());
    listings_.erase(id);
    perform(id, step, now);
}

void AssetLoader::run_listing(site::Site::LoadId id, Lane lane) {
    proactor_.run(make_token(Operation::load_list, id), *listings_.find(id)->second, lane);
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
        start(id, LoadStep::list);
        return;
    }
    if (now < context(id).waits_for_room_until) {
        for_room_.push_back(waiting);
        return;
    }
    if (memory_report_.may_report(now)) {
        spdlog::warn(
            "listings are refused, since slow readers hold older ones: '{}', for one; "
            "--cache-memory bounds them, and may be raised",
            printable(load.path()));
    }
    perform(id, load.failed(Errno(ENOMEM)), now);
}

Lane AssetLoader::lane_of_next_file(site::Site::LoadId id) {
    const file::Root& root = *context(id).root;
    const AssetLoad& load = site_.load(id);
    if (load.is_strict()) {
        return root.lane();  // Neither a symbolic link nor another mount is on the way.
    }
    mounts_.refresh();
    const std::string_view path = load.open_path();
    const Lane lane = mounts_.lane_of_path(joined(root.path(), path));
    const bool is_on_mount = lane != root.lane() && lane != Lane::first_linked;
    return is_on_mount ? lane : lane_of_link(root, path);
}

Lane AssetLoader::lane_of_link(const file::Root& root, std::string_view path) const {
    const open_how& how = file::Root::how(site_.rules().symlinks);
    if (const auto target = root.cached_path(std::string(path), how)) {
        return mounts_.lane_of_path(*target);
    }
    // Its name is not in memory; on a file system that may hang it never stays there for long.
    const std::string_view directory = site::directory_of(path);
    if (const auto target = root.cached_path(std::string(directory) + '.', how)) {
        const Lane lane = mounts_.lane_of_path(*target);
        return is_local(lane) ? linked_nearby_lane(hash_(directory)) : lane;
    }
    return linked_lane(hash_(directory));
}

void AssetLoader::note_device(site::Site::LoadId id) {
    AssetLoad& load = site_.load(id);
    const file::Root& root = *context(id).root;
    const std::uint64_t device = file::Metadata::from(load.status()).device;
    context(id).lane = device == root.device() ? root.lane() : mounts_.lane_of_device(device);
    load.set_lane(context(id).lane);
}

bool AssetLoader::retry_on_threads(site::Site::LoadId id, const io::Completion& completion) {
    const bool has_no_thread =
        completion.failed() && is_local(context(id).lane) && completion.error() == Errno(ECANCELED);
    if (!has_no_thread) {
        return false;
    }
    context(id).lane = Lane::local_threads;
    const Operation operation = operation_of(completion.token);
    start(id, operation == Operation::load_open   ? LoadStep::open
              : operation == Operation::load_stat ? LoadStep::stat
                                                  : LoadStep::read);
    return true;
}

void AssetLoader::perform(site::Site::LoadId id, LoadStep step, MonotonicTime now) {
    AssetLoad& load = site_.load(id);
    while (step == LoadStep::stat && is_local(context(id).lane)) {
        // The inode is in memory while the file is open. On a ring it would go to another thread.
        step = ::statx(load.descriptor(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &load.status()) < 0
                   ? load.failed(Errno::last())
                   : load.stated();
    }
    if (context(id).digest_lane && !load.is_digesting()) {
        end_digest(id);
    }
    if (step == LoadStep::finished) {
        finish(id, now);
        return;
    }
    if (load.is_digesting() && !context(id).digest_lane && !begin_digest(id)) {
        return;
    }
    if (step == LoadStep::open) {
        context(id).lane = lane_of_next_file(id);
    }
    start(id, step);
}

bool AssetLoader::begin_digest(site::Site::LoadId id) {
    const Lane lane = context(id).lane;
    if (may_begin_digest(digests_[lane], id)) {
        ++digests_[lane].under_way;
        context(id).digest_lane = lane;
        return true;
    }
    digests_[lane].waiting.push_back(id);
    return false;
}

bool AssetLoader::may_begin_digest(const Digests& digests, site::Site::LoadId id) noexcept {
    // Without room one still may, or none would ever end.
    return digests.under_way < limits::digests_at_once_max &&
           (site_.load(id).reserve_for_digest() || digests.under_way == 0);
}

void AssetLoader::end_digest(site::Site::LoadId id) noexcept {
    const Lane lane = *std::exchange(context(id).digest_lane, std::nullopt);
    Digests& digests = digests_.find(lane)->second;
    --digests.under_way;
    while (!digests.waiting.empty() && may_begin_digest(digests, digests.waiting.front())) {
        const site::Site::LoadId next = digests.waiting.front();
        digests.waiting.pop_front();
        ++digests.under_way;
        context(next).digest_lane = lane;
        try {
            start(next, LoadStep::read);
        } catch (const std::bad_alloc&) {
            give_up(next);
        }
    }
}

void AssetLoader::start(site::Site::LoadId id, LoadStep step) {
    AssetLoad& load = site_.load(id);
    const Lane lane = context(id).lane;
    switch (step) {
        case LoadStep::open:
            proactor_.open(make_token(Operation::load_open, id), context(id).root->descriptor(),
                           load.open_path(),
                           load.is_strict() ? file::Root::strict_how()
                                            : file::Root::how(site_.rules().symlinks),
                           lane);
            return;
        case LoadStep::stat:
            proactor_.stat(make_token(Operation::load_stat, id), load.descriptor(), load.status(),
                           lane);
            return;
        case LoadStep::read:
            proactor_.read(make_token(Operation::load_read, id), load.descriptor(),
                           load.read_buffer(), load.read_offset(), lane);
            return;
        case LoadStep::list:
            start_listing(id,
                          is_local(lane) ? file::LinkReach::own_mount : file::LinkReach::anywhere);
            return;
        case LoadStep::finished:
            assertion_failed("the step is an operation");
    }
}

void AssetLoader::start_listing(site::Site::LoadId id, file::LinkReach reach) {
    const AssetLoad& load = site_.load(id);
    const site::ListingKey key = load.listing_key();
    site::ListedDirectoryRef listed = site_.share_listed_directory(id, proactor_.now());
    if (!listed && context(id).awaited) {
        // It need not be fresh any more: who joins a load gets what it finds.
        listed = std::exchange(context(id).awaited, nullptr);
        site_.limit_freshness(id, listed->fresh_until(site::Site::fresh_for));
    }
    if (!listed && !begin_reading(id, key.path)) {
        return;
    }
    auto job = std::make_unique<ListingJob>(context(id).root, site_.rules(), load.descriptor(), key,
                                            reach, proactor_.now());
    job->share(std::move(listed));
    const std::size_t hash = hash_(key.path);
    const Lane lane = !is_local(context(id).lane)           ? context(id).lane
                      : reach == file::LinkReach::own_mount ? job_lane(hash)
                                                            : linked_lane(hash);
    listings_.insert_or_assign(id, std::move(job));
    run_listing(id, lane);
}

bool AssetLoader::begin_reading(site::Site::LoadId id, std::string_view directory) {
    const auto [position, is_new] =
        readings_.try_emplace(std::string(directory), Reading{.reader = id});
    Reading& reading = position->second;
    if (!is_new && reading.reader != id) {
        LoadContext& reader = context(reading.reader);
        const MonotonicTime now = proactor_.now();
        const bool is_overdue = now >= reader.began_at + patience_;
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
            start(waiting_id, LoadStep::list);
        } catch (const std::bad_alloc&) {
            give_up(waiting_id);
        }
    }
}

void AssetLoader::finish(site::Site::LoadId id, MonotonicTime now) {
    const std::string directory(site::directory_of(site_.load(id).path()));
    const SharedRoot root = std::exchange(context(id).root, nullptr);
    ended_.push_back(site_.finish_load(id, now));
    report_refused(ended_.back().refused, now);
    const site::Asset& asset = *ended_.back().asset;
    const bool may_be_kept =
        asset.kind() != site::Asset::Kind::error || asset.status() == http::Status::not_found;
    if (may_be_kept && root == root_.current()) {
        watch(directory, root);
    }
}

void AssetLoader::report_refused(const std::vector<site::RefusedFile>& files,
                                 MonotonicTime now) noexcept {
    // Of the process, as all workers find the same.
    static OnceReporter reporter;
    for (const site::RefusedFile& file : files) {
        try {
            const std::string version = std::to_string(file.modified.time_since_epoch().count());
            if (reporter.may_report(file.path + '\n' + version, now)) {
                spdlog::warn("'{}' is not served: {}; {}", printable(file.path), file.why,
                             file.remedy);
            }
        } catch (const std::bad_alloc&) {
            return;  // The next load finds the same.
        }
    }
}

void AssetLoader::watch(std::string_view directory, const SharedRoot& root) noexcept {
    try {
        if (root->reports_changes() && mount_watch_.start()) {
            watch_.want(directory, root);
        }
    } catch (const std::bad_alloc&) {
        // Its assets are looked at every second instead.
        watch_.reset();
    }
}

std::optional<site::Site::Loaded> AssetLoader::take_ended() noexcept {
    if (ended_.empty()) {
        return std::nullopt;
    }
    site::Site::Loaded ended = std::move(ended_.front());
    ended_.erase(ended_.begin());
    return ended;
}

void AssetLoader::reclaim_some() noexcept {
    const bool has_cached = site_.reclaim(reclaimed_per_iteration_max);
    const bool has_watched = watch_.reclaim();
    if (has_cached || has_watched) {
        proactor_.wake();
    }
}

bool AssetLoader::is_busy() const noexcept {
    return site_.loads_under_way() > 0 || root_.is_checking() || watch_.is_opening() ||
           mount_watch_.is_reading();
}

}  // namespace torc::server
