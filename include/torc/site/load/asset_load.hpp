#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/file_handle.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/load/error_load.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/load_rules.hpp>
#include <torc/site/load/load_scope.hpp>
#include <torc/site/load/load_step.hpp>
#include <torc/site/load/resolver.hpp>
#include <torc/site/load/variant_load.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {

/// The way from a path to an asset, without doing any of it: an event goes in, the next step comes
/// out (see LoadStep for what to do and which event follows).
///
/// One load looks at one file after the other, in three parts: a Resolver finds the file that the
/// path leads to, a VariantLoad its codings; where there is none to be served, an ErrorLoad finds
/// what is shown instead. This class hands what each look found to the part that asked for it.
///
/// | after            | comes                                                               |
/// |------------------|---------------------------------------------------------------------|
/// | `start`          | Resolver; for an error's SubstituteKey ErrorLoad; for the listings' |
/// |                  | script, and a path that is too long for any file, LoadFinished      |
/// | Resolver: Serve  | VariantLoad, then LoadFinished with a file                          |
/// | Redirect, Directory | LoadFinished with that                                           |
/// | List             | ListDirectory, then by `on_listed` LoadFinished with a file         |
/// | Refuse           | nothing is there, by a name that is kept: TryPreviousRoot; then     |
/// |                  | VariantLoad with the file that is beneath one, or TryPreviousRoot   |
/// |                  | again, and LoadFinished with "missing" when there is none           |
/// |                  | 404: LoadFinished with "missing", or ErrorLoad for a fallback;      |
/// |                  | any other: ErrorLoad, then LoadFinished with an error               |
class AssetLoad {
public:
    /// `path`: a http::Target's, or a ListingKey or SubstituteKey as text. `previous`: the asset
    /// that was found there before, if any: it is the result when nothing has changed. `rules`
    /// outlive the load. `now`: files that claim to be newer are from the future.
    AssetLoad(std::string_view path, AssetRef previous, const LoadRules& rules, WallTime now);

    /// Has the memory for contents be reserved of `budget`, which outlives the load: what finds no
    /// room is sent from its file, and a page that has none is not made. Without this nothing is.
    void reserve_in(CacheBudget& budget) noexcept {
        budget_ = &budget;
        file_.reserve_in(budget);
    }
    /// See FileLoad::note_in.
    void note_in(RecentLooks& looks) noexcept { file_.note_in(looks); }

    [[nodiscard]] LoadStep start();

    // Events: how the last step went. Each gives the next step.
    [[nodiscard]] LoadStep on_opened(FileHandle file) {
        return advance(file_.on_opened(std::move(file)));
    }
    [[nodiscard]] LoadStep on_stated() { return advance(file_.on_stated()); }
    /// `count`: bytes that pread(2) gave.
    [[nodiscard]] LoadStep on_read(std::size_t count) { return advance(file_.on_read(count)); }
    /// Allocates what the file is read into.
    [[nodiscard]] LoadStep on_digest_begun() { return advance(file_.on_digest_begun()); }
    /// `page`: see make_listing; null: it is the one that was found before. `directory`: what it
    /// was made of.
    [[nodiscard]] LoadStep on_listed(RepresentationRef page, ListedDirectoryRef directory);
    [[nodiscard]] LoadStep on_previous_root();
    [[nodiscard]] LoadStep on_no_previous_root();
    [[nodiscard]] LoadStep on_failed(Errno error);

    /// Memory for the page of a listing, before it is made, in place of what was reserved for it
    /// before. False: there is no room yet; give that up by `on_failed`.
    [[nodiscard]] bool reserve_page(std::size_t bytes) noexcept;
    /// Whether the page that was found before has this digest, and need not be made again.
    [[nodiscard]] bool has_page(const Digest& digest) const noexcept;

    /// See FileLoad.
    [[nodiscard]] bool is_digesting() const noexcept { return file_.is_digesting(); }
    [[nodiscard]] bool reserve_for_digest() noexcept { return file_.reserve_for_digest(); }
    void set_lane(Lane lane) noexcept { file_.set_lane(lane); }

    /// What is loaded, as the constructor was told.
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    /// The same. Precondition: it is a listing.
    [[nodiscard]] ListingKey listing_key() const noexcept { return *ListingKey::parse(path_); }
    /// The file that is being looked at, relative to the root.
    [[nodiscard]] const std::string& file_path() const noexcept { return file_.path(); }

    /// Where changes matter to what is loaded, so far: at the path itself from the beginning.
    [[nodiscard]] const LooksTaken& looks() const noexcept { return scope_.record().looks; }

    struct Outcome {
        AssetRef asset;
        /// Files that are there and are not used, since something is wrong with them.
        std::vector<RefusedFile> refused{};
        /// False for errors but 404, for a path that is too long for any file, and for a file that
        /// changed whenever it was looked at.
        bool is_cacheable = false;
        /// Whether all that the asset depends on shows as a change in the directory of the path or
        /// in one above it.
        bool is_watchable = false;
        /// Whether it is a file beneath a directory that was the root before.
        bool is_of_previous_root = false;
    };
    /// After LoadFinished, once.
    [[nodiscard]] Outcome take_result() noexcept;

private:
    /// Who asked for the look that is under way.
    enum class Part : std::uint8_t { resolver, previous_root, variants, error };

    /// Goes on with what a file turned out to be, once `step` says that this is known.
    [[nodiscard]] LoadStep advance(LoadStep step);
    void note_first_look();
    [[nodiscard]] LoadStep look_at(Part part, Look file);
    [[nodiscard]] LoadStep go_on_resolving(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep follow(Resolver::Next next);
    /// Whether a file by the path's name is looked for in directories that were the root before.
    [[nodiscard]] bool has_kept_name() const;
    [[nodiscard]] LoadStep take_previous(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep refuse(http::Status status);
    [[nodiscard]] LoadStep show_error(http::Status status, std::string_view directory);
    /// Another look of that part, or its end.
    [[nodiscard]] LoadStep go_on_with_variants(std::optional<Look> next);
    [[nodiscard]] LoadStep go_on_with_error(std::optional<Look> next);
    [[nodiscard]] LoadStep finish(AssetRef asset, bool is_cacheable);

    const std::string path_;
    const bool is_substitute_;
    LoadScope scope_;
    Resolver resolver_;
    VariantLoad variants_;
    ErrorLoad error_;
    Part part_ = Part::resolver;
    bool is_of_previous_root_ = false;
    FileLoad file_;
    CacheBudget* budget_ = nullptr;
    /// Open while it is listed.
    FileHandle directory_;
    MemoryCharge page_charge_;
    Outcome outcome_;
};

}  // namespace torc::site
