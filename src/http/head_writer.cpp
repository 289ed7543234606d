#include <torc/http/head_writer.hpp>
#include <torc/http/percent_encoder.hpp>

#include <string_view>

namespace torc::http {
namespace {

void append_encoded(HeadWriter& writer, PercentEncoder encoder) noexcept {
    for (std::string_view piece = encoder.next(); !piece.empty(); piece = encoder.next()) {
        writer.append(piece);
    }
}

}  // namespace

void HeadWriter::append_path_encoded(std::string_view path) noexcept {
    append_encoded(*this, PercentEncoder(PercentEncoder::Part::path, path));
}

void HeadWriter::append_segment_encoded(std::string_view segment) noexcept {
    append_encoded(*this, PercentEncoder(PercentEncoder::Part::segment, segment));
}

void HeadWriter::append_query(std::string_view query) noexcept {
    append_encoded(*this, PercentEncoder(PercentEncoder::Part::query, query));
}

}  // namespace torc::http
