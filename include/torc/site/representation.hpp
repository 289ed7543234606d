#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/file_handle.hpp>
#include <torc/base/local_ref.hpp>
#include <torc/file/metadata.hpp>
#include <torc/http/conditional.hpp>
#include <torc/http/negotiation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace torc::site {

/// The bytes of a file, read whole.
struct Contents {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;

    [[nodiscard]] std::string_view view() const noexcept { return {bytes.get(), size}; }
};

/// What a representation says of itself beside its bytes.
struct RepresentationTraits {
    /// "text/html; charset=utf-8". Of the decoded bytes, whatever the coding.
    std::string_view content_type;
    http::ContentCoding coding = http::ContentCoding::identity;
    /// The value of Cache-Control; empty: no such field. At most cache_control_bytes_max.
    std::string_view cache_control{};
    file::Metadata metadata{};
    /// A modification time beyond it is in the future, and useless as a validator.
    WallTime now{};
};
inline constexpr std::size_t cache_control_bytes_max = 1024;

/// A representation of a resource (RFC 9110 §3.2): a file's bytes with everything that does not
/// depend on the request worked out beforehand. Never changes; who uses one keeps a reference.
///
/// Its entity tag is strong. It is made of the modification time in nanoseconds and the size, so
/// that it is the same on every replica of a site. Where the time is useless (see
/// `has_useful_time`), it is made of the bytes, or for a file that is not in memory of what no tool
/// can set: inode, time of change and size.
class Representation : public LocallyCounted {
public:
    /// A file held in memory. `contents` are exactly `traits.metadata.size` bytes.
    [[nodiscard]] static LocalRef<Representation> in_memory(const RepresentationTraits& traits,
                                                            Contents contents);
    /// A file sent from its descriptor, which the representation closes.
    [[nodiscard]] static LocalRef<Representation> on_disk(const RepresentationTraits& traits,
                                                          FileHandle file);
    /// A page that torc made itself: held in memory, without a modification time.
    [[nodiscard]] static LocalRef<Representation> generated(RepresentationTraits traits,
                                                            std::string_view bytes);

    [[nodiscard]] const file::Metadata& metadata() const noexcept { return metadata_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return metadata_.size; }
    [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }

    // Response fields from the named one to the end of the head, its empty line included:
    // Content-Length, Content-Type, Content-Encoding, Last-Modified, ETag, Accept-Ranges,
    // Cache-Control.
    [[nodiscard]] std::string_view fields() const noexcept { return fields_; }
    [[nodiscard]] std::string_view fields_from_content_type() const noexcept {
        return std::string_view(fields_).substr(content_type_offset_);
    }
    [[nodiscard]] std::string_view fields_from_content_encoding() const noexcept {
        return std::string_view(fields_).substr(content_encoding_offset_);
    }
    [[nodiscard]] std::string_view fields_from_last_modified() const noexcept {
        return std::string_view(fields_).substr(last_modified_offset_);
    }
    [[nodiscard]] const http::Validators& validators() const noexcept { return validators_; }

    /// True when the bytes are in memory; they are then `contents()`.
    [[nodiscard]] bool is_in_memory() const noexcept { return contents_.bytes != nullptr; }
    /// True when the bytes are in `file()`.
    [[nodiscard]] bool is_on_disk() const noexcept { return bool(file_); }
    [[nodiscard]] std::string_view contents() const noexcept { return contents_.view(); }
    [[nodiscard]] const FileHandle& file() const noexcept { return file_; }

    /// Whether the bytes are still those that the fields tell of. A file is looked at, which costs
    /// a system call that waits for nothing; anything else always is.
    [[nodiscard]] bool is_current() const noexcept;

    /// What it costs a cache, in bytes of memory.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return sizeof(Representation) + fields_.capacity() + contents_.size;
    }

private:
    explicit Representation(const file::Metadata& metadata) noexcept : metadata_(metadata) {}

    void render_fields(const RepresentationTraits& traits);

    file::Metadata metadata_;
    http::Validators validators_;
    std::string fields_;
    std::string_view content_type_;
    Contents contents_;
    FileHandle file_;
    std::uint16_t content_type_offset_ = 0;
    std::uint16_t content_encoding_offset_ = 0;
    std::uint16_t last_modified_offset_ = 0;
};

using RepresentationRef = LocalRef<Representation>;

/// Whether a modification time tells one version of a file from another. Not 0 and 1, which stores
/// and images that want to be reproducible give to all their files, nor the beginning of 1980,
/// which is ZIP's zero, nor any time after `now`.
[[nodiscard]] bool has_useful_time(const file::Metadata& metadata, WallTime now) noexcept;

}  // namespace torc::site
