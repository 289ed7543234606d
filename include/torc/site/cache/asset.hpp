#pragma once

#include <torc/base/local_ref.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/http/status.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/listing/listed_directory.hpp>
#include <torc/site/routing/vary.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace torc::site {

class Asset;
using AssetRef = LocalRef<Asset>;

/// What a path leads to at one moment. Never changes; who uses one keeps a reference.
class Asset : public LocallyCounted {
public:
    enum class Kind : std::uint8_t {
        /// A file, in one or more content codings.
        file,
        /// Another path, at which the file is to be asked for.
        redirect,
        /// A directory without an index, whose listing is to be asked for (see listing_key).
        directory,
        /// Nothing is there; what is sent instead is to be asked for (see SubstituteKey).
        missing,
        /// What is sent where a path leads to nothing that can be served.
        error,
    };

    /// By http::ContentCoding; null: there is none. That for `identity` always is.
    using Representations = std::array<RepresentationRef, http::content_codings_count>;

    /// `vary`: on what, beside Accept-Encoding where there are codings.
    /// `path`: where the file is, if that is not the path that led to it (an index, a clean URL).
    [[nodiscard]] static AssetRef file(Representations representations, Vary vary = {},
                                       std::string path = {});
    /// A directory's listing: a file that was made of `directory`.
    [[nodiscard]] static AssetRef listing(RepresentationRef page, ListedDirectoryRef directory);
    /// `path`: decoded, relative to the root, as a http::Target's.
    [[nodiscard]] static AssetRef redirect(std::string path);
    [[nodiscard]] static AssetRef directory();
    [[nodiscard]] static AssetRef missing();
    /// `page`: what to show for it; null: a page of torc's own.
    [[nodiscard]] static AssetRef error(http::Status status, RepresentationRef page = {},
                                        Vary vary = {});

    [[nodiscard]] Kind kind() const noexcept { return kind_; }

    // For a file.
    [[nodiscard]] Representation& identity() const noexcept { return *representations_[0]; }
    /// Null when there is none in this coding.
    [[nodiscard]] Representation* representation(http::ContentCoding coding) const noexcept {
        return representations_[static_cast<std::size_t>(coding)].get();
    }
    /// Whether there is any other than `identity()`.
    [[nodiscard]] bool has_codings() const noexcept { return has_codings_; }

    /// Of a listing: what it was made of, unless that is too large to be kept; null for any other.
    [[nodiscard]] const ListedDirectoryRef& listed_directory() const noexcept {
        return listed_directory_;
    }

    // For an error, and for what is missing.
    [[nodiscard]] http::Status status() const noexcept { return status_; }
    [[nodiscard]] Representation* page() const noexcept { return representations_[0].get(); }

    /// For a redirect. For a file: where it is, if that is not the path that led to it; else empty.
    [[nodiscard]] const std::string& location() const noexcept { return location_; }

    [[nodiscard]] Vary vary() const noexcept { return vary_; }

    /// Whether all its representations are (see Representation::is_current).
    [[nodiscard]] bool is_current() const noexcept { return !is_on_disk_ || are_files_current(); }

    /// Whether responses under way refer to bytes of its representations.
    [[nodiscard]] bool is_in_use() const noexcept;

    /// What the asset costs a cache: bytes of memory, beside contents that are charged to an
    /// account, and open descriptors.
    [[nodiscard]] std::size_t memory_bytes() const noexcept;
    [[nodiscard]] std::size_t descriptors() const noexcept;

private:
    explicit Asset(Kind kind) noexcept : kind_(kind) {}

    [[nodiscard]] bool are_files_current() const noexcept;

    Kind kind_;
    bool has_codings_ = false;
    /// Whether a representation is, so that the file has to be looked at.
    bool is_on_disk_ = false;
    Vary vary_;
    http::Status status_ = http::Status::ok;
    Representations representations_;
    std::string location_;
    ListedDirectoryRef listed_directory_;
};

}  // namespace torc::site
