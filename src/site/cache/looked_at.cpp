#include <torc/site/cache/looked_at.hpp>

#include "load/file_names.hpp"

#include <algorithm>
#include <array>

namespace torc::site {
namespace {

constexpr std::array codings = {http::ContentCoding::gzip, http::ContentCoding::brotli,
                                http::ContentCoding::zstd};
/// Positions of bits: how a name is coded, from 0 (not at all) on, and so much higher for a page.
constexpr unsigned page_position = 1 + codings.size();
constexpr unsigned contents_position = 2 * page_position;

}  // namespace

LookedAt LookedAt::name(std::string_view path, const PathHash& hash) noexcept {
    unsigned position = 0;
    const auto* const coding = std::ranges::find_if(
        codings, [path](http::ContentCoding one) { return path.ends_with(suffix_of(one)); });
    if (coding != codings.end()) {
        path.remove_suffix(suffix_of(*coding).size());
        position = 1 + static_cast<unsigned>(coding - codings.begin());
    }
    if (path.ends_with(page_suffix)) {
        path.remove_suffix(page_suffix.size());
        position += page_position;
    }
    return {.stem_hash = static_cast<std::uint32_t>(hash(path)),
            .suffixes = static_cast<std::uint16_t>(1U << position)};
}

LookedAt LookedAt::contents_of(std::string_view directory, const PathHash& hash) noexcept {
    return {.stem_hash = static_cast<std::uint32_t>(hash(directory)),
            .suffixes = static_cast<std::uint16_t>(1U << contents_position)};
}

void LooksTaken::note(const LookedAt& look) {
    const auto same = std::ranges::find(all_, look.stem_hash, &LookedAt::stem_hash);
    if (same == all_.end()) {
        all_.push_back(look);
    } else {
        same->suffixes = static_cast<std::uint16_t>(same->suffixes | look.suffixes);
    }
}

}  // namespace torc::site
