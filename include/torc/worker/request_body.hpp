#pragma once

#include <torc/http/chunked.hpp>
#include <torc/http/framing.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace torc::worker {

/// A body in chunked coding, as far as it has come.
struct ChunkedBody {
    http::ChunkedDecoder decoder;
    http::ChunkedState state = http::ChunkedState::incomplete;

    /// Takes what came; gives how much of it belongs to the body. Precondition: it is incomplete.
    std::size_t feed(std::string_view input) noexcept {
        const http::ChunkedDecoder::Result result = decoder.feed(input);
        state = result.state;
        return result.bytes;
    }
    /// Whether more of it is to be waited for. `bytes_max`: of content, that are read and dropped.
    [[nodiscard]] bool is_awaited(std::uint64_t bytes_max) const noexcept {
        return state == http::ChunkedState::incomplete && decoder.content_bytes() <= bytes_max;
    }
};

/// What becomes of a request's body, which torc has no use for but has to find the end of.
struct BodyPlan {
    enum class Verdict : std::uint8_t {
        /// Respond to the request.
        respond,
        /// Respond and end the connection: the end of the body is not waited for.
        respond_and_close,
        /// Wait for more of the body first.
        wait,
        /// Refuse the request: where its body ends can't be known.
        refuse,
    };
    Verdict verdict = Verdict::respond;
    /// How much of what follows the head is body and done with.
    std::size_t bytes = 0;
    /// How much is to be dropped before the next request begins.
    std::uint64_t remaining_bytes = 0;
};

/// Decides about the body of a request. `after_head`: what has come of it (and behind it).
/// `bytes_max`: so much content is read and dropped. `chunked`: the body as far as it was decoded
/// before, if it was waited for, and then not in `after_head`; set when it is to be waited for.
[[nodiscard]] BodyPlan plan_body(const http::Framing& framing, std::string_view after_head,
                                 std::uint64_t bytes_max,
                                 std::optional<ChunkedBody>& chunked) noexcept;

}  // namespace torc::worker
