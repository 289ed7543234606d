#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/directory.hpp>
#include <torc/server/asset_loader.hpp>
#include <torc/server/operation.hpp>
#include <torc/site/listing_key.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <cstddef>
#include <new>
#include <string>
#include <utility>

namespace torc::server {

using site::AssetLoad;
using site::LoadStep;

/// Reads a directory and makes the page that shows it: for 50,000 entries longer than the loop may
/// be held up.
class AssetLoader::ListingJob final : public io::BlockingJob {
public:
    /// `directory`, a descriptor, outlives the job.
    ListingJob(SharedRoot root, file::SymlinkPolicy symlinks, int directory,
               const site::ListingKey& key)
        : root_(std::move(root)),
          symlinks_(symlinks),
          directory_(directory),
          path_(key.path),
          style_(key.style) {}

    std::int32_t run() noexcept override {
        try {
            const auto directory = file::read_directory(*root_, symlinks_, path_, directory_);
            if (!directory) {
                return -directory.error().value();
            }
            page_ = site::make_listing({.path = path_, .style = style_}, *directory);
            return 0;
        } catch (const std::bad_alloc&) {
            return -ENOMEM;
        }
    }

    /// Once it has run; for the loop's thread, and once.
    [[nodiscard]] site::RepresentationRef take_page() noexcept { return std::move(page_); }

private:
    const SharedRoot root_;
    const file::SymlinkPolicy symlinks_;
    const int directory_;
    const std::string path_;
    const site::ListingStyle style_;
    site::RepresentationRef page_;
};

AssetLoader::AssetLoader(io::Proactor& proactor, site::Site& site, std::string path,
                         SharedRoot root, MonotonicTime now)
    : proactor_(proactor),
      site_(site),
      root_(proactor, std::move(path), std::move(root), now),
      watch_(proactor, site) {
    site_.set_verified_until(root_.verified_until());
}

AssetLoader::~AssetLoader() = default;

void AssetLoader::join(std::string_view path, site::Wanted wanted, site::Site::Waiter waiter,
                       MonotonicTime now) {
    const bool is_watched = watch_.covers(site::directory_of(path));
    const site::Site::Join join = site_.join_load(path, wanted, waiter, is_watched);
    if (!join.is_new) {
        return;
    }
    if (now < root_.verified_until()) {
        begin(join.id, now);
    } else {
        parked_.push_back(join.id);
        root_.check(now);
    }
}

void AssetLoader::begin(site::Site::LoadId id, MonotonicTime now) {
    if (id >= load_roots_.size()) {
        load_roots_.resize(id + 1);
    }
    load_roots_[id] = root_.current();
    perform(id, site_.load(id).start(), now);
}

void AssetLoader::completed(const io::Completion& completion, MonotonicTime now) {
    switch (operation_of(completion.token)) {
        case Operation::root_open:
            root_completed(completion, now);
            break;
        case Operation::watch_open:
        case Operation::watch_changes:
            watch_.completed(completion);
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
        case Operation::log_write:
            assertion_failed("the operation is one of the loader's");
    }
}

void AssetLoader::root_completed(const io::Completion& completion, MonotonicTime now) {
    if (root_.completed(completion)) {
        watch_.reset();
        site_.changed_all();
    }
    site_.set_verified_until(root_.verified_until());
    for (const site::Site::LoadId id : std::exchange(parked_, {})) {
        const site::AssetLoad& load = site_.load(id);
        // Most of what was asked for meanwhile is still in the cache.
        if (site::Asset* const asset = site_.find(load.path(), load.wanted(), now)) {
            ended_.push_back(site_.finish_load_with(id, *asset));
        } else {
            begin(id, now);
        }
    }
}

void AssetLoader::load_completed(const io::Completion& completion, MonotonicTime now) {
    const site::Site::LoadId id = completion.token.slot;
    const bool is_short_of_descriptors =
        operation_of(completion.token) == Operation::load_open && completion.failed() &&
        (completion.error() == Errno(EMFILE) || completion.error() == Errno(ENFILE));
    if (is_short_of_descriptors && site_.release_descriptor()) {
        perform(id, LoadStep::open, now);
        return;
    }
    perform(id, advance(id, completion), now);
}

LoadStep AssetLoader::advance(site::Site::LoadId id, const io::Completion& completion) {
    AssetLoad& load = site_.load(id);
    const Operation operation = operation_of(completion.token);
    // Until the load has its page, and no longer than that.
    const auto listing = operation == Operation::load_list ? listings_.extract(id)
                                                           : decltype(listings_)::node_type();
    if (completion.failed()) {
        return load.failed(completion.error());
    }
    if (operation == Operation::load_open) {
        return load.opened(UniqueFd(completion.result));
    }
    if (operation == Operation::load_stat) {
        return load.stated();
    }
    if (operation == Operation::load_list) {
        return load.listed(listing.mapped()->take_page());
    }
    TORC_ASSERT(operation == Operation::load_read);
    return load.was_read(static_cast<std::size_t>(completion.result));
}

bool AssetLoader::is_at_hand(site::Site::LoadId id) const noexcept {
    return load_roots_[id]->is_local() && site_.load(id).is_strict();
}

void AssetLoader::perform(site::Site::LoadId id, LoadStep step, MonotonicTime now) {
    AssetLoad& load = site_.load(id);
    while (step == LoadStep::stat && is_at_hand(id)) {
        // The inode is in memory while the file is open. On a ring it would go to another thread.
        step = ::statx(load.descriptor(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &load.status()) < 0
                   ? load.failed(Errno::last())
                   : load.stated();
    }
    close_leftovers(load);
    switch (step) {
        case LoadStep::open:
            proactor_.open(make_token(Operation::load_open, id), load_roots_[id]->descriptor(),
                           load.open_path(),
                           load.is_strict() ? file::Root::strict_how()
                                            : file::Root::how(site_.rules().symlinks));
            return;
        case LoadStep::stat:
            proactor_.stat(make_token(Operation::load_stat, id), load.descriptor(), load.status());
            return;
        case LoadStep::read:
            proactor_.read(make_token(Operation::load_read, id), load.descriptor(),
                           load.read_buffer(), load.read_offset());
            return;
        case LoadStep::list:
            start_listing(id);
            return;
        case LoadStep::finished:
            finish(id, now);
            return;
    }
}

void AssetLoader::start_listing(site::Site::LoadId id) {
    const AssetLoad& load = site_.load(id);
    auto job = std::make_unique<ListingJob>(load_roots_[id], site_.rules().symlinks,
                                            load.descriptor(), load.listing_key());
    proactor_.run(make_token(Operation::load_list, id), *job);
    listings_.emplace(id, std::move(job));
}

void AssetLoader::finish(site::Site::LoadId id, MonotonicTime now) {
    const std::string directory(site::directory_of(site_.load(id).path()));
    const SharedRoot root = std::exchange(load_roots_[id], nullptr);
    ended_.push_back(site_.finish_load(id, now));
    if (ended_.back().asset->kind() != site::Asset::Kind::error && root == root_.current()) {
        watch_.want(directory, root);
    }
}

std::optional<site::Site::Loaded> AssetLoader::take_ended() {
    if (ended_.empty()) {
        return std::nullopt;
    }
    site::Site::Loaded ended = std::move(ended_.front());
    ended_.pop_front();
    return ended;
}

void AssetLoader::keep_root_verified(MonotonicTime now) {
    if (root_.is_due(now)) {
        root_.check(now);
    }
}

bool AssetLoader::is_busy() const noexcept {
    return site_.loads_under_way() > 0 || root_.is_checking() || watch_.is_opening();
}

void AssetLoader::close_leftovers(AssetLoad& load) {
    for (UniqueFd& file : load.take_leftovers()) {
        // Not by the destructor: closing a file of a network file system can block.
        proactor_.close(file.release());
    }
}

}  // namespace torc::server
