#pragma once

#include <torc/http/framing.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/status.hpp>
#include <torc/net/address_range.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/response/responder.hpp>
#include <torc/worker/access_control.hpp>
#include <torc/worker/action.hpp>
#include <torc/worker/area_access.hpp>
#include <torc/worker/backlog.hpp>
#include <torc/worker/counters.hpp>
#include <torc/worker/lines_under_way.hpp>
#include <torc/worker/request_body.hpp>
#include <torc/worker/response_batch.hpp>
#include <torc/worker/response_content.hpp>
#include <torc/worker/services.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace torc::worker {

/// Where a connection stands, by what it waits for: hence which event comes next, and which
/// deadline it has. See the table at Connection.
enum class State : std::uint8_t {
    /// For a request to begin.
    idle,
    /// For the rest of a request: of its head, or of its body, even if that is only to be dropped;
    /// or for the PROXY header before the first one.
    receiving,
    /// For an asset, which is being loaded, or for a password, which is being checked.
    loading,
    /// For the peer to take a batch of responses.
    sending,
    /// For the peer to take bytes of a file.
    sending_file,
    /// For the peer to end its stream, after the last response.
    lingering,
    /// For nothing: the connection is over.
    closed,
};

/// Whether a connection waits for its peer to take a response.
[[nodiscard]] constexpr bool is_sending(State state) noexcept {
    return state == State::sending || state == State::sending_file;
}

/// One HTTP/1.1 connection, without a socket: an event goes in, the next action comes out. Requests
/// are taken in order; responses to those that came in one receive leave in one send; nothing is
/// read while a response is sent.
///
/// | state        | in flight | event                  | next: action → state               |
/// |--------------|-----------|------------------------|------------------------------------|
/// | (new)        | none      | on_opened              | Receive → idle                     |
/// |              |           | on_opened_by_proxy     | Receive → receiving: a PROXY       |
/// |              |           |                        | header is awaited                  |
/// | idle         | Receive   | on_received, bytes     | serve                              |
/// |              |           | on_received, no bytes  | Close → closed                     |
/// | receiving    | Receive   | on_received, bytes     | serve; while a PROXY header is     |
/// |              |           |                        | awaited: Introduce if they end or  |
/// |              |           |                        | spoil it, or else Receive          |
/// |              |           | on_received, no bytes  | Close → closed; after on_time_out  |
/// |              |           |                        | Send (a 408) → sending, but not if |
/// |              |           |                        | the request has its response and   |
/// |              |           |                        | only its body stays out, or if the |
/// |              |           |                        | PROXY header did                   |
/// |              | none      | on_introduced          | serve                              |
/// |              |           | on_time_out            | none: the state stays, the caller  |
/// |              |           |                        | ends the receive                   |
/// | loading      | none      | on_loaded,             | serve                              |
/// |              |           | on_access_checked      |                                    |
/// | sending      | Send      | on_sent, a part        | Send (the rest) → sending          |
/// |              |           | on_sent, all that was  | go on                              |
/// |              |           | left                   |                                    |
/// | sending_file | SendFile  | on_file_sent, bytes    | go on                              |
/// |              |           | on_file_sent, no bytes | Close → closed                     |
/// | lingering    | Receive   | on_received, bytes     | Receive (they are dropped) →       |
/// |              |           |                        | lingering                          |
/// |              |           | on_received, no bytes  | Close → closed                     |
///
/// *Serve* adds responses to a batch, request by request, for as long as it can. Then:
/// - Send → sending, if there is a response in the batch: the batch is full, or content follows
///   that leaves in sends of its own, or the connection ends, or no request is left that could be
///   served now;
/// - Load → loading, if the next request needs an asset that is not in memory;
/// - Verify → loading, if its password must be checked;
/// - Receive → receiving, if a request has begun, or else → idle.
///
/// *Go on* does the first of these:
/// - SendFile → sending_file, or Send → sending, if more of a response's content is left;
/// - behind the last response Linger → lingering, if the peer may still be sending, or else
///   Close → closed;
/// - serve, if something came behind the requests that have their responses;
/// - Close → closed, if the server drains;
/// - Receive → receiving, if a request's body is still to be dropped, or else → idle.
///
/// When the deadline of `loading` passes, the caller says `on_loaded` with a 503, or
/// `on_check_given_up`. Any other
/// deadline but that of `receiving`, and an operation that fails, have no event: the connection is
/// destroyed, whatever its state is.
class Connection {
public:
    explicit Connection(Services& services) noexcept : services_(services) {}
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    /// Sets the peer's address for the access log. Not needed if that is off.
    void set_remote_address(std::string address, std::uint16_t port = 0) {
        remote_address_ = std::move(address);
        remote_port_ = port;
    }
    [[nodiscard]] bool has_remote_address() const noexcept { return !remote_address_.empty(); }
    /// Sets the peer's address for areas that are not for everybody. Not needed if there are none.
    void set_peer(const std::optional<net::Address>& peer) noexcept { peer_ = peer; }
    [[nodiscard]] bool knows_peer() const noexcept { return peer_.has_value(); }

    // Events. But for `on_opened…` and `on_time_out` each is the completion of the last action. All
    // but `on_time_out` return the next. Those that allocate throw std::bad_alloc; destroy the
    // connection then.

    /// The connection was accepted.
    [[nodiscard]] Action on_opened() noexcept { return receive(); }
    /// The same by a proxy, which says first for whom.
    [[nodiscard]] Action on_opened_by_proxy();
    /// The client that the PROXY header names is known, and may stay.
    [[nodiscard]] Action on_introduced();
    /// `bytes` came from the peer; they are valid during the call alone. Empty: the peer has ended
    /// its stream.
    [[nodiscard]] Action on_received(std::string_view bytes);
    /// So many bytes more of the message were sent; 0 when there was no room for any.
    [[nodiscard]] Action on_sent(std::size_t bytes);
    /// The first `bytes` bytes of the slice were sent; 0: the file has become shorter. `disk_wait`:
    /// what of the time that took was a wait for the file system.
    [[nodiscard, gnu::noinline]] Action on_file_sent(std::size_t bytes,
                                                     ResponseTimes::Duration disk_wait = {});
    /// The load that was wanted has ended with `asset`. Precondition: the state is `loading`.
    [[nodiscard]] Action on_loaded(site::Asset& asset);

    /// The check that was wanted has ended: AccessControl::find tells how. Precondition:
    /// awaits_check().
    [[nodiscard]] Action on_access_checked();
    /// It was not begun, or takes too long: the response is 503. Precondition: awaits_check().
    [[nodiscard]] Action on_check_given_up();

    /// The deadline for the rest of a request has passed. The caller then ends the receive in
    /// flight (SHUT_RD), whose completion leads to a 408 (RFC 9110 §15.5.9).
    void on_time_out() noexcept { has_timed_out_ = true; }

    [[nodiscard]] State state() const noexcept { return state_; }
    /// Whether it is a password that is waited for in `loading`, and not an asset.
    [[nodiscard]] bool awaits_check() const noexcept { return awaits_check_; }
    /// True before the first response.
    [[nodiscard]] bool is_fresh() const noexcept { return is_fresh_; }
    /// In `receiving`: whether what was received last has the first bytes of the request that is
    /// waited for.
    [[nodiscard]] bool begins_request() const noexcept { return begins_request_; }
    /// Whether a PROXY header has to come, of which there is nothing yet.
    [[nodiscard]] bool awaits_introduction() const noexcept {
        return backlog_ && backlog_->awaits_proxy_header && backlog_->view().empty();
    }

private:
    /// What follows when the responses under way have left.
    enum class Afterwards : std::uint8_t {
        /// The next request.
        request,
        /// The end: the response under way is the last, and its request was too.
        close,
        /// The end, but bytes of the peer may still be on their way.
        linger,
    };

    /// What has to come about before the next request can be served.
    enum class Next : std::uint8_t {
        /// Nothing: serve it.
        request,
        /// More bytes of it must come.
        input,
        /// More bytes of its chunked body must come.
        body,
        /// The batch must leave: it is full, or content follows it, or the connection ends.
        send,
        /// Its asset must be loaded.
        asset,
        /// Its password must be checked.
        access,
    };
    /// What became of one request. In two registers: what is to be loaded, if `next` is `asset`, is
    /// in the scratch memory.
    struct Served {
        /// How much of the input it took: head, and as much of its body as is done with. 0 if it is
        /// still to be served.
        std::size_t bytes = 0;
        Next next = Next::input;
    };

    // `loaded_asset`: what the load for the first request of the input has just ended with; null:
    // there was none. `input`: from the beginning of a request on.

    /// Serves as many requests as can be served now, keeps what is left of `input` and tells what
    /// to do next.
    [[nodiscard]] Action serve(std::string_view input, site::Asset* loaded_asset);
    [[nodiscard]] Action serve_backlog(site::Asset* loaded_asset);
    /// Serves a backlog to which `bytes` have come.
    [[nodiscard, gnu::noinline]] Action serve_longer_backlog(std::string_view bytes);
    /// Looks for the PROXY header.
    [[nodiscard]] Action await_proxy_header(std::string_view bytes);
    /// Drops what came of a served request's body; gives how many of the `available` bytes.
    [[nodiscard]] std::size_t skip_body(std::size_t available) noexcept;
    /// Keeps what could not be served yet, or lets go of the backlog if there is nothing.
    void keep(std::string_view rest);

    // One request, in the order of what happens to it.
    [[nodiscard]] Served serve_one(std::string_view input, site::Asset* loaded_asset);
    /// Decides about the body of the request whose head is in the scratch memory.
    [[nodiscard]] Served serve_parsed(std::string_view after_head, site::Asset* loaded_asset);
    [[nodiscard]] Served respond(const http::Framing& framing, const BodyPlan& body,
                                 site::Asset* loaded_asset);
    /// Responds to a request whose method alone decides.
    [[nodiscard]] std::optional<Served> respond_to_method(site::Persistence persistence);
    /// Responds to GET or HEAD; gives what has to come about first if that can't be now, as
    /// `respond_to_method` does.
    [[nodiscard]] std::optional<Served> respond_with_asset(site::Persistence persistence,
                                                           site::Asset* loaded_asset);
    /// Responds with an asset of `area`'s, within which `target` is.
    [[nodiscard]] std::optional<Served> respond_with(HostedArea& area, const http::Target& target,
                                                     const site::Asset& asset,
                                                     site::Persistence persistence);
    /// Responds with a redirect of `site`'s for `target`, whose path is the site's.
    [[nodiscard]] std::optional<Served> respond_with_redirect(HostedSite& site,
                                                              const http::Target& target,
                                                              site::Redirects::Index redirect,
                                                              site::Persistence persistence);
    /// Responds with an error of `area`'s.
    [[nodiscard]] std::optional<Served> respond_with_error(HostedArea& area, http::Status status,
                                                           site::Persistence persistence);
    /// Of the request in the scratch memory. Nothing: it has no IP address, or is not known.
    [[nodiscard]] std::optional<net::Address> client() const noexcept;
    /// The same in text, for the access log; empty: it is the peer.
    [[nodiscard]] std::string_view client_text() const;
    /// What is known of the client's right to see an area that is not for everybody.
    [[nodiscard]] Access find_access(const AreaAccess& area);
    /// Responds to a request that is not granted, or gives what has to come about first.
    [[nodiscard]] std::optional<Served> refuse_access(HostedArea& area, Access access,
                                                      site::Persistence persistence);
    /// Refuses what is at the front of `input`, which is no request, or not yet.
    [[nodiscard]] Served refuse(std::string_view input, http::Status status);
    /// Responds with an error that ends the connection.
    [[nodiscard]] Served reject(http::Status status);
    /// The field Server-Timing of the response that is made
    /// (https://www.w3.org/TR/server-timing/), in the scratch memory.
    [[nodiscard, gnu::noinline]] std::string_view render_timing();
    /// Responds to a request that no site is for: it may be a health check.
    [[nodiscard]] std::optional<Served> respond_without_site(site::Persistence persistence);
    [[nodiscard]] std::optional<Served> respond_to_health_check(site::Persistence persistence);
    /// Responds with an error of the default site's that counts as none's.
    [[nodiscard]] std::optional<Served> respond_for_no_site(http::Status status,
                                                            site::Persistence persistence);
    [[nodiscard]] std::optional<Served> respond_with_error(HostedArea& area, CountedSite& counted,
                                                           http::Status status,
                                                           site::Persistence persistence);
    /// Whether the batch takes another response that counts as `site`'s, with a head of at most so
    /// many bytes. What is counted when a batch has left is one site's: responses of several leave
    /// one after the other. Throws std::bad_alloc.
    [[nodiscard, gnu::always_inline]] bool takes_response(CountedSite& site,
                                                          std::size_t head_bytes) {
        return (counted_.get() == &site || may_count_for(site)) && batch().takes(head_bytes);
    }
    /// Goes over to the counters of another site, unless responses are under way.
    [[nodiscard, gnu::cold]] bool may_count_for(CountedSite& site) noexcept;
    /// All responses under way have left, or never will.
    void count_durations() noexcept {
        counted_->counters.durations.observe(services_.now - serving_since_,
                                             std::exchange(uncounted_responses_, 0));
    }
    /// Adds a response, whose head `writer` has written, to the batch.
    void add_response(site::Answer response, const http::HeadWriter& writer);
    [[gnu::noinline]] void log_response(const site::Answer& response);
    /// Of a line that is complete only when the response has left.
    void log_later(const site::Answer& response, const LogChoice& choice, const AccessEntry& entry);
    [[gnu::noinline]] void finish_lines() noexcept;
    [[gnu::noinline]] void cut_off_lines() noexcept;

    /// The peer has ended its stream, or the receive was ended for its deadline.
    [[nodiscard, gnu::noinline]] Action on_end_of_input();
    [[nodiscard]] Action after_serving(Served served);
    /// What follows when a message or bytes of a file have left.
    [[nodiscard]] Action go_on();
    /// What follows when all responses have left.
    [[nodiscard]] Action after_responses();

    // Changes of the state, each with the action that makes it so.
    /// To `receiving` or `idle`.
    [[nodiscard]] Action receive() noexcept;
    [[nodiscard]] Action load() noexcept;
    [[nodiscard]] Action verify() noexcept;
    [[nodiscard]] Action send() noexcept;
    [[nodiscard]] Action send_file() noexcept;
    [[nodiscard]] Action linger() noexcept;
    [[nodiscard]] Action close() noexcept;

    /// Acquires one if the connection has none. Throws std::bad_alloc.
    [[nodiscard]] ResponseBatch& batch() {
        if (batch_ == nullptr) {
            batch_ = &services_.batches.acquire();
        }
        return *batch_;
    }
    void release_batch() noexcept {
        if (batch_ != nullptr) {
            services_.batches.release(*std::exchange(batch_, nullptr));
        }
    }

    Services& services_;

    State state_ = State::idle;
    Afterwards afterwards_ = Afterwards::request;
    /// No response was made yet.
    bool is_fresh_ = true;
    bool awaits_check_ = false;
    bool begins_request_ = false;
    /// The next end of input is that of a receive that was ended for its deadline. It stays true: a
    /// receive may bring bytes before.
    bool has_timed_out_ = false;

    /// Null: no bytes are kept, and no body is waited for before its request is served.
    std::unique_ptr<Backlog> backlog_;
    /// Of the body of a request that was served, what is still to come and to be dropped.
    std::uint64_t body_remaining_bytes_ = 0;

    /// The responses that leave in the next send, or are leaving. Between two events it is null in
    /// any state but `sending`, so an idle connection holds none.
    ResponseBatch* batch_ = nullptr;
    /// What leaves behind them, of the last response's content.
    ResponseContent content_;

    /// Where the responses under way count, or the last ones did. Null: there was none.
    CountedSiteRef counted_;
    /// Responses under way, whose durations count when they have left.
    std::uint32_t uncounted_responses_ = 0;
    /// When what is served now was received, or looked at behind the request before.
    MonotonicTime serving_since_{};

    /// The site of the asset that is waited for, which may be one that no new request gets to any
    /// more. Null in any state but `loading`.
    HostedSiteRef waiting_for_;

    std::string remote_address_;
    std::uint16_t remote_port_ = 0;
    /// Nothing: it has no IP address, or it is not known.
    std::optional<net::Address> peer_;
    /// Null: no response is under way whose line is open.
    std::unique_ptr<LinesUnderWay> lines_;
    /// Since when the next request is there, though it had to wait for something; `never`: it had
    /// not to.
    MonotonicTime waits_since_ = never;
    /// What of that was a wait for the file system.
    ResponseTimes::Duration disk_wait_{};
    /// When the load that is waited for was begun.
    MonotonicTime load_begun_at_{};
};

}  // namespace torc::worker
