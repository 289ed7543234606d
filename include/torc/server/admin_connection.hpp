#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/server/admin_requests.hpp>
#include <torc/server/orders.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace torc::server {

/// What an administrative connection needs of its server.
class AdminHost {
public:
    AdminHost() = default;
    AdminHost(const AdminHost&) = delete;
    AdminHost& operator=(const AdminHost&) = delete;

    [[nodiscard]] virtual ServerState state() const = 0;
    [[nodiscard]] virtual Observation observe() = 0;
    /// Hands an order to the main thread.
    [[nodiscard]] virtual SharedOrder give(Order order) = 0;

protected:
    ~AdminHost() = default;
};

/// One connection of an administrative listener: one request, one response, and then its end.
/// Nothing waits here: the thread polls for what `awaits` says, until `deadline`.
///
/// | state      | event                            | next                                    |
/// |------------|----------------------------------|-----------------------------------------|
/// | reading    | a whole request for a response   | writing                                 |
/// |            | a whole request with an order    | ordered                                 |
/// |            | what is no request, or too large | writing (an error)                      |
/// |            | the end, or the deadline         | ended                                   |
/// | ordered    | the order's result               | writing                                 |
/// |            | the client has gone              | ended; the order is carried out anyway  |
/// | writing    | all was written, or the deadline | ended                                   |
class AdminConnection {
public:
    /// For a request, and for a response to be taken.
    static constexpr std::chrono::seconds time_max{10};
    static constexpr std::size_t request_bytes_max = std::size_t{16} * 1024;

    /// `host` outlives it.
    AdminConnection(UniqueFd socket, AdminScope scope, AdminHost& host, MonotonicTime now)
        : socket_(std::move(socket)), scope_(scope), host_(&host), deadline_(now + time_max) {}

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    /// For poll(2).
    [[nodiscard]] short awaits() const noexcept;
    [[nodiscard]] MonotonicTime deadline() const noexcept { return deadline_; }
    [[nodiscard]] bool has_ended() const noexcept { return state_ == State::ended; }

    /// Goes on: `events` are poll(2)'s; orders may have ended.
    void go_on(short events, MonotonicTime now);
    /// Ends it.
    void end() noexcept { state_ = State::ended; }

private:
    enum class State : std::uint8_t { reading, ordered, writing, ended };

    void read(MonotonicTime now);
    void take(const http::Request& request, MonotonicTime now);
    void respond(const AdminResponse& response, MonotonicTime now);
    void write();

    UniqueFd socket_;
    AdminScope scope_;
    AdminHost* host_;
    State state_ = State::reading;
    MonotonicTime deadline_;
    std::string input_;
    std::string output_;
    std::size_t written_bytes_ = 0;
    SharedOrder order_;
    bool is_head_only_ = false;
    /// Whether the result of the order is for people.
    bool wants_text_ = false;
};

}  // namespace torc::server
