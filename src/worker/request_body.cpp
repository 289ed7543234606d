#include <torc/worker/request_body.hpp>

namespace torc::worker {
namespace {

using Verdict = BodyPlan::Verdict;

/// The end of a chunked body must be found before the response: a malformed one may be meant to
/// smuggle another request past a proxy (RFC 9112 §11.2).
BodyPlan plan_chunked_body(std::string_view after_head, std::uint64_t bytes_max,
                           std::optional<ChunkedBody>& chunked) noexcept {
    ChunkedBody body = chunked.value_or(ChunkedBody{});
    const std::size_t bytes = chunked ? 0 : body.feed(after_head);
    // First of all, so that the verdict is a matter of the bytes and not of how they were cut.
    if (body.decoder.content_bytes() > bytes_max) {
        return {.verdict = Verdict::respond_and_close};
    }
    switch (body.state) {
        case http::ChunkedState::incomplete:
            chunked = body;
            return {.verdict = Verdict::wait};
        case http::ChunkedState::finished:
            return {.verdict = Verdict::respond, .bytes = bytes};
        case http::ChunkedState::malformed:
            break;
    }
    return {.verdict = Verdict::refuse};
}

}  // namespace

BodyPlan plan_body(const http::Framing& framing, std::string_view after_head,
                   std::uint64_t bytes_max, std::optional<ChunkedBody>& chunked) noexcept {
    if (framing.body == http::BodyKind::none) {
        return {};
    }
    // A body that the peer holds back until it is asked for never comes.
    if (framing.expects_continue) {
        return {.verdict = Verdict::respond_and_close};
    }
    if (framing.body == http::BodyKind::chunked) {
        return plan_chunked_body(after_head, bytes_max, chunked);
    }
    if (framing.content_length > bytes_max) {
        return {.verdict = Verdict::respond_and_close};
    }
    return {.verdict = Verdict::respond, .remaining_bytes = framing.content_length};
}

}  // namespace torc::worker
