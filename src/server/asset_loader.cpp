#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/directory.hpp>
#include <torc/server/asset_loader.hpp>
#include <torc/server/operation.hpp>
#include <torc/site/listing_key.hpp>

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
    /// `root` and `directory`, a descriptor, outlive the job.
    ListingJob(const file::Root& root, file::SymlinkPolicy symlinks, int directory,
               const site::ListingKey& key)
        : root_(root),
          symlinks_(symlinks),
          directory_(directory),
          path_(key.path),
          style_(key.style) {}

    std::int32_t run() noexcept override {
        try {
            const auto directory = file::read_directory(root_, symlinks_, path_, directory_);
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
    const file::Root& root_;
    const file::SymlinkPolicy symlinks_;
    const int directory_;
    const std::string path_;
    const site::ListingStyle style_;
    site::RepresentationRef page_;
};

AssetLoader::AssetLoader(io::Proactor& proactor, site::Site& site, const file::Root& root) noexcept
    : proactor_(proactor), site_(site), root_(root), how_(file::Root::how(site.rules().symlinks)) {}

AssetLoader::~AssetLoader() = default;

AssetLoader::Ended AssetLoader::join(std::string_view path, site::Wanted wanted,
                                     site::Site::Waiter waiter, MonotonicTime now) {
    const site::Site::Join join = site_.join_load(path, wanted, waiter);
    if (!join.is_new) {
        return std::nullopt;
    }
    return perform(join.id, site_.load(join.id).start(), now);
}

AssetLoader::Ended AssetLoader::completed(const io::Completion& completion, MonotonicTime now) {
    const site::Site::LoadId id = completion.token.slot;
    const bool is_short_of_descriptors =
        operation_of(completion.token) == Operation::load_open && completion.failed() &&
        (completion.error() == Errno(EMFILE) || completion.error() == Errno(ENFILE));
    if (is_short_of_descriptors && site_.release_descriptor()) {
        return perform(id, LoadStep::open, now);
    }
    return perform(id, advance(id, completion), now);
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

AssetLoader::Ended AssetLoader::perform(site::Site::LoadId id, LoadStep step, MonotonicTime now) {
    AssetLoad& load = site_.load(id);
    close_leftovers(load);
    switch (step) {
        case LoadStep::open:
            proactor_.open(make_token(Operation::load_open, id), root_.descriptor(),
                           load.open_path(), how_);
            return std::nullopt;
        case LoadStep::stat:
            proactor_.stat(make_token(Operation::load_stat, id), load.descriptor(), load.status());
            return std::nullopt;
        case LoadStep::read:
            proactor_.read(make_token(Operation::load_read, id), load.descriptor(),
                           load.read_buffer(), load.read_offset());
            return std::nullopt;
        case LoadStep::list: {
            auto job = std::make_unique<ListingJob>(root_, site_.rules().symlinks,
                                                    load.descriptor(), load.listing_key());
            proactor_.run(make_token(Operation::load_list, id), *job);
            listings_.emplace(id, std::move(job));
            return std::nullopt;
        }
        case LoadStep::finished:
            break;
    }
    return site_.finish_load(id, now);
}

void AssetLoader::close_leftovers(AssetLoad& load) {
    for (UniqueFd& file : load.take_leftovers()) {
        // Not by the destructor: closing a file of a network file system can block.
        proactor_.close(file.release());
    }
}

}  // namespace torc::server
