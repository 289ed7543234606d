#include <torc/base/assert.hpp>
#include <torc/base/printable.hpp>
#include <torc/site/routing/path.hpp>
#include <torc/worker/asset_loader.hpp>
#include <torc/worker/operation.hpp>

#include "format_report.hpp"
#include "listing_job.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace torc::worker {

namespace {

/// Entries of the cache, and directories of it, that are looked at in one iteration once they were
/// forgotten: some 0.3 ms.
constexpr std::size_t reclaimed_per_iteration_max = 256;

}  // namespace

AssetLoader::AssetLoader(LoaderServices& services, site::Site& site, CurrentRoot& root,
                         std::uint32_t tree, const PreviousRoots* previous)
    : services_(services),
      proactor_(services.proactor),
      site_(site),
      tree_(tree),
      root_(proactor_, root, tree),
      previous_(previous),
      watch_(proactor_, site, services.notices, services.reports, tree) {
    site_.set_verified_until(root_verified_until());
}

AssetLoader::~AssetLoader() = default;

bool AssetLoader::join(std::string_view path, site::Site::Waiter waiter, MonotonicTime now) {
    const auto under_way = site_.find_load(path);
    if (under_way && is_of_the_past(*under_way, now)) {
        site_.detach_load(*under_way);
    } else if (under_way && now >= context(*under_way).began_at + services_.patience) {
        const LoadContext& overdue = context(*under_way);
        const bool may_try_again =
            overdue.root != root_.current() || now >= overdue.began_at + 2 * services_.patience;
        if (!may_try_again) {
            return false;
        }
        site_.detach_load(*under_way);
    }
    const bool is_watched = watch_.covers(site::directory_of(path));
    // Room for one more load, before there is one that could be left half begun.
    contexts_.resize(std::max(contexts_.size(), site_.loads_max() + 1));
    parked_.reserve(contexts_.size());
    services_.ended.make_room();
    const site::Site::Join join = site_.join_load(path, waiter, is_watched);
    if (!join.is_new) {
        return true;
    }
    services_.ended.expect();
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
    context(id).previous.reset();
    listings_.erase(id);
    if (context(id).digest_lane) {
        end_digest(id);
    }
    services_.ended.add(site_.finish_load_with(id, *services_.overdue_asset));
    end_reading(id);
}

void AssetLoader::completed(const io::Completion& completion, MonotonicTime now) {
    switch (operation_of(completion.token)) {
        case Operation::root_open:
            root_completed(completion, now);
            break;
        case Operation::watch_open:
            watch_completed(completion);
            break;
        case Operation::load_open:
        case Operation::load_stat:
        case Operation::load_read:
        case Operation::load_list:
            load_completed(completion, now);
            break;
        case Operation::watch_changes:
        case Operation::mounts_changed:
        case Operation::mounts_read:
        case Operation::accept:
        case Operation::receive:
        case Operation::send:
        case Operation::send_file:
        case Operation::password_check:
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

void AssetLoader::remounted(const std::vector<std::string>& places, MonotonicTime now) {
    const std::string root_path = places.empty() ? std::string() : root_.current()->path();
    for (const std::string& place : places) {
        watch_.remounted(place, root_path);
    }
    if (!places.empty()) {
        root_.check(now);  // Its own path may lead through one of them.
    }
}

void AssetLoader::forget_all() noexcept {
    watch_.reset();
    site_.changed_all();
}

void AssetLoader::root_completed(const io::Completion& completion, MonotonicTime now) {
    try {
        root_.completed(completion, services_.mounts, now);
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
            services_.ended.add(site_.finish_load_with(id, *asset));
        } else {
            begin(id, now);
        }
    }
    parked_.clear();
}

MonotonicTime AssetLoader::next_deadline() const noexcept {
    return earliest(parked_.empty() ? never : root_.patient_until(), next_look_for_room());
}

void AssetLoader::expire(MonotonicTime now) {
    if (!parked_.empty() && now >= root_.patient_until()) {
        trust_root(now);
        begin_parked(now);
    }
    if (now >= next_look_for_room()) {
        look_for_room(now);
    }
}

void AssetLoader::forget_previous(MonotonicTime now) noexcept {
    if (now >= site_.previous_until()) {
        site_.forget_previous();
    }
}

void AssetLoader::load_completed(const io::Completion& completion, MonotonicTime now) {
    try {
        go_on(completion, now);
    } catch (const std::bad_alloc&) {
        give_up(completion.token.slot);
    }
    const site::Site::LoadId id = completion.token.slot;
    // A job that was started again is another thread's: only its end tells how far it is.
    const bool has_read = completion.result == 0;
    if (operation_of(completion.token) == Operation::load_list &&
        (has_read || !listings_.contains(id))) {
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
    if (is_short_of_descriptors && services_.budgets.release_descriptor()) {
        perform(id, context(id).step, now);
        return;
    }
    if (completion.failed()) {
        report_failure(id, completion.error(), now);
    }
    perform(id, advance(id, completion), now);
}

void AssetLoader::report_failure(site::Site::LoadId id, Errno error, MonotonicTime now) {
    const std::string& path = site_.load(id).file_path();
    switch (error.value()) {
        case EACCES:
        case EPERM:
            if (services_.permission_report.may_report(now)) {
                report(services_.reports, Report::Severity::warning,
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
            if (services_.failure_report.may_report(now)) {
                report(services_.reports, Report::Severity::warning,
                       "files can't be read: '{}', for one: {}", printable(path), error.message());
            }
            break;
        default:
            break;  // What is not there, or is a link that may not be followed, is everyday.
    }
}

void AssetLoader::finish(site::Site::LoadId id, MonotonicTime now) {
    const std::string directory(site::directory_of(site_.load(id).path()));
    const SharedRoot root = std::exchange(context(id).root, nullptr);
    if (const auto previous = std::exchange(context(id).previous, std::nullopt)) {
        site_.limit_freshness(id, previous->until);
    }
    const site::Site::Loaded& loaded = services_.ended.add(site_.finish_load(id, now));
    report_refused(loaded.refused, now);
    const site::Asset& asset = *loaded.asset;
    const bool may_be_kept =
        asset.kind() != site::Asset::Kind::error || asset.status() == http::Status::not_found;
    if (may_be_kept && root == root_.current()) {
        watch(directory, root);
    }
}

void AssetLoader::report_refused(const std::vector<site::RefusedFile>& files,
                                 MonotonicTime now) const noexcept {
    // Of the process, as all workers find the same.
    static OnceReporter reporter;
    for (const site::RefusedFile& file : files) {
        try {
            const std::string version = std::to_string(file.modified.time_since_epoch().count());
            if (reporter.may_report(file.path + '\n' + version, now)) {
                report(services_.reports, Report::Severity::warning, "'{}' is not served: {}; {}",
                       printable(file.path), file.why, file.remedy);
            }
        } catch (const std::bad_alloc&) {
            return;  // The next load finds the same.
        }
    }
}

void AssetLoader::watch(std::string_view directory, const SharedRoot& root) noexcept {
    try {
        if (root->reports_changes() && services_.mount_watch.start()) {
            watch_.want(directory, root);
        }
    } catch (const std::bad_alloc&) {
        // Its assets are looked at every second instead.
        watch_.reset();
    }
}

void AssetLoader::reclaim_some() noexcept {
    const bool has_cached = site_.reclaim(reclaimed_per_iteration_max);
    const bool has_watched = watch_.reclaim();
    if (has_cached || has_watched) {
        proactor_.wake();
    }
}

bool AssetLoader::is_busy() const noexcept {
    return site_.loads_under_way() > 0 || root_.is_checking() || watch_.is_opening();
}

}  // namespace torc::worker
