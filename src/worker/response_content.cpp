#include <torc/base/assert.hpp>
#include <torc/worker/response_content.hpp>

#include <utility>

namespace torc::worker {

void ResponseContent::begin(site::Answer& response, ResponseBatch& batch) {
    if (response.parts) {
        begin_parts(response, batch);
    } else if (response.body.length > 0) {
        append(*response.source, response.body, batch);
    }
}

void ResponseContent::begin_parts(site::Answer& response, ResponseBatch& batch) {
    parts_ = std::make_unique<PartsUnderWay>(PartsUnderWay{
        .parts = std::move(response.parts), .source = site::RepresentationRef(response.source)});
    append_parts(batch);
}

void ResponseContent::append(site::Representation& source, http::ByteRange range,
                             ResponseBatch& batch) {
    if (source.is_in_memory()) {
        batch.append_body(source.contents().substr(range.first, range.length), source);
        return;
    }
    file_source_ = site::RepresentationRef(&source);
    file_offset_ = range.first;
    file_remaining_bytes_ = range.length;
    file_part_bytes_ = range.length;
}

void ResponseContent::append_parts(ResponseBatch& batch) {
    const site::Multipart& parts = *parts_->parts;
    // A file's bytes leave behind the batch, so nothing can be added to that once there are some.
    while (!has_file() && batch.has_room(site::Multipart::part_head_bytes_max)) {
        http::HeadWriter writer = batch.writer(site::Multipart::part_head_bytes_max);
        if (parts_->next_part == parts.ranges().size()) {
            parts.write_end(writer);
            batch.append_head(writer);
            parts_.reset();
            return;
        }
        parts.write_part_head(parts_->next_part, writer);
        batch.append_head(writer);
        append(*parts_->source, parts.ranges()[parts_->next_part], batch);
        ++parts_->next_part;
    }
}

SendFile ResponseContent::rest_of_file() const noexcept {
    const site::Representation& source = *file_source_;
    return {.slice = {.file = source.file().get(),
                      .offset = file_offset_,
                      .length = file_remaining_bytes_,
                      .lane = source.file().lane(),
                      .preceding_bytes = run_bytes_,
                      .version = io::FileVersion{.bytes = source.metadata().size,
                                                 .modified = source.metadata().modified,
                                                 .changed = source.metadata().changed,
                                                 .ends = source.ends()}},
            .part_bytes = file_part_bytes_};
}

void ResponseContent::on_file_sent(std::size_t bytes) noexcept {
    TORC_ASSERT(bytes <= file_remaining_bytes_);
    file_offset_ += bytes;
    file_remaining_bytes_ -= bytes;
    run_bytes_ += bytes;
}

}  // namespace torc::worker
