#pragma once

#include <torc/http/range.hpp>
#include <torc/site/cache/representation.hpp>
#include <torc/site/response/multipart.hpp>
#include <torc/site/response/responder.hpp>
#include <torc/worker/action.hpp>
#include <torc/worker/response_batch.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace torc::worker {

/// The content of a response behind its head, as far as it was sent. What is in memory goes into
/// the batch with the head, and is done with then. What is left, and leaves in sends of its own:
/// the bytes of a file, and of several ranges (multipart/byteranges) the parts that found no room.
class ResponseContent {
public:
    /// Begins the content of `response`, whose head is the last in `batch`: adds to that what may
    /// leave with it. Precondition: !has_more(). Throws std::bad_alloc for several ranges.
    void begin(site::Answer& response, ResponseBatch& batch);

    /// Whether content is left that is not in the batch.
    [[nodiscard]] bool has_more() const noexcept { return has_file() || parts_ != nullptr; }
    /// Whether what is left begins with bytes of a file.
    [[nodiscard]] bool has_file() const noexcept { return file_remaining_bytes_ > 0; }
    /// Whether it begins with bytes of a file whose file system may not answer for long.
    [[nodiscard]] bool may_wait() const noexcept {
        return has_file() && !is_local(file_source_->file().lane());
    }

    /// A message of so many bytes has left: a batch.
    void on_message_sent(std::size_t bytes) noexcept { run_bytes_ += bytes; }

    /// What is left of the file, or of the range of it. Precondition: has_file().
    [[nodiscard]] SendFile rest_of_file() const noexcept;
    /// So many bytes of the file have left.
    void on_file_sent(std::size_t bytes) noexcept;
    /// Lets go of the file, which is kept open while its bytes are sent. Precondition: !has_file().
    void release_file() noexcept {
        if (file_source_) {
            file_source_ = site::RepresentationRef();
        }
    }

    /// Adds as many parts as may leave in the next send. Precondition: has_more() and !has_file().
    void append_parts(ResponseBatch& batch);

    /// All responses of a batch have left.
    void end_run() noexcept { run_bytes_ = 0; }

private:
    /// Several ranges, as far as their parts were added to a batch.
    struct PartsUnderWay {
        std::unique_ptr<site::Multipart> parts;
        site::RepresentationRef source;
        std::size_t next_part = 0;
    };

    [[gnu::noinline]] void begin_parts(site::Answer& response, ResponseBatch& batch);
    void append(site::Representation& source, http::ByteRange range, ResponseBatch& batch);

    /// Null: no file is being sent.
    site::RepresentationRef file_source_;
    std::uint64_t file_offset_ = 0;
    std::uint64_t file_remaining_bytes_ = 0;
    /// Length of the part of the file that is being sent: all of it, or one range.
    std::uint64_t file_part_bytes_ = 0;
    /// Sent since the last response ended: the message and the pieces of the file that go out as
    /// one run of segments.
    std::uint64_t run_bytes_ = 0;
    /// Null: no response of several ranges is under way.
    std::unique_ptr<PartsUnderWay> parts_;
};

}  // namespace torc::worker
