#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/opening.hpp>
#include <torc/http/request.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>
#include <torc/site/response/responder.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/access_log.hpp>
#include <torc/worker/action.hpp>
#include <torc/worker/outbox.hpp>
#include <torc/worker/request_body.hpp>
#include <torc/worker/response_content.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace torc::worker {

/// What a connection is waiting for, and so which deadline it has.
enum class Waiting : std::uint8_t {
    /// For a request to begin.
    idle,
    /// For the rest of a request.
    request,
    /// For the peer to take an answer.
    peer,
    /// For the disk.
    asset,
    /// For the peer to stop.
    linger,
};

/// What the connections of one worker use together. Outlives them.
struct Services {
    site::Site& site;
    site::Responder& responder;
    OutboxPool& outboxes;
    /// Null: nobody wants one.
    AccessLog* access_log = nullptr;
    /// Of the turn of the loop.
    MonotonicTime now{};
    /// Every answer from now on is its connection's last.
    bool is_draining = false;
    http::ParseLimits parse_limits{};
    /// A body that nobody asked for is read and dropped up to here; beyond it the connection ends.
    std::uint64_t body_bytes_max = limits::request_body_drain_bytes_default;
    http::EncodedSlash encoded_slash = http::EncodedSlash::not_found;
    // Where requests are worked on, one at a time.
    http::Request request{};
    /// What a client speaks that was refused since this was last set to `http`.
    http::Opening refused_opening = http::Opening::http;
    std::array<char, limits::request_line_bytes_cap> target_scratch{};
    /// That of the last asset that was looked for by a key instead of its path.
    std::string asset_key{};
    /// The last redirect from a target that misleads references to the path of its directory.
    site::AssetRef canonical_redirect{};
};

/// One HTTP/1.1 connection, without a socket: an event goes in, the next action comes out. Requests
/// are taken in order; those that came in one receive are answered in one send; nothing is read
/// while an answer is sent.
class Connection {
public:
    explicit Connection(Services& services) noexcept : services_(services) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// For the access log; leave it out when there is none.
    void set_remote_address(std::string address) { remote_address_ = std::move(address); }

    // Events. But for `on_opened` and `on_time_out` each is the completion of the last action, and
    // returns the next. An operation that failed has no event: destroy the connection.

    /// The connection was accepted.
    [[nodiscard]] Action on_opened() noexcept { return Receive{}; }
    /// `bytes` came from the peer; they are valid during the call alone. Empty: the peer has ended
    /// its stream.
    [[nodiscard]] Action on_received(std::string_view bytes);
    /// So many bytes more of the message were sent; 0 when there was no room for any.
    [[nodiscard]] Action on_sent(std::size_t bytes);
    /// The first `bytes` bytes of the slice were sent; 0: the file has become shorter.
    [[nodiscard]] Action on_file_sent(std::size_t bytes);
    /// The load that was wanted has ended with `asset`. Precondition: the last action was `Load`.
    [[nodiscard]] Action on_loaded(site::Asset& asset);

    /// The deadline for the rest of a request has passed. The caller then ends the receive in
    /// flight (SHUT_RD), and the completion of that is answered with 408 (RFC 9110 §15.5.9).
    void on_time_out() noexcept { has_timed_out_ = true; }

    [[nodiscard]] Waiting waiting() const noexcept { return waiting_; }
    /// True before the first answer.
    [[nodiscard]] bool is_fresh() const noexcept { return is_fresh_; }

private:
    /// Bytes received but not yet served: the beginning of a request, or requests behind one being
    /// answered.
    struct Backlog {
        std::string bytes;
        std::size_t served_bytes = 0;
        /// Seen by the parser, which found the head incomplete.
        std::size_t scanned_bytes = 0;
        /// The body of the request at the front, when more of it had to be waited for. It is not
        /// among the bytes.
        std::optional<ChunkedBody> body;

        [[nodiscard]] std::string_view view() const noexcept {
            return std::string_view(bytes).substr(served_bytes);
        }
    };

    enum class Next : std::uint8_t {
        /// Serve the next request.
        request,
        /// More bytes are needed.
        input,
        /// More bytes of a chunked body are needed.
        body,
        /// The outbox must go out first: it is full, or a file follows, or the connection ends.
        send,
        /// The asset must be loaded first.
        asset,
    };
    struct Served {
        std::size_t bytes = 0;
        Next next = Next::input;
        /// Of the asset to be loaded; see Load.
        std::string_view load_key{};
    };

    /// The line about an answer, as far as it was sent.
    struct LogUnderWay {
        OpenLine line;
        std::uint64_t content_bytes;
        std::uint64_t file_sent_bytes = 0;
    };

    [[nodiscard]] Action serve(std::string_view input, site::Asset* loaded_asset);
    [[nodiscard]] Action serve_backlog(site::Asset* loaded_asset);
    [[nodiscard]] Served serve_one(std::string_view input, site::Asset* loaded_asset);
    [[nodiscard]] Served serve_parsed(std::string_view after_head, site::Asset* loaded_asset);
    [[nodiscard]] Served answer(const BodyPlan& body, bool is_persistent,
                                site::Asset* loaded_asset);
    [[nodiscard]] site::Answer answer_to_method(site::Persistence persistence,
                                                http::HeadWriter& writer);
    /// Answers GET or HEAD; gives what has to be done first if that can't be now.
    [[nodiscard]] std::optional<Served> answer_with_asset(site::Persistence persistence,
                                                          http::HeadWriter& writer,
                                                          site::Asset* loaded_asset);

    [[nodiscard]] std::size_t skip_body(std::size_t available) noexcept;
    [[nodiscard]] Action receive_body(std::string_view bytes);
    void keep(std::string_view rest);
    void keep_head(std::string_view head);

    /// Refuses what is at the front of `input`, which is no request, or not yet.
    [[nodiscard]] Served refuse(std::string_view input, http::Status status);
    [[nodiscard]] Served reject(http::Status status);
    void take_answer(site::Answer answer, const http::HeadWriter& writer);
    void open_or_append_line(const site::Answer& answer);

    [[nodiscard]] Action after_serving(const Served& served);
    [[nodiscard]] Action send() noexcept;
    [[nodiscard]] Action after_sending();
    [[nodiscard]] Action after_answer();
    [[nodiscard]] Action on_end_of_input();
    [[nodiscard]] Outbox& outbox();

    Services& services_;
    Outbox* outbox_ = nullptr;
    std::unique_ptr<Backlog> backlog_;

    /// Of the last response in the outbox, what is sent behind it.
    ResponseContent content_;

    /// Of a request's body, still to come and to be dropped.
    std::uint64_t body_remaining_bytes_ = 0;

    std::string remote_address_;
    /// Null: no answer is under way that has to be logged.
    std::unique_ptr<LogUnderWay> log_;

    Waiting waiting_ = Waiting::idle;
    bool is_fresh_ = true;
    /// No further request is taken.
    bool is_closing_ = false;
    /// Bytes of the peer may still be on their way when the connection closes.
    bool must_linger_ = false;
    bool has_timed_out_ = false;
};

}  // namespace torc::worker
