#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/load/asset_load.hpp>

#include "listing/listing_script.hpp"
#include "load/file_status.hpp"
#include "load/kept_name.hpp"

#include <cerrno>
#include <utility>
#include <variant>

namespace torc::site {
namespace {

/// Whether it may be written by another name, which would not show in the directory of this one.
bool has_other_names(const FileLoad::Outcome& file) noexcept {
    return file.is(file::Kind::regular) && file.metadata.links > 1;
}

/// Whether it shows that nothing is there, rather than what may not be served.
bool is_absent(const FileLoad::Outcome& file) noexcept {
    return file.error == Errno(ENOENT) || file.error == Errno(ENOTDIR);
}

/// A change of a directory itself is one of all beneath it, and found by that.
bool is_directory_itself(std::string_view path) noexcept {
    return path.empty() || path.back() == '/' || path == ".";
}

}  // namespace

AssetLoad::AssetLoad(std::string_view path, AssetRef previous, const LoadRules& rules, WallTime now)
    : path_(path),
      is_substitute_(SubstituteKey::parse(path).has_value()),
      scope_(std::move(previous), rules, now),
      resolver_(path_, scope_),
      variants_(scope_),
      error_(scope_),
      file_(rules.contents_bytes_max, now) {
    file_.read_ends();
    if (!is_substitute_) {
        note_first_look();
    }
}

void AssetLoad::note_first_look() {
    if (const auto listing = ListingKey::parse(path_)) {
        scope_.record().looks.note_contents_of(listing->path);
    } else if (!is_directory_itself(path_)) {
        scope_.record().looks.note_name(path_);
    }
}

LoadStep AssetLoad::start() {
    const LoadRules& rules = scope_.rules();
    if (is_substitute_) {
        const SubstituteKey key = *SubstituteKey::parse(path_);
        return key.kind == SubstituteKey::Kind::error
                   ? show_error(http::Status::not_found, key.path)
                   : follow(resolver_.start());
    }
    if (path_.size() >= limits::path_bytes_max) {
        // No file has such a path. Not kept: clients can make up more of them than of any other.
        return finish(Asset::missing(), false);
    }
    if (rules.only_file.empty() && rules.lists_directories && path_ == listing_script_path) {
        return finish(Asset::file({make_listing_script(rules.listing_cache_control)}), true);
    }
    return follow(resolver_.start());
}

LoadStep AssetLoad::look_at(Part part, Look file) {
    part_ = part;
    if (part != Part::error && !is_directory_itself(file.path)) {
        scope_.record().looks.note_name(file.path);
    }
    return file_.start(std::move(file.path), file.known, file.beginning_bytes, file.end_bytes);
}

LoadStep AssetLoad::advance(LoadStep step) {
    if (!is<LoadFinished>(step)) {
        return step;
    }
    FileLoad::Outcome file = file_.take_outcome();
    LoadRecord& record = scope_.record();
    // What found no room is looked at again soon, for there may be some.
    record.is_watchable =
        record.is_watchable && file.is_strict && !file.has_no_room && !has_other_names(file);
    if (file.error == Errno(EFBIG)) {
        record.refused.push_back(RefusedFile{
            .path = file_.path(),
            .why = "it does not tell its size, as files of /proc, and is longer than 1 MiB",
            .remedy = "put a copy of it in its place"});
    }
    switch (part_) {
        case Part::resolver:
            return go_on_resolving(file);
        case Part::previous_root:
            return take_previous(file);
        case Part::variants:
            return go_on_with_variants(variants_.on_looked(file));
        case Part::error:
            return go_on_with_error(error_.on_looked(file));
    }
    assertion_failed("the part is one of the enumerators");
}

LoadStep AssetLoad::go_on_resolving(FileLoad::Outcome& file) {
    const bool may_be_kept = is_absent(file);
    Resolver::Next next = resolver_.on_looked(file);
    if (may_be_kept && std::holds_alternative<Resolver::Refuse>(next) && has_kept_name()) {
        return TryPreviousRoot{};
    }
    return follow(std::move(next));
}

LoadStep AssetLoad::follow(Resolver::Next next) {
    if (auto* const wanted = std::get_if<Look>(&next)) {
        return look_at(Part::resolver, std::move(*wanted));
    }
    if (auto* const found = std::get_if<Resolver::Serve>(&next)) {
        return go_on_with_variants(variants_.start(std::move(found->name), found->file));
    }
    if (auto* const redirect = std::get_if<Resolver::Redirect>(&next)) {
        return finish(Asset::redirect(std::move(redirect->path)), true);
    }
    if (auto* const list = std::get_if<Resolver::List>(&next)) {
        directory_ = std::move(list->directory);
        return ListDirectory{.descriptor = directory_.get(), .key = listing_key()};
    }
    if (std::holds_alternative<Resolver::Directory>(next)) {
        return finish(Asset::directory(), true);
    }
    return refuse(std::get<Resolver::Refuse>(next).status);
}

bool AssetLoad::has_kept_name() const {
    return !is_substitute_ && !ListingKey::parse(path_) && is_kept_name(path_, scope_.rules());
}

LoadStep AssetLoad::on_previous_root() {
    // What changes there is not reported, and it may be deleted at any time.
    scope_.record().is_watchable = false;
    return look_at(Part::previous_root,
                   scope_.look_at(path_, scope_.known_metadata(http::ContentCoding::identity)));
}

LoadStep AssetLoad::on_no_previous_root() {
    return finish(Asset::missing(), true);
}

LoadStep AssetLoad::take_previous(FileLoad::Outcome& file) {
    if (file.is(file::Kind::regular)) {
        is_of_previous_root_ = true;
        return go_on_with_variants(variants_.start(path_, file));
    }
    if (is_short_of_something(file)) {
        // Without a page of the site's own, which would be looked for there as well.
        return finish(Asset::error(http::Status::service_unavailable), false);
    }
    return TryPreviousRoot{};
}

LoadStep AssetLoad::go_on_with_variants(std::optional<Look> next) {
    if (next) {
        return look_at(Part::variants, *std::move(next));
    }
    AssetRef asset = variants_.take_asset(is_substitute_ ? Vary::on_navigation() : Vary(), path_);
    return finish(std::move(asset), scope_.record().is_stable);
}

LoadStep AssetLoad::refuse(http::Status status) {
    if (status == http::Status::not_found && !is_substitute_) {
        return finish(Asset::missing(), true);
    }
    return show_error(status, SubstituteKey::error_at(path_, scope_.rules().hidden).path);
}

LoadStep AssetLoad::show_error(http::Status status, std::string_view directory) {
    return go_on_with_error(error_.start(status, directory));
}

LoadStep AssetLoad::go_on_with_error(std::optional<Look> next) {
    return next ? look_at(Part::error, *std::move(next))
                : finish(error_.take_asset(), error_.is_cacheable());
}

LoadStep AssetLoad::on_failed(Errno error) {
    if (!directory_) {
        return advance(file_.on_failed(error));
    }
    directory_.reset();
    return refuse(status_for(error));
}

bool AssetLoad::reserve_page(std::size_t bytes) noexcept {
    page_charge_ = MemoryCharge();
    if (budget_ == nullptr) {
        return true;
    }
    auto charge = budget_->reserve_page(bytes);
    if (!charge) {
        return false;
    }
    page_charge_ = *std::move(charge);
    return true;
}

bool AssetLoad::has_page(const Digest& digest) const noexcept {
    const AssetRef& previous = scope_.previous();
    return previous && previous->kind() == Asset::Kind::file &&
           previous->identity().has_digest(digest);
}

LoadStep AssetLoad::on_listed(RepresentationRef page, ListedDirectoryRef directory) {
    directory_.reset();
    LoadRecord& record = scope_.record();
    record.is_watchable = record.is_watchable && directory->is_watchable();
    if (page) {
        page->charge(std::move(page_charge_));
    } else {
        // All who are sent it share one.
        page = RepresentationRef(&scope_.previous()->identity());
    }
    if (budget_ != nullptr && !budget_->may_keep(directory->memory_bytes())) {
        directory.reset();  // Or the page could not be kept either.
    }
    return finish(Asset::listing(std::move(page), std::move(directory)), true);
}

LoadStep AssetLoad::finish(AssetRef asset, bool is_cacheable) {
    outcome_ = Outcome{.asset = std::move(asset),
                       .refused = std::move(scope_.record().refused),
                       .is_cacheable = is_cacheable,
                       .is_watchable = scope_.record().is_watchable,
                       .is_of_previous_root = is_of_previous_root_};
    return LoadFinished{};
}

AssetLoad::Outcome AssetLoad::take_result() noexcept {
    TORC_ASSERT(outcome_.asset);
    return std::move(outcome_);
}

}  // namespace torc::site
