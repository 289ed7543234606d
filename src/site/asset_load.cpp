#include <torc/base/assert.hpp>
#include <torc/site/asset_load.hpp>

#include <utility>

namespace torc::site {
namespace {

/// How often a file that changes while it is read is read again before what was read is served
/// anyway.
constexpr unsigned read_attempts_max = 4;
/// openat2(2) gives EAGAIN when a rename raced with the look-up beneath the root.
constexpr unsigned open_attempts_max = 8;

http::Status status_for(Errno error) noexcept {
    switch (error.value()) {
        case EACCES:
        case EPERM:
            return http::Status::forbidden;
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP:
        case EXDEV:  // A symbolic link that leads out of the root.
        case ENXIO:  // A socket, or a device that is not there.
        case ENODEV:
        case EINVAL:  // A name that this file system can't have.
            return http::Status::not_found;
        case EMFILE:
        case ENFILE:
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN:
            return http::Status::service_unavailable;
        default:
            return http::Status::internal_server_error;
    }
}

}  // namespace

AssetLoad::AssetLoad(std::string_view path, AssetRef previous, const LoadRules& rules)
    : rules_(rules), path_(path), previous_(std::move(previous)) {}

AssetLoad::Step AssetLoad::start() {
    return open_next_candidate();
}

AssetLoad::Step AssetLoad::open_next_candidate() {
    open_attempts_ = 0;
    file_.reset();
    candidate_ = path_;
    if (path_.empty() || path_.back() == '/') {
        if (next_index_name_ == rules_.index_names.size()) {
            return finish_with(http::Status::not_found);
        }
        candidate_ += rules_.index_names[next_index_name_++];
    }
    return Step::open;
}

AssetLoad::Step AssetLoad::opened(UniqueFd file) {
    file_ = std::move(file);
    return Step::stat;
}

AssetLoad::Step AssetLoad::failed(Errno error) {
    const bool was_opening = !file_;
    if (was_opening && error == Errno(EAGAIN) && ++open_attempts_ < open_attempts_max) {
        return Step::open;
    }
    const bool is_directory = next_index_name_ > 0;
    if (was_opening && error == Errno(ENOENT) && is_directory) {
        return open_next_candidate();
    }
    return finish_with(status_for(error));
}

AssetLoad::Step AssetLoad::stated() {
    const file::Metadata metadata = file::Metadata::from(status_);
    return is_verifying_ ? verified(metadata) : found(metadata);
}

AssetLoad::Step AssetLoad::found(const file::Metadata& metadata) {
    switch (metadata.kind) {
        case file::Kind::regular:
            return found_file(metadata);
        case file::Kind::directory:
            if (next_index_name_ > 0) {
                return open_next_candidate();  // A directory by the name of an index file.
            }
            return finish(Asset::redirect(metadata), true);
        case file::Kind::other:
            break;
    }
    return finish_with(http::Status::not_found);
}

AssetLoad::Step AssetLoad::found_file(const file::Metadata& metadata) {
    if (previous_ && previous_->metadata() == metadata) {
        return finish(std::move(previous_), true);
    }
    if (metadata.size > rules_.contents_bytes_max) {
        return finish(Asset::on_disk(candidate_, metadata, std::move(file_)), true);
    }
    return read_again(metadata);
}

AssetLoad::Step AssetLoad::read_again(const file::Metadata& metadata) {
    ++read_attempts_;
    is_verifying_ = false;
    metadata_ = metadata;
    read_bytes_ = 0;
    contents_.size = metadata.size;
    contents_.bytes = std::make_unique_for_overwrite<char[]>(metadata.size);
    if (metadata.size == 0) {
        return finish(Asset::in_memory(candidate_, metadata_, std::move(contents_)), true);
    }
    return Step::read;
}

std::span<std::byte> AssetLoad::read_buffer() noexcept {
    return std::as_writable_bytes(std::span(contents_.bytes.get(), contents_.size))
        .subspan(read_bytes_);
}

AssetLoad::Step AssetLoad::was_read(std::size_t count) {
    read_bytes_ += count;
    if (count > 0 && read_bytes_ < contents_.size) {
        return Step::read;
    }
    is_verifying_ = true;
    return Step::stat;
}

AssetLoad::Step AssetLoad::verified(const file::Metadata& metadata) {
    const bool is_whole = read_bytes_ == contents_.size;
    const bool is_unchanged = metadata == metadata_;
    if (is_whole && (is_unchanged || read_attempts_ >= read_attempts_max)) {
        return finish(Asset::in_memory(candidate_, metadata_, std::move(contents_)), is_unchanged);
    }
    if (read_attempts_ >= read_attempts_max) {
        return finish_with(http::Status::service_unavailable);  // It shrinks as fast as it is read.
    }
    return metadata.size > rules_.contents_bytes_max ? found_file(metadata) : read_again(metadata);
}

AssetLoad::Step AssetLoad::finish(AssetRef asset, bool is_cacheable) {
    outcome_.asset = std::move(asset);
    outcome_.is_cacheable = is_cacheable;
    outcome_.leftover = std::move(file_);
    return Step::finished;
}

AssetLoad::Step AssetLoad::finish_with(http::Status error) {
    return finish(Asset::error(error), false);
}

AssetLoad::Outcome AssetLoad::take_result() noexcept {
    TORC_ASSERT(outcome_.asset);
    return std::move(outcome_);
}

}  // namespace torc::site
