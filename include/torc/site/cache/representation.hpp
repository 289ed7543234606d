#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/file_ends.hpp>
#include <torc/base/file_handle.hpp>
#include <torc/base/local_ref.hpp>
#include <torc/file/metadata.hpp>
#include <torc/http/conditional.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/site/cache/digest.hpp>
#include <torc/site/cache/memory_account.hpp>
#include <torc/site/load/content_type.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace torc::site {

/// The bytes of a file, read whole.
struct Contents {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    /// Whose memory it is; by default nobody's.
    MemoryCharge charge{};

    /// Room for `size` bytes, which are yet to be written.
    [[nodiscard]] static Contents of_size(std::size_t size) {
        return {.bytes = std::make_unique_for_overwrite<char[]>(size), .size = size};
    }
    [[nodiscard]] std::string_view view() const noexcept { return {bytes.get(), size}; }
    [[nodiscard]] std::span<char> room() noexcept { return {bytes.get(), size}; }
};

/// What a representation says of itself beside its bytes.
struct RepresentationTraits {
    /// "text/html; charset=utf-8". Of the decoded bytes, whatever the coding. At most
    /// content_type_bytes_max. Outlives the representation.
    std::string_view content_type;
    /// See ContentType.
    bool is_type_known = true;
    http::ContentCoding coding = http::ContentCoding::identity;
    /// The value of Cache-Control; empty: no such field. At most cache_control_bytes_max.
    std::string_view cache_control{};
    /// The value of Content-Security-Policy; empty: no such field. At most
    /// security_policy_bytes_max.
    std::string_view security_policy{};
    file::Metadata metadata{};
    /// When the metadata were found.
    WallTime now{};
    /// Of a file that is not in memory: of its contents, where its time tells no version of it from
    /// the next (see has_distinct_time). Without it such a file has no entity tag.
    std::optional<Digest> digest{};
    /// Of a file that is not in memory, see FileLoad::Outcome.
    std::optional<FileEnds> ends{};
};
inline constexpr std::size_t cache_control_bytes_max = 1024;
inline constexpr std::size_t security_policy_bytes_max = 256;
/// Of all fields that a representation renders, with their names and the longest numbers.
inline constexpr std::size_t fields_bytes_max =
    384 + content_type_bytes_max + cache_control_bytes_max + security_policy_bytes_max;

/// A representation of a resource (RFC 9110 §3.2): a file's bytes with everything that does not
/// depend on the request worked out beforehand. Never changes; who uses one keeps a reference.
///
/// Its entity tag is strong (RFC 9110 §8.8.1), and the same on every replica of a site: that of a
/// file in memory is made of its contents, that of another of its modification time in nanoseconds
/// and its size, or of its contents where that time would not do. One that is too large for that
/// has no tag.
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
                                                            Contents contents);

    [[nodiscard]] const file::Metadata& metadata() const noexcept { return metadata_; }
    /// Of a file that is not in memory, if they are known.
    [[nodiscard]] const std::optional<FileEnds>& ends() const noexcept { return ends_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return metadata_.size; }
    [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }
    [[nodiscard]] bool is_type_known() const noexcept { return is_type_known_; }
    /// Whether its fields have a Content-Security-Policy.
    [[nodiscard]] bool has_security_policy() const noexcept { return has_security_policy_; }
    [[nodiscard]] http::ContentCoding coding() const noexcept { return coding_; }

    // Response fields from the named one to the end of the head, its empty line included:
    // Content-Length, Content-Type, Content-Encoding, Last-Modified, ETag, Accept-Ranges,
    // Cache-Control, Content-Security-Policy.
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

    /// Whether its entity tag is made of contents with this digest, without a content coding.
    [[nodiscard]] bool has_digest(const Digest& digest) const noexcept;
    /// True when the bytes are in memory; they are then `contents()`.
    [[nodiscard]] bool is_in_memory() const noexcept { return contents_.bytes != nullptr; }
    /// True when the bytes are in `file()`.
    [[nodiscard]] bool is_on_disk() const noexcept { return bool(file_); }
    [[nodiscard]] std::string_view contents() const noexcept { return contents_.view(); }
    [[nodiscard]] const FileHandle& file() const noexcept { return file_; }

    /// Whether the bytes are still those that the fields tell of. A file is looked at, which costs
    /// a system call that waits for nothing; anything else always is.
    [[nodiscard]] bool is_current() const noexcept;

    /// Whether a file whose metadata, looked at `now`, equal these has the same contents, and is to
    /// have the same fields. Not if it was written so shortly before the look that a later write
    /// may not show, or was from the future and is no more.
    [[nodiscard]] bool is_known_by_metadata(WallTime now) const noexcept;

    /// Makes a page's contents count in an account. Precondition: they count in none.
    void charge(MemoryCharge charge) noexcept;

    /// What it costs a cache, in bytes of memory, beside contents that are charged to an account.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        const std::size_t contents = contents_.charge.is_charged() ? 0 : contents_.size;
        return sizeof(Representation) + fields_.capacity() + contents;
    }
    [[nodiscard]] bool is_charged_to(const MemoryAccount& account) const noexcept {
        return contents_.charge.is_of(account);
    }
    /// Whether responses under way refer to its bytes (see BodyInUse).
    [[nodiscard]] bool is_in_use() const noexcept { return uses_ > 0; }

private:
    friend class BodyInUse;

    explicit Representation(const RepresentationTraits& traits) noexcept
        : metadata_(traits.metadata), ends_(traits.ends), looked_at_(traits.now) {}

    void render_fields(const RepresentationTraits& traits, const std::optional<Digest>& digest);
    void append_version(http::HeadWriter& writer, const std::optional<Digest>& digest) const;

    file::Metadata metadata_;
    std::optional<FileEnds> ends_;
    WallTime looked_at_;
    http::Validators validators_;
    std::string fields_;
    std::string_view content_type_;
    bool is_type_known_ = true;
    bool has_security_policy_ = false;
    http::ContentCoding coding_ = http::ContentCoding::identity;
    Contents contents_;
    FileHandle file_;
    /// Responses that refer to the bytes.
    std::uint32_t uses_ = 0;
    std::uint16_t content_type_offset_ = 0;
    std::uint16_t content_encoding_offset_ = 0;
    std::uint16_t last_modified_offset_ = 0;
};

using RepresentationRef = LocalRef<Representation>;

/// Keeps a representation whose bytes are being sent, and has them count as such.
class BodyInUse {
public:
    BodyInUse() noexcept = default;
    explicit BodyInUse(Representation& source) noexcept : source_(&source) {
        if (source_->uses_++ == 0) {
            source_->contents_.charge.begin_use();
        }
    }
    BodyInUse(BodyInUse&& other) noexcept = default;
    BodyInUse& operator=(BodyInUse&& other) noexcept {
        std::swap(source_, other.source_);
        return *this;
    }
    BodyInUse(const BodyInUse&) = delete;
    BodyInUse& operator=(const BodyInUse&) = delete;
    ~BodyInUse() {
        if (source_ && --source_->uses_ == 0) {
            source_->contents_.charge.end_use();
        }
    }

private:
    RepresentationRef source_;
};

}  // namespace torc::site
