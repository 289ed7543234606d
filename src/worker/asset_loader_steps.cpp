// The loader's steps: which operation does each, in which lane, and how many files are read for
// their digests at once.

#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/site/routing/path.hpp>
#include <torc/worker/asset_loader.hpp>
#include <torc/worker/operation.hpp>

#include "listing_job.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace torc::worker {

using site::AssetLoad;
using site::LoadStep;

namespace {

std::string joined(std::string directory, std::string_view path) {
    if (!directory.ends_with('/')) {
        directory += '/';
    }
    return directory.append(path);
}

}  // namespace

LoadStep AssetLoader::advance(site::Site::LoadId id, const io::Completion& completion) {
    AssetLoad& load = site_.load(id);
    const Operation operation = operation_of(completion.token);
    if (completion.failed()) {
        listings_.erase(id);
        return load.on_failed(completion.error());
    }
    if (operation == Operation::load_open) {
        return load.on_opened(FileHandle(UniqueFd(completion.result), context(id).lane, proactor_));
    }
    if (operation == Operation::load_stat) {
        note_device(id);
        return load.on_stated();
    }
    TORC_ASSERT(operation == Operation::load_read);
    return load.on_read(static_cast<std::size_t>(completion.result));
}

LoadStep AssetLoader::try_previous_root(site::Site::LoadId id, MonotonicTime now) {
    LoadContext& load = context(id);
    const std::uint64_t tried =
        load.previous ? load.previous->number : PreviousRoots::younger_than_all;
    load.previous = previous_ != nullptr ? previous_->next(*load.root, tried, now) : std::nullopt;
    return load.previous ? site_.load(id).on_previous_root() : site_.load(id).on_no_previous_root();
}

void AssetLoader::perform(site::Site::LoadId id, LoadStep step, MonotonicTime now) {
    AssetLoad& load = site_.load(id);
    step = stat_at_once(id, step);
    if (context(id).digest_lane && !load.is_digesting()) {
        end_digest(id);
    }
    if (site::is<site::TryPreviousRoot>(step)) {
        step = try_previous_root(id, now);
    }
    if (site::is<site::LoadFinished>(step)) {
        finish(id, now);
        return;
    }
    if (site::is<site::BeginDigest>(step)) {
        if (!context(id).digest_lane && !begin_digest(id)) {
            return;
        }
        step = load.on_digest_begun();
    }
    if (const auto* const next = std::get_if<site::OpenFile>(&step)) {
        context(id).lane = lane_of_next_file(id, *next);
    }
    start(id, step);
}

LoadStep AssetLoader::stat_at_once(site::Site::LoadId id, LoadStep step) {
    AssetLoad& load = site_.load(id);
    const auto* stat = std::get_if<site::StatFile>(&step);
    while (stat != nullptr && is_local(context(id).lane)) {
        const auto result = proactor_.stat_at_once(stat->descriptor, *stat->status);
        step = result ? load.on_stated() : load.on_failed(result.error());
        stat = std::get_if<site::StatFile>(&step);
    }
    return step;
}

void AssetLoader::start(site::Site::LoadId id, LoadStep step) {
    context(id).step = step;
    const Lane lane = context(id).lane;
    if (const auto* const open = std::get_if<site::OpenFile>(&step)) {
        proactor_.open(
            token(Operation::load_open, id), root_of(id).descriptor(), open->path,
            open->is_strict ? file::Root::strict_how() : file::Root::how(site_.rules().symlinks),
            lane);
    } else if (const auto* const stat = std::get_if<site::StatFile>(&step)) {
        proactor_.stat(token(Operation::load_stat, id), stat->descriptor, *stat->status, lane);
    } else if (const auto* const read = std::get_if<site::ReadFile>(&step)) {
        proactor_.read(token(Operation::load_read, id), read->descriptor, read->buffer,
                       read->offset, lane);
    } else {
        TORC_ASSERT(site::is<site::ListDirectory>(step));
        start_listing(id, is_local(lane) ? file::LinkReach::own_mount : file::LinkReach::anywhere);
    }
}

bool AssetLoader::retry_on_threads(site::Site::LoadId id, const io::Completion& completion) {
    const bool has_no_thread =
        completion.failed() && is_local(context(id).lane) && completion.error() == Errno(ECANCELED);
    if (!has_no_thread) {
        return false;
    }
    context(id).lane = Lane::local_threads;
    start(id, context(id).step);
    return true;
}

Lane AssetLoader::lane_of_next_file(site::Site::LoadId id, const site::OpenFile& next) {
    const file::Root& root = root_of(id);
    if (next.is_strict) {
        return root.lane();  // Neither a symbolic link nor another mount is on the way.
    }
    services_.mounts.refresh();
    const std::string_view path = next.path;
    const Lane lane = services_.mounts.lane_of_path(joined(root.path(), path));
    const bool is_on_mount = lane != root.lane() && lane != Lane::first_linked;
    return is_on_mount ? lane : lane_of_link(root, path);
}

Lane AssetLoader::lane_of_link(const file::Root& root, std::string_view path) const {
    const open_how& how = file::Root::how(site_.rules().symlinks);
    if (const auto target = root.cached_path(std::string(path), how)) {
        return services_.mounts.lane_of_path(*target);
    }
    // Its name is not in memory; on a file system that may hang it never stays there for long.
    const std::string_view directory = site::directory_of(path);
    if (const auto target = root.cached_path(std::string(directory) + '.', how)) {
        const Lane lane = services_.mounts.lane_of_path(*target);
        return is_local(lane) ? linked_nearby_lane(hash_(directory)) : lane;
    }
    return linked_lane(hash_(directory));
}

void AssetLoader::note_device(site::Site::LoadId id) {
    const file::Root& root = root_of(id);
    const auto& stat = std::get<site::StatFile>(context(id).step);
    const std::uint64_t device = file::Metadata::from(*stat.status).device;
    context(id).lane =
        device == root.device() ? root.lane() : services_.mounts.lane_of_device(device);
    site_.load(id).set_lane(context(id).lane);
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
            start(next, site_.load(next).on_digest_begun());
        } catch (const std::bad_alloc&) {
            give_up(next);
        }
    }
}

}  // namespace torc::worker
