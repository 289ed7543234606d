#include <torc/site/load/content_type.hpp>
#include <torc/site/response/multipart.hpp>

#include <limits>

namespace torc::site {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view before_boundary = "\r\n--";
constexpr std::string_view before_type = "\r\nContent-Type: ";
constexpr std::string_view before_range = "\r\nContent-Range: ";
constexpr std::string_view after_fields = "\r\n\r\n";

constexpr std::size_t number_bytes_max = std::numeric_limits<std::uint64_t>::digits10 + 1;
static_assert(before_boundary.size() + Multipart::boundary_bytes + before_type.size() +
                      content_type_bytes_max + before_range.size() + "bytes -/"sv.size() +
                      3 * number_bytes_max + after_fields.size() <=
                  Multipart::part_head_bytes_max,
              "the longest head of a part must fit where there is room for one");

}  // namespace

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
    writer.append(before_boundary);
    writer.append(boundary());
    writer.append(before_type);
    writer.append(content_type_);
    writer.append(before_range);
    write_content_range(ranges_[index], size_, writer);
    writer.append(after_fields);
}

void Multipart::write_end(http::HeadWriter& writer) const noexcept {
    writer.append(before_boundary);
    writer.append(boundary());
    writer.append("--\r\n");
}

}  // namespace torc::site
