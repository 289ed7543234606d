#include <torc/base/assert.hpp>
#include <torc/http/date.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/load/file_time.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <utility>

namespace torc::site {
namespace {

constexpr std::string_view etag_name = "ETag: ";

void append_hexadecimal(http::HeadWriter& writer, std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
    TORC_ASSERT(error == std::errc());
    writer.append(std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

/// A digest's halves are of one length each, or two digests could look alike.
void append_half(http::HeadWriter& writer, std::uint64_t half) {
    constexpr std::string_view zeros = "0000000000000000";
    constexpr unsigned bits_per_digit = 4;
    const auto digits =
        (static_cast<std::size_t>(std::bit_width(half)) + bits_per_digit - 1) / bits_per_digit;
    writer.append(zeros.substr(std::max<std::size_t>(digits, 1)));
    append_hexadecimal(writer, half);
}

constexpr std::size_t digits_per_half = 16;

void append_digest(http::HeadWriter& writer, const Digest& digest) {
    append_half(writer, digest.high);
    append_half(writer, digest.low);
}

}  // namespace

LocalRef<Representation> Representation::in_memory(const RepresentationTraits& traits,
                                                   Contents contents) {
    TORC_ASSERT(contents.size == traits.metadata.size);
    LocalRef<Representation> representation(new Representation(traits));
    representation->contents_ = std::move(contents);
    representation->render_fields(traits, Digest::of(representation->contents()));
    return representation;
}

LocalRef<Representation> Representation::on_disk(const RepresentationTraits& traits,
                                                 FileHandle file) {
    LocalRef<Representation> representation(new Representation(traits));
    representation->file_ = std::move(file);
    representation->render_fields(traits, traits.digest);
    return representation;
}

LocalRef<Representation> Representation::generated(RepresentationTraits traits, Contents contents) {
    traits.metadata = file::Metadata{.kind = file::Kind::regular, .size = contents.size};
    return in_memory(traits, std::move(contents));
}

void Representation::charge(MemoryCharge charge) noexcept {
    TORC_ASSERT(!contents_.charge.is_charged());
    contents_.charge = std::move(charge);
}

bool Representation::has_digest(const Digest& digest) const noexcept {
    std::array<char, 2 * digits_per_half> text;
    http::HeadWriter writer(text);
    append_digest(writer, digest);
    const std::string_view etag = validators_.etag;
    return etag.size() == text.size() + 2 && etag.substr(1, text.size()) == writer.written();
}

bool Representation::is_current() const noexcept {
    if (!is_on_disk()) {
        return true;
    }
    const auto metadata = file::Metadata::of(file().get());
    return metadata && *metadata == metadata_;
}

bool Representation::is_known_by_metadata(WallTime now) const noexcept {
    if (is_settled(metadata_, looked_at_)) {
        return true;
    }
    // A modification time in the future, then as now, makes no difference: a write would show in
    // the time of change.
    file::Metadata unmodified = metadata_;
    unmodified.modified = metadata_.changed;
    return metadata_.modified > std::max(looked_at_, now) && is_settled(unmodified, looked_at_);
}

void Representation::append_version(http::HeadWriter& writer,
                                    const std::optional<Digest>& digest) const {
    if (digest) {
        append_digest(writer, *digest);
    } else {
        append_hexadecimal(
            writer, static_cast<std::uint64_t>(metadata_.modified.time_since_epoch().count()));
        writer.append("-");
        append_hexadecimal(writer, metadata_.size);
    }
}

void Representation::render_fields(const RepresentationTraits& traits,
                                   const std::optional<Digest>& digest) {
    TORC_ASSERT(traits.content_type.size() <= content_type_bytes_max &&
                traits.cache_control.size() <= cache_control_bytes_max &&
                traits.security_policy.size() <= security_policy_bytes_max);
    std::array<char, fields_bytes_max> buffer;
    http::HeadWriter writer(buffer);
    const auto offset = [&writer] { return static_cast<std::uint16_t>(writer.written().size()); };

    writer.field("Content-Length", metadata_.size);
    content_type_ = traits.content_type;
    is_type_known_ = traits.is_type_known;
    has_security_policy_ = !traits.security_policy.empty();
    coding_ = traits.coding;
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
    const std::size_t etag_offset = offset() + etag_name.size();
    std::size_t etag_bytes = 0;
    if (digest || has_distinct_time(metadata_, traits.now)) {
        writer.append(etag_name);
        writer.append("\"");
        append_version(writer, digest);
        if (traits.coding != http::ContentCoding::identity) {
            // The codings of one file must differ though their bytes, or times and sizes, may not
            // (RFC 9110 §8.8.3.3).
            writer.append("-");
            writer.append(http::name(traits.coding));
        }
        writer.append("\"");
        etag_bytes = offset() - etag_offset;
        writer.append("\r\n");
    }
    writer.append("Accept-Ranges: bytes\r\n");
    if (!traits.cache_control.empty()) {
        writer.field("Cache-Control", traits.cache_control);
    }
    if (!traits.security_policy.empty()) {
        writer.field("Content-Security-Policy", traits.security_policy);
    }
    writer.append("\r\n");
    fields_ = writer.written();
    if (etag_bytes > 0) {
        validators_.etag = std::string_view(fields_).substr(etag_offset, etag_bytes);
    }
}

}  // namespace torc::site
