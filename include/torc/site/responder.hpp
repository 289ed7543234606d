#pragma once

#include <torc/base/clock.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/range.hpp>
#include <torc/http/request.hpp>
#include <torc/http/status.hpp>
#include <torc/http/target.hpp>
#include <torc/site/asset.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace torc::site {

/// What goes out after the head that the responder wrote.
struct Answer {
    http::Status status = http::Status::ok;
    /// A part of the asset's contents, or of its file when it is not in memory; empty: the head was
    /// all.
    http::ByteRange body{};
    /// Bytes of content, for the access log: `body`, or a small body that was written behind the
    /// head.
    std::uint64_t content_bytes = 0;
};

/// How the connection stands, as an answer must tell it.
enum class Persistence : std::uint8_t {
    /// HTTP/1.1's default: no Connection field.
    keep_alive,
    /// HTTP/1.0 asked for it: "Connection: keep-alive".
    keep_alive_stated,
    /// "Connection: close".
    close,
};

/// Turns a request and an asset into an answer: conditional, range, head. No I/O, no allocation, no
/// clock but the time it is told.
class Responder {
public:
    /// Sets the time that answers carry as Date. Renders it once a second, so call it as often as
    /// you like.
    void set_time(WallTime now) noexcept;

    /// Room that a head needs at the most, with an error's small body, for a request with this
    /// target.
    [[nodiscard]] static std::size_t head_bytes_max(const http::Target& target) noexcept {
        return fixed_head_bytes_max + 3 * (target.path.size() + target.query.size());
    }
    /// The same for `reject`.
    static constexpr std::size_t fixed_head_bytes_max = 2048;

    /// Answers a request without looking at the file system, when its method alone decides:
    /// OPTIONS, and what torc does not do. False when the asset is needed (GET and HEAD); nothing
    /// was written then.
    [[nodiscard]] bool respond_to_method(const http::Request& request, Persistence persistence,
                                         http::HeadWriter& writer, Answer& answer) const noexcept;

    /// Answers GET or HEAD. Writes the whole head, and for an error its body, to `writer`, which
    /// has room for head_bytes_max(target).
    [[nodiscard]] Answer respond(const http::Request& request, const http::Target& target,
                                 const Asset& asset, Persistence persistence,
                                 http::HeadWriter& writer) const noexcept;

    /// Writes an error answer to `writer`, which has room for fixed_head_bytes_max: head and, but
    /// for HEAD, body. `method`: unknown where the request was too broken to tell.
    [[nodiscard]] Answer reject(http::Status status, http::Method method, Persistence persistence,
                                http::HeadWriter& writer) const noexcept;

private:
    void begin_head(http::Status status, Persistence persistence,
                    http::HeadWriter& writer) const noexcept;
    [[nodiscard]] Answer respond_with_file(const http::Request& request, const Asset& asset,
                                           Persistence persistence,
                                           http::HeadWriter& writer) const noexcept;
    [[nodiscard]] Answer redirect(const http::Request& request, const http::Target& target,
                                  Persistence persistence, http::HeadWriter& writer) const noexcept;
    /// Content-Type, Content-Length, the end of the head and, but for HEAD, a small page.
    [[nodiscard]] static Answer write_page(http::Status status, http::Method method,
                                           http::HeadWriter& writer) noexcept;

    /// "HTTP/1.1 200 OK\r\n" and the fields that every answer begins with, rendered once a second.
    std::array<char, 128> ok_prefix_{};
    std::size_t ok_prefix_bytes_ = 0;
    /// Where Server and Date begin in it.
    std::size_t common_fields_offset_ = 0;
    http::DateSeconds now_ = http::DateSeconds::min();
};

}  // namespace torc::site
