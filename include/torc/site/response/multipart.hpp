#pragma once

#include <torc/http/head_writer.hpp>
#include <torc/http/range.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace torc::site {

/// The content of an answer with several ranges: multipart/byteranges (RFC 9110 §14.6, RFC 2046
/// §5.1). Its parts' bytes come from elsewhere; this has what stands around them.
class Multipart {
public:
    static constexpr std::size_t boundary_bytes = 16;

    /// `ranges`: of a representation of `size` bytes. `content_type`, of at most
    /// content_type_bytes_max, outlives the multipart.
    /// `boundary`: two answers need two, and nobody may foresee one, for it must not stand in a
    /// part.
    Multipart(const http::RangeSet& ranges, std::uint64_t size, std::string_view content_type,
              std::uint64_t boundary);

    /// The value of the answer's Content-Type.
    void write_content_type(http::HeadWriter& writer) const noexcept;
    /// Of the whole content, for Content-Length.
    [[nodiscard]] std::uint64_t content_bytes() const noexcept { return content_bytes_; }

    [[nodiscard]] std::span<const http::ByteRange> ranges() const noexcept { return ranges_; }
    /// What stands before the bytes of that range; at most part_head_bytes_max.
    void write_part_head(std::size_t index, http::HeadWriter& writer) const noexcept;
    /// What stands behind the last one; at most part_head_bytes_max.
    void write_end(http::HeadWriter& writer) const noexcept;
    static constexpr std::size_t part_head_bytes_max = 320;

private:
    [[nodiscard]] std::string_view boundary() const noexcept {
        return {boundary_.data(), boundary_.size()};
    }

    std::vector<http::ByteRange> ranges_;
    std::uint64_t size_;
    std::string_view content_type_;
    std::array<char, boundary_bytes> boundary_{};
    std::uint64_t content_bytes_ = 0;
};

/// Appends "bytes 0-4/10" (RFC 9110 §14.4), the value of Content-Range.
void write_content_range(http::ByteRange range, std::uint64_t size,
                         http::HeadWriter& writer) noexcept;

}  // namespace torc::site
