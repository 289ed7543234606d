#include <torc/site/load/variant_load.hpp>

#include "load/file_names.hpp"
#include "load/file_status.hpp"
#include "load/precompressed.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace torc::site {

std::optional<Look> VariantLoad::start(std::string name, FileLoad::Outcome& file) {
    name_ = std::move(name);
    type_ = scope_.type_of(name_, file);
    original_ = file.metadata;
    representations_[0] = scope_.represent(name_, type_, http::ContentCoding::identity, file);
    return next();
}

std::string VariantLoad::coded_name() const {
    return name_ + std::string(suffix_of(scope_.rules().codings[position_]));
}

std::optional<Look> VariantLoad::next() {
    const bool is_coded_already = type_.coding != http::ContentCoding::identity;
    if (is_coded_already || position_ == scope_.rules().codings.size()) {
        return std::nullopt;
    }
    // What was found before was found right for the original that there was then.
    const bool is_of_same =
        representations_[0].get() == scope_.known(http::ContentCoding::identity);
    return Look{
        .path = coded_name(),
        .known = is_of_same ? scope_.known_metadata(scope_.rules().codings[position_]) : nullptr,
        .beginning_bytes = sample_beginning_bytes,
        .end_bytes = sample_end_bytes};
}

std::optional<Look> VariantLoad::on_looked(FileLoad::Outcome& file) {
    const http::ContentCoding coding = scope_.rules().codings[position_];
    // One that is older was made from other bytes.
    if (file.is(file::Kind::regular) && is_up_to_date(file.metadata, original_) &&
        is_right(coding, file)) {
        representations_[static_cast<std::size_t>(coding)] =
            scope_.represent(name_, type_, coding, file);
    }
    if (is_short_of_something(file)) {
        scope_.record().is_stable = false;
    }
    ++position_;
    return next();
}

bool VariantLoad::is_right(http::ContentCoding coding, const FileLoad::Outcome& file) {
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
        scope_.record().refused.push_back(
            RefusedFile{.path = coded_name(),
                        .modified = file.metadata.modified,
                        .why = fault,
                        .remedy = "make it again from the file beside it, or delete it"});
    }
    return fault.empty();
}

AssetRef VariantLoad::take_asset(Vary vary, std::string_view path) {
    constexpr std::array codings = {http::ContentCoding::identity, http::ContentCoding::gzip,
                                    http::ContentCoding::brotli, http::ContentCoding::zstd};
    static_assert(codings.size() == http::content_codings_count);
    const AssetRef& previous = scope_.previous();
    const bool is_unchanged = previous && previous->kind() == Asset::Kind::file &&
                              std::ranges::all_of(codings, [&](http::ContentCoding coding) {
                                  return previous->representation(coding) ==
                                         representations_[static_cast<std::size_t>(coding)].get();
                              });
    if (is_unchanged) {
        return previous;
    }
    return Asset::file(std::move(representations_), vary, name_ == path ? std::string() : name_);
}

}  // namespace torc::site
