#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/metadata.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/looked_at.hpp>
#include <torc/site/load/content_type.hpp>
#include <torc/site/load/file_load.hpp>
#include <torc/site/load/load_rules.hpp>

#include <cstddef>
#include <string>
#include <string_view>
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

/// A file that a load wants to look at next: what FileLoad::start takes.
struct Look {
    /// Relative to the root.
    std::string path;
    /// What was found there before; null: nothing that would do.
    const file::Metadata* known = nullptr;
    std::size_t beginning_bytes = 0;
    std::size_t end_bytes = 0;
};

/// What a load notes about all that it looks at.
struct LoadRecord {
    /// Names where a change may lead to another asset. Not those of error pages, which are looked
    /// for in all directories up to the root: AssetCache::forget_beneath finds what shows them.
    LooksTaken looks{};
    /// Files that are there and are not used, since something is wrong with them.
    std::vector<RefusedFile> refused{};
    /// Whether all that the asset depends on shows as a change in the directory of the path or in
    /// one above it.
    bool is_watchable = true;
    /// False where a file changed whenever it was looked at, or a shortage hid one.
    bool is_stable = true;
};

/// What the parts of one load (Resolver, VariantLoad, ErrorLoad) share.
class LoadScope {
public:
    /// `previous`: the asset that was found before at the same path; null: none. `rules` outlive
    /// the load. `now`: files that claim to be newer are from the future.
    LoadScope(AssetRef previous, const LoadRules& rules, WallTime now)
        : rules_(rules), now_(now), previous_(std::move(previous)) {}
    LoadScope(const LoadScope&) = delete;
    LoadScope& operator=(const LoadScope&) = delete;
    ~LoadScope() = default;

    [[nodiscard]] const LoadRules& rules() const noexcept { return rules_; }
    [[nodiscard]] const AssetRef& previous() const noexcept { return previous_; }
    [[nodiscard]] LoadRecord& record() noexcept { return record_; }
    [[nodiscard]] const LoadRecord& record() const noexcept { return record_; }

    /// The representation of the path's file that was found before and may stay; null: none.
    [[nodiscard]] Representation* known(http::ContentCoding coding) const noexcept;
    /// The metadata by which that file would be known again; null: it has to be read.
    [[nodiscard]] const file::Metadata* known_metadata(http::ContentCoding coding) const noexcept;

    /// A look at a file as itself, with as much of its beginning as its type may depend on.
    [[nodiscard]] Look look_at(std::string path, const file::Metadata* known) const;

    /// The Content-Type of a file that was found at `name`.
    [[nodiscard]] ContentType type_of(const std::string& name, const FileLoad::Outcome& file) const;
    /// What a regular file that was found is sent as. `name`: of the file that `coding`, the
    /// coding of a precompressed one, was made from; it decides Cache-Control. Takes the contents
    /// or the descriptor out of `file`.
    [[nodiscard]] RepresentationRef represent(const std::string& name, const ContentType& type,
                                              http::ContentCoding coding, FileLoad::Outcome& file);

private:
    const LoadRules& rules_;
    const WallTime now_;
    const AssetRef previous_;
    LoadRecord record_;
};

}  // namespace torc::site
