#include <torc/site/multipart.hpp>

namespace torc::site {

void write_content_range(http::ByteRange range, std::uint64_t size,
                         http::HeadWriter& writer) noexcept {
    writer.append("bytes ");
    writer.append(range.first);
    writer.append("-");
    writer.append(range.first + range.length - 1);
    writer.append("/");
    writer.append(size);
}

Multipart::Multipart(const http::RangeSet& ranges, std::uint64_t size,
                     std::string_view content_type, std::uint64_t boundary)
    : ranges_(ranges.ranges().begin(), ranges.ranges().end()),
      size_(size),
      content_type_(content_type) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (char& character : boundary_) {
        character = digits[boundary % digits.size()];
        boundary /= digits.size();
    }
    // Written to find out how long they are: the same code can't disagree with itself.
    std::array<char, part_head_bytes_max> scratch;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
        http::HeadWriter writer(scratch);
        write_part_head(index, writer);
        content_bytes_ += writer.written().size() + ranges_[index].length;
    }
    http::HeadWriter writer(scratch);
    write_end(writer);
    content_bytes_ += writer.written().size();
}

void Multipart::write_content_type(http::HeadWriter& writer) const noexcept {
    writer.append("multipart/byteranges; boundary=");
    writer.append(boundary());
}

void Multipart::write_part_head(std::size_t index, http::HeadWriter& writer) const noexcept {
    // The CRLF before the first one ends an empty preamble (RFC 2046 §5.1.1). It may be left out,
    // but zsync never finds that boundary then.
    writer.append("\r\n--");
    writer.append(boundary());
    writer.append("\r\nContent-Type: ");
    writer.append(content_type_);
    writer.append("\r\nContent-Range: ");
    write_content_range(ranges_[index], size_, writer);
    writer.append("\r\n\r\n");
}

void Multipart::write_end(http::HeadWriter& writer) const noexcept {
    writer.append("\r\n--");
    writer.append(boundary());
    writer.append("--\r\n");
}

}  // namespace torc::site
