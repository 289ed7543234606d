#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/local_ref.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/http/conditional.hpp>
#include <torc/http/status.hpp>

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

/// What a path leads to at one moment: a file with everything that does not depend on the request
/// worked out beforehand, a directory that wants its slash, or an error. Never changes; who uses
/// one keeps a reference.
class Asset : public LocallyCounted {
public:
    enum class Kind : std::uint8_t { file, redirect_to_directory, error };

    /// A file held in memory. `contents` are exactly `metadata.size` bytes.
    [[nodiscard]] static LocalRef<Asset> in_memory(std::string_view name,
                                                   const file::Metadata& metadata,
                                                   Contents contents);
    /// A file sent from its descriptor, which the asset closes.
    [[nodiscard]] static LocalRef<Asset> on_disk(std::string_view name,
                                                 const file::Metadata& metadata, UniqueFd file);
    [[nodiscard]] static LocalRef<Asset> redirect(const file::Metadata& metadata);
    [[nodiscard]] static LocalRef<Asset> error(http::Status status);

    [[nodiscard]] Kind kind() const noexcept { return kind_; }
    /// For an error: what to answer.
    [[nodiscard]] http::Status status() const noexcept { return status_; }
    [[nodiscard]] const file::Metadata& metadata() const noexcept { return metadata_; }
    [[nodiscard]] std::uint64_t size() const noexcept { return metadata_.size; }

    // For a file. Response fields from the named one to the end of the head, its empty line
    // included: Content-Length, Content-Type, Last-Modified, ETag, Accept-Ranges.
    [[nodiscard]] std::string_view fields() const noexcept { return fields_; }
    [[nodiscard]] std::string_view fields_from_content_type() const noexcept {
        return std::string_view(fields_).substr(content_type_offset_);
    }
    [[nodiscard]] std::string_view fields_from_last_modified() const noexcept {
        return std::string_view(fields_).substr(last_modified_offset_);
    }
    [[nodiscard]] const http::Validators& validators() const noexcept { return validators_; }

    /// True when the bytes are in memory; they are then `contents()`. Otherwise they are in
    /// `file()`.
    [[nodiscard]] bool is_in_memory() const noexcept { return !file_; }
    [[nodiscard]] std::string_view contents() const noexcept { return contents_.view(); }
    [[nodiscard]] int file() const noexcept { return file_.get(); }

    /// What the asset costs a cache, in bytes of memory.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return sizeof(Asset) + fields_.capacity() + contents_.size;
    }

private:
    Asset(Kind kind, const file::Metadata& metadata) noexcept : kind_(kind), metadata_(metadata) {}

    void render_fields(std::string_view name);

    Kind kind_;
    http::Status status_ = http::Status::ok;
    std::uint16_t content_type_offset_ = 0;
    std::uint16_t last_modified_offset_ = 0;
    file::Metadata metadata_;
    http::Validators validators_;
    std::string fields_;
    Contents contents_;
    UniqueFd file_;
};

using AssetRef = LocalRef<Asset>;

}  // namespace torc::site
