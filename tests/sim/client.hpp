#pragma once

#include "sim/kernel.hpp"
#include "sim/machine.hpp"
#include "sim/message.hpp"
#include "sim/model.hpp"
#include "sim/request_maker.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace torc::sim {

/// What all clients share.
struct ClientSurroundings {
    Machine& machine;
    Kernel& kernel;
    Model& model;
    int listener = -1;
    /// See RequestMaker.
    std::string favourite{};
    /// When the server was told to stop; `never`: it was not yet.
    MonotonicTime stopped_at = never;
    std::uint64_t requests = 0;
    std::uint64_t responses = 0;
};

/// One client: some connections, one after the other, with some requests each. Which, in what
/// pieces and how fast it reads follows from its random numbers. It hands each response to the
/// model, and checks by itself what is about the connection: order, framing, reuse and deadlines.
class Client {
public:
    /// `around` outlives it.
    Client(ClientSurroundings& around, Random random, int number);
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    ~Client();

    /// It has done all that it wanted to, and has no connection any more.
    [[nodiscard]] bool is_done() const noexcept { return connections_left_ == 0 && !link_; }

private:
    /// How it ends a connection.
    enum class End : std::uint8_t {
        /// By ending its stream when it has its last response.
        closes,
        /// By ending its stream behind its last request, before it has all responses.
        half_closes,
        /// Not at all: the server is to.
        waits,
        /// By a reset, at any time.
        resets,
    };

    void connect();
    void plan();
    void send_some();
    void begin_request();
    void on_event();
    void read_some();
    void take(const std::string& bytes);
    void take_responses();
    void answered(const Request& request, Response response);
    /// The server has ended the connection.
    void on_end();
    /// Something came of a connection that was idle, or of half a request: within its deadline?
    void check_deadline();
    [[nodiscard]] bool may_end_unanswered() const;
    void finish();
    void reset();
    void watch(std::uint64_t connection);
    void fail(const std::string& what);
    /// Calls `step` after `delay`, unless the connection is another one by then.
    void later(Duration delay, void (Client::*step)());
    [[nodiscard]] MonotonicTime now() const { return around_.machine.now().monotonic; }

    ClientSurroundings& around_;
    Random random_;
    const int number_;
    RequestMaker maker_;
    std::uint64_t connections_left_;
    /// Goes up with each.
    std::uint64_t connection_ = 0;
    LinkRef link_;
    ResponseReader reader_;

    // The plan of a connection.
    End end_ = End::closes;
    std::uint64_t requests_left_ = 0;
    bool is_pipelining_ = false;
    bool has_pauses_ = false;
    bool reads_slowly_ = false;
    /// The last request comes in half, and nothing after it.
    bool stalls_ = false;
    std::size_t piece_bytes_max_ = 0;

    /// What is still to be sent of the last request.
    std::string unsent_;
    bool is_sending_ = false;
    bool is_reading_ = false;
    bool has_ended_ = false;
    bool has_stalled_ = false;
    /// Whether a response said that it is the last one.
    bool was_last_ = false;
    /// Sent, at least in part, and not answered.
    std::deque<Request> asked_;
    MonotonicTime active_at_{};
    /// When the last response was whole.
    MonotonicTime answered_at_{};
};

}  // namespace torc::sim
