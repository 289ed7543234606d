#include <torc/base/assert.hpp>
#include <torc/http/date.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/site/representation.hpp>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstring>

namespace torc::site {
namespace {

/// The fields with the longest media type and numbers; media types are checked against it in tests.
constexpr std::size_t fields_bytes_max = 512 + cache_control_bytes_max;

/// ZIP archives know no earlier time.
constexpr std::chrono::sys_seconds zip_epoch =
    std::chrono::sys_days(std::chrono::January / 1 / 1980);

void append_hexadecimal(http::HeadWriter& writer, std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    TORC_ASSERT(error == std::errc());
    writer.append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

void append_hexadecimal(http::HeadWriter& writer, WallTime time) {
    append_hexadecimal(writer, static_cast<std::uint64_t>(time.time_since_epoch().count()));
}

/// What tells this version of the bytes from every other, without the quotes.
void append_version(http::HeadWriter& writer, const Representation& representation, bool has_time) {
    const file::Metadata& metadata = representation.metadata();
    if (has_time) {
        append_hexadecimal(writer, metadata.modified);
    } else if (representation.is_in_memory()) {
        const std::string_view bytes = representation.contents();
        const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
        append_hexadecimal(writer, hash.high64);
        append_hexadecimal(writer, hash.low64);
    } else {
        append_hexadecimal(writer, metadata.inode);
        writer.append("-");
        append_hexadecimal(writer, metadata.changed);
    }
    writer.append("-");
    append_hexadecimal(writer, metadata.size);
}

}  // namespace

bool has_useful_time(const file::Metadata& metadata, WallTime now) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(metadata.modified);
    return seconds.time_since_epoch().count() > 1 && seconds != zip_epoch &&
           metadata.modified <= now;
}

LocalRef<Representation> Representation::in_memory(const RepresentationTraits& traits,
                                                   Contents contents) {
    TORC_ASSERT(contents.size == traits.metadata.size);
    LocalRef<Representation> representation(new Representation(traits.metadata));
    representation->contents_ = std::move(contents);
    representation->render_fields(traits);
    return representation;
}

LocalRef<Representation> Representation::on_disk(const RepresentationTraits& traits,
                                                 FileHandle file) {
    LocalRef<Representation> representation(new Representation(traits.metadata));
    representation->file_ = std::move(file);
    representation->render_fields(traits);
    return representation;
}

LocalRef<Representation> Representation::generated(RepresentationTraits traits,
                                                   std::string_view bytes) {
    traits.metadata = file::Metadata{.kind = file::Kind::regular, .size = bytes.size()};
    Contents contents{.bytes = std::make_unique_for_overwrite<char[]>(bytes.size()),
                      .size = bytes.size()};
    std::memcpy(contents.bytes.get(), bytes.data(), bytes.size());
    return in_memory(traits, std::move(contents));
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks): the bytes have gone with `contents`.
}

bool Representation::is_current() const noexcept {
    if (!is_on_disk()) {
        return true;
    }
    const auto metadata = file::Metadata::of(file().get());
    return metadata && *metadata == metadata_;
}

void Representation::render_fields(const RepresentationTraits& traits) {
    TORC_ASSERT(traits.cache_control.size() <= cache_control_bytes_max);
    std::array<char, fields_bytes_max> buffer;
    http::HeadWriter writer(buffer);
    const auto offset = [&writer] { return static_cast<std::uint16_t>(writer.written().size()); };

    writer.field("Content-Length", metadata_.size);
    content_type_ = traits.content_type;
    content_type_offset_ = offset();
    writer.field("Content-Type", content_type_);
    content_encoding_offset_ = offset();
    if (traits.coding != http::ContentCoding::identity) {
        writer.field("Content-Encoding", http::name(traits.coding));
    }
    last_modified_offset_ = offset();
    validators_.has_last_modified = has_useful_time(metadata_, traits.now);
    if (validators_.has_last_modified) {
        validators_.last_modified = std::chrono::floor<std::chrono::seconds>(metadata_.modified);
        const http::DateText date = http::format_date(validators_.last_modified);
        writer.field("Last-Modified", {date.data(), date.size()});
    }
    writer.append("ETag: ");
    const std::size_t etag_offset = offset();
    writer.append("\"");
    append_version(writer, *this, validators_.has_last_modified);
    if (traits.coding != http::ContentCoding::identity) {
        // The codings of one file must differ though their times and sizes may not (RFC 9110
        // §8.8.3.3).
        writer.append("-");
        writer.append(http::name(traits.coding));
    }
    writer.append("\"");
    const std::size_t etag_bytes = offset() - etag_offset;
    writer.append("\r\nAccept-Ranges: bytes\r\n");
    if (!traits.cache_control.empty()) {
        writer.field("Cache-Control", traits.cache_control);
    }
    writer.append("\r\n");
    fields_ = writer.written();
    validators_.etag = std::string_view(fields_).substr(etag_offset, etag_bytes);
}

}  // namespace torc::site
