#include <torc/base/assert.hpp>
#include <torc/site/cache/asset.hpp>

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

bool are_on_disk(const Asset::Representations& representations) noexcept {
    return std::ranges::any_of(representations, [](const RepresentationRef& representation) {
        return representation && representation->is_on_disk();
    });
}

}  // namespace

AssetRef Asset::file(Representations representations, Vary vary, std::string path) {
    TORC_ASSERT(representations[0]);
    AssetRef asset(new Asset(Kind::file));
    asset->has_codings_ = std::any_of(representations.begin() + 1, representations.end(),
                                      [](const RepresentationRef& coded) { return bool(coded); });
    asset->is_on_disk_ = are_on_disk(representations);
    asset->representations_ = std::move(representations);
    asset->location_ = std::move(path);
    asset->vary_ = asset->has_codings_ ? vary | Vary::on_coding() : vary;
    return asset;
}

AssetRef Asset::listing(RepresentationRef page, ListedDirectoryRef directory) {
    Representations representations;
    representations[0] = std::move(page);
    AssetRef asset = file(std::move(representations), Vary::on_media_type());
    asset->listed_directory_ = std::move(directory);
    return asset;
}

AssetRef Asset::redirect(std::string path) {
    AssetRef asset(new Asset(Kind::redirect));
    asset->location_ = std::move(path);
    asset->vary_ = Vary::on_media_type();  // Its page is HTML for some.
    return asset;
}

AssetRef Asset::directory() {
    return AssetRef(new Asset(Kind::directory));
}

AssetRef Asset::missing() {
    AssetRef asset(new Asset(Kind::missing));
    asset->status_ = http::Status::not_found;
    return asset;
}

AssetRef Asset::error(http::Status status, RepresentationRef page, Vary vary) {
    AssetRef asset(new Asset(Kind::error));
    asset->status_ = status;
    asset->representations_[0] = std::move(page);
    asset->is_on_disk_ = are_on_disk(asset->representations_);
    // Torc's own page is HTML for some.
    asset->vary_ = asset->representations_[0] ? vary : vary | Vary::on_media_type();
    return asset;
}

bool Asset::are_files_current() const noexcept {
    return std::ranges::all_of(representations_, [](const RepresentationRef& representation) {
        return !representation || representation->is_current();
    });
}

bool Asset::is_in_use() const noexcept {
    return std::ranges::any_of(representations_, [](const RepresentationRef& representation) {
        return representation && representation->is_in_use();
    });
}

std::size_t Asset::memory_bytes() const noexcept {
    std::size_t bytes = sizeof(Asset) + location_.capacity();
    for (const RepresentationRef& representation : representations_) {
        bytes += representation ? representation->memory_bytes() : 0;
    }
    // Counted with each listing that was made of it, for any of them may be the last.
    bytes += listed_directory_ ? listed_directory_->memory_bytes() : 0;
    return bytes;
}

std::size_t Asset::descriptors() const noexcept {
    std::size_t count = 0;
    for (const RepresentationRef& representation : representations_) {
        count += std::size_t{representation && representation->is_on_disk()};
    }
    return count;
}

}  // namespace torc::site
