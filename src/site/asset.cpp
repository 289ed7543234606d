#include <torc/base/assert.hpp>
#include <torc/file/media_type.hpp>
#include <torc/http/date.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/site/asset.hpp>

#include <array>
#include <charconv>
#include <chrono>

namespace torc::site {
namespace {

/// The five fields with the longest media type and numbers; media types are checked against it in
/// tests.
constexpr std::size_t fields_bytes_max = 512;

/// A strong entity tag: the time of the last change in nanoseconds and the size, both in
/// hexadecimal. Without the inode, so that it is the same on every replica of a site.
void append_etag(http::HeadWriter& writer, const file::Metadata& metadata) {
    const auto append_hexadecimal = [&writer](std::uint64_t number) {
        std::array<char, 16> digits{};
        const auto [end, error] =
            std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
        TORC_ASSERT(error == std::errc());
        writer.append({digits.data(), static_cast<std::size_t>(end - digits.data())});
    };
    writer.append("\"");
    append_hexadecimal(static_cast<std::uint64_t>(metadata.modified.time_since_epoch().count()));
    writer.append("-");
    append_hexadecimal(metadata.size);
    writer.append("\"");
}

}  // namespace

LocalRef<Asset> Asset::in_memory(std::string_view name, const file::Metadata& metadata,
                                 Contents contents) {
    TORC_ASSERT(contents.size == metadata.size);
    LocalRef<Asset> asset(new Asset(Kind::file, metadata));
    asset->contents_ = std::move(contents);
    asset->render_fields(name);
    return asset;
}

LocalRef<Asset> Asset::on_disk(std::string_view name, const file::Metadata& metadata,
                               UniqueFd file) {
    LocalRef<Asset> asset(new Asset(Kind::file, metadata));
    asset->file_ = std::move(file);
    asset->render_fields(name);
    return asset;
}

LocalRef<Asset> Asset::redirect(const file::Metadata& metadata) {
    return LocalRef<Asset>(new Asset(Kind::redirect_to_directory, metadata));
}

LocalRef<Asset> Asset::error(http::Status status) {
    LocalRef<Asset> asset(new Asset(Kind::error, file::Metadata{}));
    asset->status_ = status;
    return asset;
}

void Asset::render_fields(std::string_view name) {
    std::array<char, fields_bytes_max> buffer;
    http::HeadWriter writer(buffer);
    writer.field("Content-Length", metadata_.size);
    content_type_offset_ = static_cast<std::uint16_t>(writer.written().size());
    writer.field("Content-Type", file::media_type(name));
    last_modified_offset_ = static_cast<std::uint16_t>(writer.written().size());
    validators_.last_modified = std::chrono::floor<std::chrono::seconds>(metadata_.modified);
    const http::DateText date = http::format_date(validators_.last_modified);
    writer.field("Last-Modified", {date.data(), date.size()});
    writer.append("ETag: ");
    const std::size_t etag_offset = writer.written().size();
    append_etag(writer, metadata_);
    const std::size_t etag_bytes = writer.written().size() - etag_offset;
    writer.append("\r\nAccept-Ranges: bytes\r\n\r\n");
    fields_ = writer.written();
    validators_.etag = std::string_view(fields_).substr(etag_offset, etag_bytes);
}

}  // namespace torc::site
