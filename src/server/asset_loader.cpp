#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/root.hpp>
#include <torc/server/asset_loader.hpp>
#include <torc/server/operation.hpp>

#include <cstddef>

namespace torc::server {

using site::AssetLoad;

AssetLoader::Ended AssetLoader::join(std::string_view path, site::Site::Waiter waiter,
                                     MonotonicTime now) {
    const site::Site::Join join = site_.join_load(path, waiter);
    if (!join.is_new) {
        return std::nullopt;
    }
    return perform(join.id, site_.load(join.id).start(), now);
}

AssetLoader::Ended AssetLoader::completed(const io::Completion& completion, MonotonicTime now) {
    const site::Site::LoadId id = completion.token.slot;
    const bool is_short_of_descriptors =
        completion.failed() &&
        (completion.error() == Errno(EMFILE) || completion.error() == Errno(ENFILE));
    if (is_short_of_descriptors && site_.release_descriptor()) {
        return perform(id, AssetLoad::Step::open, now);
    }
    return perform(id, advance(site_.load(id), completion), now);
}

AssetLoad::Step AssetLoader::advance(AssetLoad& load, const io::Completion& completion) {
    if (completion.failed()) {
        return load.failed(completion.error());
    }
    const Operation operation = operation_of(completion.token);
    if (operation == Operation::load_open) {
        return load.opened(UniqueFd(completion.result));
    }
    if (operation == Operation::load_stat) {
        return load.stated();
    }
    TORC_ASSERT(operation == Operation::load_read);
    return load.was_read(static_cast<std::size_t>(completion.result));
}

AssetLoader::Ended AssetLoader::perform(site::Site::LoadId id, AssetLoad::Step step,
                                        MonotonicTime now) {
    AssetLoad& load = site_.load(id);
    switch (step) {
        case AssetLoad::Step::open:
            proactor_.open(make_token(Operation::load_open, id), root_, load.open_path(),
                           file::Root::how(file::SymlinkPolicy::inside));
            return std::nullopt;
        case AssetLoad::Step::stat:
            proactor_.stat(make_token(Operation::load_stat, id), load.descriptor(), load.status());
            return std::nullopt;
        case AssetLoad::Step::read:
            proactor_.read(make_token(Operation::load_read, id), load.descriptor(),
                           load.read_buffer(), load.read_offset());
            return std::nullopt;
        case AssetLoad::Step::finished:
            break;
    }
    site::Site::Loaded loaded = site_.finish_load(id, now);
    if (loaded.leftover) {
        // Not by the destructor: closing a file of a network file system can block.
        proactor_.close(loaded.leftover.release());
    }
    return loaded;
}

}  // namespace torc::server
