#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>
#include <torc/base/file_handle.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/substitute_key.hpp>
#include <torc/site/listing/listing_key.hpp>
#include <torc/site/load/content_type.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/load_rules.hpp>
#include <torc/site/load/load_step.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {

/// A file that its owner should mend.
struct RefusedFile {
    /// Relative to the root.
    std::string path;
    /// When it was last modified.
    WallTime modified{};
    /// What is wrong with it, and what to do: sentences without a capital and without a stop.
    std::string_view why;
    std::string_view remedy;
};

/// The way from a path to an asset, without doing any of it: an event goes in, the next step comes
/// out (see LoadStep for what to do and which event follows).
///
/// One load looks at one file after the other: the path itself or the index names in it, the
/// precompressed files beside what was found, or, where nothing was found, what is shown instead.
class AssetLoad {
public:
    /// `path`: a http::Target's, or a ListingKey or SubstituteKey as text. `previous`: the asset
    /// that was found there before, if any: it is the result when nothing has changed. `rules`
    /// outlive the load. `now`: files that claim to be newer are from the future.
    AssetLoad(std::string_view path, AssetRef previous, const LoadRules& rules, WallTime now);

    /// Has the memory for contents be reserved in `cache`, which outlives the load: what finds no
    /// room is sent from its file, and a page that has none is not made. Without this nothing is.
    void reserve_in(AssetCache& cache) noexcept {
        cache_ = &cache;
        file_.reserve_in(cache);
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
    };
    /// After LoadFinished, once.
    [[nodiscard]] Outcome take_result() noexcept;

private:
    /// What the file that is being looked at is for.
    enum class Stage : std::uint8_t {
        /// The path itself, or an index name in it.
        resource,
        /// The directory, to see whether there is one, when it has no index.
        unindexed,
        /// The directory, to be listed.
        listing,
        /// Clean URLs: the path with ".html" behind it.
        with_suffix,
        /// Clean URLs: the same, for a path that ends with a slash.
        without_slash,
        /// Clean URLs: the path without its ".html", which leads there unless a file is in the way.
        without_suffix,
        /// A precompressed file.
        coding,
        /// The page of a single-page application.
        fallback,
        /// What is shown for an error.
        page,
    };

    /// Goes on with what a file turned out to be, once `step` says that this is known.
    [[nodiscard]] LoadStep advance(LoadStep step);
    [[nodiscard]] LoadStep look_at(Stage stage, std::string path);
    [[nodiscard]] LoadStep start_with_only_file();
    [[nodiscard]] LoadStep start_with_substitute(const SubstituteKey& key);
    [[nodiscard]] LoadStep look_at_next_index();
    [[nodiscard]] LoadStep look_at_directory();

    // One for each stage. What they leave of a file is closed.
    [[nodiscard]] LoadStep settle(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_resource(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_resource_file(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_unindexed(const FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_listing(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_with_suffix(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_without_slash(const FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_without_suffix(const FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_coding(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_fallback(FileLoad::Outcome& file);
    [[nodiscard]] LoadStep settle_page(FileLoad::Outcome& file);

    [[nodiscard]] LoadStep take_file(const std::string& name, FileLoad::Outcome& file);
    [[nodiscard]] LoadStep look_at_next_coding();
    [[nodiscard]] bool is_coding_right(http::ContentCoding coding, const FileLoad::Outcome& file);
    [[nodiscard]] LoadStep finish_codings();
    /// What the file at `name_` is.
    [[nodiscard]] ContentType type_of(const FileLoad::Outcome& file) const;
    [[nodiscard]] RepresentationRef make_representation(http::ContentCoding coding,
                                                        FileLoad::Outcome& file);
    /// What was known of the path before; null: nothing.
    [[nodiscard]] Representation* known(http::ContentCoding coding) const noexcept;

    [[nodiscard]] LoadStep begin_error(http::Status status);
    [[nodiscard]] LoadStep begin_pages(std::string_view directory);
    [[nodiscard]] LoadStep look_at_next_page();

    [[nodiscard]] LoadStep redirect(std::string path);
    [[nodiscard]] LoadStep finish(AssetRef asset, bool is_cacheable);
    [[nodiscard]] LoadStep finish_with_error(RepresentationRef page);

    [[nodiscard]] bool names_directory() const noexcept {
        return path_.empty() || path_.back() == '/';
    }

    const LoadRules& rules_;
    const WallTime now_;
    const std::string path_;
    const AssetRef previous_;
    AssetCache* cache_ = nullptr;
    MemoryCharge page_charge_;

    FileLoad file_;
    Stage stage_ = Stage::resource;
    std::size_t next_index_name_ = 0;
    /// `path_` is a directory, though it has no slash at its end.
    bool is_directory_ = false;
    /// Waits for the look at `without_suffix`.
    FileLoad::Outcome held_;
    /// Open while it is listed.
    FileHandle directory_;

    /// The file whose representations are collected: where it is, what it is, and what it was then.
    std::string name_;
    ContentType type_;
    file::Metadata original_{};
    Asset::Representations representations_;
    std::size_t next_coding_ = 0;
    bool is_stable_ = true;
    std::vector<RefusedFile> refused_;
    bool is_watchable_ = true;

    /// What is loaded is a SubstituteKey's.
    bool is_substitute_ = false;
    /// Not `ok`: nothing can be served, and the rest is about what is shown for it.
    http::Status error_ = http::Status::ok;
    /// Where the next error page is looked for: "" or up to a slash.
    std::string page_directory_;

    Outcome outcome_;
};

}  // namespace torc::site
