#pragma once

#include "sim/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace torc::sim {

/// The bytes of one direction of a TCP connection.
struct Stream {
    /// In the sender's kernel, and in the receiver's.
    std::string outgoing{};
    std::string arrived{};
    std::size_t outgoing_bytes_max = 0;
    std::size_t arrived_bytes_max = 0;
    std::uint64_t carried_bytes = 0;
    /// The sender has ended it; the end has arrived.
    bool ends = false;
    bool has_ended = false;
    bool is_carrying = false;

    [[nodiscard]] std::size_t room() const noexcept { return outgoing_bytes_max - outgoing.size(); }
};

/// One TCP connection of a client to the server, as both kernels have it: windows, latencies,
/// half-closes and resets. Segments neither get lost nor overtake each other; TCP sees to that.
class Link : public std::enable_shared_from_this<Link> {
public:
    struct Sizes {
        std::size_t client_buffer_bytes = 0;
        std::size_t server_buffer_bytes = 0;
        Duration latency{};
    };
    Link(Machine& machine, std::uint64_t number, const Sizes& sizes);
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;
    ~Link() = default;

    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

    // The client's end.

    /// Called when there may be something to receive or room to send, or the end has come. Not
    /// from within one of these functions.
    void listen_client(std::function<void()> listener) { client_listener_ = std::move(listener); }
    /// Gives how many bytes there was room for.
    std::size_t client_send(std::string_view bytes);
    [[nodiscard]] std::string client_receive(std::size_t bytes_max);
    void client_end();
    void client_reset();
    /// close(2): an end, or a reset when bytes are there or come that nobody receives.
    void client_close();
    /// All was received, and the server has ended its stream.
    [[nodiscard]] bool is_at_end() const noexcept {
        return down_.arrived.empty() && down_.has_ended;
    }
    [[nodiscard]] bool was_reset_by_server() const noexcept { return client_is_told_of_reset_; }

    // The server's end.

    /// Whether it has come into a listener's queue, or out of it.
    [[nodiscard]] bool is_with_server() const noexcept { return is_with_server_; }
    void give_to_server() noexcept { is_with_server_ = true; }
    void listen_server(std::function<void()> listener) { server_listener_ = std::move(listener); }
    [[nodiscard]] Stream& up() noexcept { return up_; }
    [[nodiscard]] Stream& down() noexcept { return down_; }
    [[nodiscard]] bool was_reset_by_client() const noexcept { return server_is_told_of_reset_; }
    /// Both streams have ended.
    [[nodiscard]] bool is_over() const noexcept { return up_.has_ended && down_.has_ended; }
    [[nodiscard]] std::string server_receive(std::size_t bytes_max);
    void server_send(std::string_view bytes);
    void server_end();
    void server_reset();
    /// close(2): an end, or a reset when bytes are there or come that nobody receives.
    void server_close();

private:
    void carry(Stream& stream);
    void carried(Stream& stream);
    void notify_client();
    void notify_server();

    Machine& machine_;
    const std::uint64_t number_;
    const Duration latency_;
    Stream up_;
    Stream down_;
    bool is_with_server_ = false;
    bool is_closed_by_server_ = false;
    bool is_closed_by_client_ = false;
    bool is_reset_by_client_ = false;
    bool is_reset_by_server_ = false;
    bool server_is_told_of_reset_ = false;
    bool client_is_told_of_reset_ = false;
    std::function<void()> client_listener_;
    std::function<void()> server_listener_;
};
using LinkRef = std::shared_ptr<Link>;

}  // namespace torc::sim
