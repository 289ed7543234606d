#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/site/cache/asset_cache.hpp>
#include <torc/site/load/asset_load.hpp>
#include <torc/site/load/file_time.hpp>
#include <torc/site/routing/path.hpp>

#include "listing/listing_script.hpp"
#include "load/file_names.hpp"
#include "load/precompressed.hpp"

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

http::Status status_for(Errno error) noexcept {
    switch (error.value()) {
        case EACCES:
        case EPERM:
            return http::Status::forbidden;
        case ENOENT:
        case ENOTDIR:
        case ENAMETOOLONG:
        case ELOOP:  // Or a symbolic link where none is followed.
        case EXDEV:  // A symbolic link that leads out of the root.
        case ENXIO:  // A socket, or a device that is not there.
        case ENODEV:
        case EINVAL:  // A name that this file system can't have.
            return http::Status::not_found;
        case EMFILE:
        case ENFILE:
        case EBUSY:  // Too much waits for its file system already.
        case ENOMEM:
        case ENOBUFS:
        case EAGAIN:
            return http::Status::service_unavailable;
        default:
            return http::Status::internal_server_error;
    }
}

http::Status status_for(const FileLoad::Outcome& file) noexcept {
    return file.error ? status_for(*file.error) : http::Status::not_found;
}

/// Whether it may be written by another name, which would not show in the directory of this one.
bool has_other_names(const FileLoad::Outcome& file) noexcept {
    return file.is(file::Kind::regular) && file.metadata.links > 1;
}

std::string_view name_of(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

AssetLoad::AssetLoad(std::string_view path, AssetRef previous, const LoadRules& rules, WallTime now)
    : rules_(rules),
      now_(now),
      path_(path),
      previous_(std::move(previous)),
      file_(rules.contents_bytes_max, now) {
    file_.read_ends();
}

LoadStep AssetLoad::start() {
    if (const auto key = SubstituteKey::parse(path_)) {
        return start_with_substitute(*key);
    }
    if (path_.size() >= limits::path_bytes_max) {
        // No file has such a path. Not kept: clients can make up more of them than of any other.
        return finish(Asset::missing(), false);
    }
    if (!rules_.only_file.empty()) {
        return start_with_only_file();
    }
    if (rules_.lists_directories && path_ == listing_script_path) {
        return finish(Asset::file({make_listing_script(rules_.listing_cache_control)}), true);
    }
    if (rules_.hidden.hide(path_)) {
        return begin_error(http::Status::not_found);
    }
    if (const auto key = ListingKey::parse(path_)) {
        return look_at(Stage::listing, key->path.empty() ? "." : std::string(key->path));
    }
    return names_directory() ? look_at_next_index() : look_at(Stage::resource, path_);
}

LoadStep AssetLoad::start_with_only_file() {
    if (path_.empty()) {
        return look_at_next_index();
    }
    // Even if its name begins with a dot: somebody asked for it by name.
    return path_ == rules_.only_file ? look_at(Stage::resource, path_)
                                     : begin_error(http::Status::not_found);
}

LoadStep AssetLoad::start_with_substitute(const SubstituteKey& key) {
    is_substitute_ = true;
    if (key.kind == SubstituteKey::Kind::fallback) {
        return look_at(Stage::fallback, std::string(key.path));
    }
    error_ = http::Status::not_found;
    return begin_pages(key.path);
}

LoadStep AssetLoad::look_at(Stage stage, std::string path) {
    stage_ = stage;
    const http::ContentCoding coding =
        stage == Stage::coding ? rules_.codings[next_coding_] : http::ContentCoding::identity;
    const Representation* before = known(coding);
    const bool is_known = before != nullptr && before->is_known_by_metadata(now_);
    if (stage != Stage::coding) {
        const std::size_t beginning_bytes =
            type_depends_on_contents(path, rules_.types) ? beginning_bytes_max : 0;
        return file_.start(std::move(path), is_known ? &before->metadata() : nullptr,
                           beginning_bytes);
    }
    // It was found right for the original that there was.
    const bool is_of_same = representations_[0].get() == known(http::ContentCoding::identity);
    return file_.start(std::move(path), is_known && is_of_same ? &before->metadata() : nullptr,
                       sample_beginning_bytes, sample_end_bytes);
}

Representation* AssetLoad::known(http::ContentCoding coding) const noexcept {
    const bool is_of_path = error_ == http::Status::ok && previous_;
    if (!is_of_path || previous_->kind() != Asset::Kind::file) {
        return nullptr;
    }
    Representation* const before = previous_->representation(coding);
    // What found no room in memory finds some now, perhaps.
    const bool belongs_in_memory =
        before != nullptr && before->is_on_disk() && before->size() <= rules_.contents_bytes_max;
    return belongs_in_memory ? nullptr : before;
}

LoadStep AssetLoad::on_failed(Errno error) {
    if (!directory_) {
        return advance(file_.on_failed(error));
    }
    directory_.reset();
    return begin_error(status_for(error));
}

LoadStep AssetLoad::advance(LoadStep step) {
    if (!is<LoadFinished>(step)) {
        return step;
    }
    FileLoad::Outcome file = file_.take_outcome();
    // What found no room is looked at again soon, for there may be some.
    is_watchable_ = is_watchable_ && file.is_strict && !file.has_no_room && !has_other_names(file);
    if (file.error == Errno(EFBIG)) {
        refused_.push_back(RefusedFile{
            .path = file_.path(),
            .why = "it does not tell its size, as files of /proc, and is longer than 1 MiB",
            .remedy = "put a copy of it in its place"});
    }
    return settle(file);
}

LoadStep AssetLoad::settle(FileLoad::Outcome& file) {
    switch (stage_) {
        case Stage::resource:
            return settle_resource(file);
        case Stage::unindexed:
            return settle_unindexed(file);
        case Stage::listing:
            return settle_listing(file);
        case Stage::with_suffix:
            return settle_with_suffix(file);
        case Stage::without_slash:
            return settle_without_slash(file);
        case Stage::without_suffix:
            return settle_without_suffix(file);
        case Stage::coding:
            return settle_coding(file);
        case Stage::fallback:
            return settle_fallback(file);
        case Stage::page:
            return settle_page(file);
    }
    assertion_failed("the stage is one of the enumerators");
}

// The path itself.

LoadStep AssetLoad::settle_resource(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        return settle_resource_file(file);
    }
    const bool is_directory = file.is(file::Kind::directory);
    const bool is_missing = file.error == Errno(ENOENT);
    if (names_directory()) {
        // A directory by the name of an index file is no index.
        return is_missing || is_directory ? look_at_next_index() : begin_error(status_for(file));
    }
    is_directory_ = is_directory;
    if (rules_.has_clean_urls && (is_missing || is_directory)) {
        return look_at(Stage::with_suffix, path_ + std::string(page_suffix));
    }
    return is_directory ? redirect(path_ + '/') : begin_error(status_for(file));
}

LoadStep AssetLoad::settle_resource_file(FileLoad::Outcome& file) {
    if (rules_.has_clean_urls && !names_directory()) {
        if (name_of(path_) == rules_.index_names.front()) {
            return redirect(std::string(directory_of(path_)));
        }
        if (path_.ends_with(page_suffix)) {
            held_ = std::move(file);
            return look_at(Stage::without_suffix,
                           path_.substr(0, path_.size() - page_suffix.size()));
        }
    }
    return take_file(file_.path(), file);
}

LoadStep AssetLoad::settle_without_suffix(const FileLoad::Outcome& file) {
    FileLoad::Outcome page = std::exchange(held_, {});
    const bool is_free = file.error == Errno(ENOENT) || file.is(file::Kind::directory);
    return is_free ? redirect(file_.path()) : take_file(path_, page);
}

LoadStep AssetLoad::settle_with_suffix(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        return take_file(file_.path(), file);
    }
    return is_directory_ ? redirect(path_ + '/') : begin_error(status_for(file));
}

LoadStep AssetLoad::look_at_next_index() {
    if (next_index_name_ < rules_.index_names.size()) {
        return look_at(Stage::resource, path_ + rules_.index_names[next_index_name_++]);
    }
    if (rules_.has_clean_urls && !path_.empty()) {
        return look_at(Stage::without_slash,
                       path_.substr(0, path_.size() - 1) + std::string(page_suffix));
    }
    return look_at_directory();
}

LoadStep AssetLoad::settle_without_slash(const FileLoad::Outcome& file) {
    return file.is(file::Kind::regular) ? redirect(path_.substr(0, path_.size() - 1))
                                        : look_at_directory();
}

LoadStep AssetLoad::look_at_directory() {
    return rules_.lists_directories ? look_at(Stage::unindexed, path_.empty() ? "." : path_)
                                    : begin_error(http::Status::not_found);
}

LoadStep AssetLoad::settle_unindexed(const FileLoad::Outcome& file) {
    return file.is(file::Kind::directory) ? finish(Asset::directory(), true)
                                          : begin_error(status_for(file));
}

LoadStep AssetLoad::settle_listing(FileLoad::Outcome& file) {
    if (!file.is(file::Kind::directory)) {
        return begin_error(status_for(file));
    }
    directory_ = std::move(file.file);
    return ListDirectory{.descriptor = directory_.get(), .key = listing_key()};
}

bool AssetLoad::reserve_page(std::size_t bytes) noexcept {
    page_charge_ = MemoryCharge();
    if (cache_ == nullptr) {
        return true;
    }
    auto charge = cache_->reserve_page(bytes);
    if (charge) {
        page_charge_ = *std::move(charge);
    }
    return charge.has_value();
}

bool AssetLoad::has_page(const Digest& digest) const noexcept {
    return previous_ && previous_->kind() == Asset::Kind::file &&
           previous_->identity().has_digest(digest);
}

LoadStep AssetLoad::on_listed(RepresentationRef page, ListedDirectoryRef directory) {
    directory_.reset();
    is_watchable_ = is_watchable_ && directory->is_watchable();
    if (page) {
        page->charge(std::move(page_charge_));
    } else {
        page = RepresentationRef(&previous_->identity());  // All who are sent it share one.
    }
    if (cache_ != nullptr && !cache_->may_keep(directory->memory_bytes())) {
        directory.reset();  // Or the page could not be kept either.
    }
    return finish(Asset::listing(std::move(page), std::move(directory)), true);
}

// Its codings.

LoadStep AssetLoad::take_file(const std::string& name, FileLoad::Outcome& file) {
    name_ = name;
    type_ = type_of(file);
    original_ = file.metadata;
    is_stable_ = file.is_stable;
    next_coding_ = 0;
    representations_ = {};
    representations_[0] = make_representation(http::ContentCoding::identity, file);
    return look_at_next_coding();
}

LoadStep AssetLoad::look_at_next_coding() {
    const bool is_coded_already = type_.coding != http::ContentCoding::identity;
    if (is_coded_already || next_coding_ == rules_.codings.size()) {
        return finish_codings();
    }
    return look_at(Stage::coding, name_ + std::string(suffix_of(rules_.codings[next_coding_])));
}

LoadStep AssetLoad::settle_coding(FileLoad::Outcome& file) {
    const http::ContentCoding coding = rules_.codings[next_coding_++];
    // One that is older was made from other bytes.
    if (file.is(file::Kind::regular) && is_up_to_date(file.metadata, original_) &&
        is_coding_right(coding, file)) {
        representations_[static_cast<std::size_t>(coding)] = make_representation(coding, file);
        is_stable_ = is_stable_ && file.is_stable;
    }
    if (file.error && status_for(*file.error) == http::Status::service_unavailable) {
        is_stable_ = false;  // It may well be there.
    }
    return look_at_next_coding();
}

bool AssetLoad::is_coding_right(http::ContentCoding coding, const FileLoad::Outcome& file) {
    if (file.is_known) {
        return true;
    }
    const bool is_whole = file.contents.bytes != nullptr;
    const std::string_view beginning = is_whole ? file.contents.view() : file.beginning;
    const std::string_view end = is_whole ? file.contents.view() : file.end;
    const PrecompressedSample sample{
        .beginning = beginning.substr(0, sample_beginning_bytes),
        .end = end.substr(end.size() - std::min(end.size(), sample_end_bytes)),
        .size = file.metadata.size};
    const Representation& original = *representations_[0];
    const std::string_view fault = precompressed_fault(
        coding, sample,
        {.size = original_.size,
         .contents = original.is_in_memory() ? std::optional(original.contents()) : std::nullopt});
    if (!fault.empty()) {
        refused_.push_back(
            RefusedFile{.path = file_.path(),
                        .modified = file.metadata.modified,
                        .why = fault,
                        .remedy = "make it again from the file beside it, or delete it"});
    }
    return fault.empty();
}

LoadStep AssetLoad::finish_codings() {
    constexpr std::array codings = {http::ContentCoding::identity, http::ContentCoding::gzip,
                                    http::ContentCoding::brotli, http::ContentCoding::zstd};
    static_assert(codings.size() == http::content_codings_count);
    const bool is_unchanged = previous_ && previous_->kind() == Asset::Kind::file &&
                              std::ranges::all_of(codings, [this](http::ContentCoding coding) {
                                  return previous_->representation(coding) ==
                                         representations_[static_cast<std::size_t>(coding)].get();
                              });
    return finish(is_unchanged ? previous_
                               : Asset::file(std::move(representations_),
                                             is_substitute_ ? Asset::ChosenBy::navigation
                                                            : Asset::ChosenBy::target),
                  is_stable_);
}

ContentType AssetLoad::type_of(const FileLoad::Outcome& file) const {
    if (file.is_known) {
        const Representation& before = *known(http::ContentCoding::identity);
        return {.value = before.content_type(),
                .is_known = before.is_type_known(),
                .coding = before.coding()};
    }
    const bool is_whole = file.contents.bytes != nullptr;
    return content_type(
        name_, rules_.types,
        {.bytes = is_whole ? file.contents.view()
                           : std::string_view(file.beginning).substr(0, beginning_bytes_max),
         .is_whole = is_whole});
}

RepresentationRef AssetLoad::make_representation(http::ContentCoding coding,
                                                 FileLoad::Outcome& file) {
    // What was written just now is looked at again in a moment, whoever watches it.
    is_watchable_ = is_watchable_ && is_settled(file.metadata, now_);
    if (file.is_known) {
        return RepresentationRef(known(coding));
    }
    const RepresentationTraits traits{
        .content_type = type_.value,
        .is_type_known = type_.is_known,
        .coding = coding == http::ContentCoding::identity ? type_.coding : coding,
        // What changed whenever it was looked at is nothing that anybody may keep.
        .cache_control = file.is_stable ? cache_control(name_, rules_.cache_control) : "no-store",
        .metadata = file.metadata,
        .now = now_,
        .digest = file.digest,
        .ends = file.ends,
    };
    return file.contents.bytes ? Representation::in_memory(traits, std::move(file.contents))
                               : Representation::on_disk(traits, std::move(file.file));
}

// What is shown where nothing can be served.

LoadStep AssetLoad::begin_error(http::Status status) {
    if (status == http::Status::not_found && !is_substitute_) {
        return finish(Asset::missing(), true);
    }
    error_ = status;
    return begin_pages(SubstituteKey::error_at(path_, rules_.hidden).path);
}

LoadStep AssetLoad::settle_fallback(FileLoad::Outcome& file) {
    return file.is(file::Kind::regular) ? take_file(file_.path(), file)
                                        : begin_error(status_for(file));
}

LoadStep AssetLoad::begin_pages(std::string_view directory) {
    const bool may_have_page =
        error_ == http::Status::not_found || error_ == http::Status::forbidden;
    if (!may_have_page || !rules_.only_file.empty()) {
        return finish_with_error({});
    }
    page_directory_ = directory;
    return look_at_next_page();
}

LoadStep AssetLoad::look_at_next_page() {
    name_ = page_directory_ + std::to_string(http::code(error_)) + std::string(page_suffix);
    return look_at(Stage::page, name_);
}

LoadStep AssetLoad::settle_page(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        type_ = type_of(file);
        is_stable_ = is_stable_ && file.is_stable;
        return finish_with_error(make_representation(http::ContentCoding::identity, file));
    }
    if (file.error && status_for(*file.error) == http::Status::service_unavailable) {
        is_stable_ = false;  // It may well be there.
    }
    if (page_directory_.empty()) {
        return finish_with_error({});
    }
    page_directory_.pop_back();
    page_directory_ = std::string(directory_of(page_directory_));
    return look_at_next_page();
}

LoadStep AssetLoad::finish_with_error(RepresentationRef page) {
    const bool is_not_found = error_ == http::Status::not_found;
    const bool may_be_fallback = is_not_found && !rules_.fallback_path.empty();
    return finish(
        Asset::error(error_, std::move(page),
                     may_be_fallback ? Asset::ChosenBy::navigation : Asset::ChosenBy::target),
        is_not_found && is_stable_);
}

LoadStep AssetLoad::redirect(std::string path) {
    return finish(Asset::redirect(std::move(path)), true);
}

LoadStep AssetLoad::finish(AssetRef asset, bool is_cacheable) {
    outcome_ = Outcome{.asset = std::move(asset),
                       .refused = std::move(refused_),
                       .is_cacheable = is_cacheable,
                       .is_watchable = is_watchable_};
    return LoadFinished{};
}

AssetLoad::Outcome AssetLoad::take_result() noexcept {
    TORC_ASSERT(outcome_.asset);
    return std::move(outcome_);
}

}  // namespace torc::site
