#pragma once

#include <torc/base/clock.hpp>
#include <torc/io/proactor.hpp>
#include <torc/net/accepted.hpp>
#include <torc/net/endpoint.hpp>
#include <torc/worker/address_limit.hpp>
#include <torc/worker/balance.hpp>
#include <torc/worker/connection_table.hpp>
#include <torc/worker/deadlines.hpp>
#include <torc/worker/report.hpp>
#include <torc/worker/report_limiter.hpp>
#include <torc/worker/shutdown.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace torc::worker {

/// Lets connections into one worker: hands them over to a worker that has fewer, refuses those of a
/// client that has too many, gives each a slot, and decides who ends when there is no room.
///
/// Where nobody can be spared, a connection gets one of limits::connections_spare slots and room is
/// made up for later. When these are taken too it is parked: it has a descriptor but no slot, until
/// a slot is free or it is clear that none will be.
class Admission {
public:
    /// Begins and ends connections: the worker.
    class Host {
    public:
        /// A connection has got a slot; it may be closed by the time this returns.
        virtual void begin(ConnectionSlot& slot) = 0;
        /// Ends a connection for another. If nothing is in flight it is closed at once, otherwise
        /// once that has completed.
        virtual void end(ConnectionSlot& slot) = 0;
        /// Ends connections that wait for a load and whose peers have gone.
        virtual void end_gone_peers() = 0;

    protected:
        Host() = default;
        Host(const Host&) = default;
        Host(Host&&) = default;
        Host& operator=(const Host&) = default;
        Host& operator=(Host&&) = default;
        ~Host() = default;
    };

    /// What admission works on. All of it outlives it.
    struct Parts {
        Host& host;
        io::Proactor& proactor;
        const ReportSink& reports;
        Services& services;
        ConnectionTable& connections;
        Deadlines& deadlines;
        Shutdown& shutdown;
        /// Slots that connections are to have, without the spare ones.
        std::uint32_t connections_max = 0;
        /// Shared with the other workers, of which this is `worker`; null: there are none.
        Balance* balance = nullptr;
        std::size_t worker = 0;
        /// Shared too; null: a client may have as many connections as there is room for.
        AddressLimit* address_limit = nullptr;
    };

    explicit Admission(const Parts& parts) : parts_(parts) {}

    /// A connection that a listener gave: another worker may have more room for it.
    void admit(const net::Accepted& connection);
    /// A connection that another worker has handed over, and counted in here.
    void take_over(const net::Accepted& connection);
    /// Counts a connection that has a slot among those of the client that its PROXY header names;
    /// false: it has too many.
    [[nodiscard]] bool may_stay(const ConnectionSlot& slot, const net::Endpoint& client);
    /// Gives slots to connections that wait for one: some were freed.
    void serve_parked();

    /// So many connections wait without a descriptor: ends some, so that they can be accepted.
    void make_room_for(std::size_t connections);
    /// Whoever was ended for those, it was not enough: `make_room_for` counts from the beginning.
    void forget_evictions() noexcept { evictions_ = 0; }

    /// When `expire` is due; `never`: not at all.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept { return make_up_room_at_; }
    /// Makes room for connections that were let in though nothing could be spared for them then.
    void expire();

    /// A connection is ending, and keeps its slot until what is in flight has completed.
    void on_ending() noexcept { ++endings_; }
    /// Counts the connection of a slot out and closes its socket. The slot is then to be released.
    void close(const ConnectionSlot& slot);

private:
    enum class Urgency : std::uint8_t {
        /// There are spare slots.
        can_wait,
        /// Somebody waits for room.
        at_once,
    };

    /// Whether the peer is none of the proxies that alone may connect to its listener.
    [[nodiscard]] bool is_stranger(const net::Accepted& connection);
    /// Counts a connection among those of its peer; false: it has too many.
    [[nodiscard]] bool may_have_another(const net::Accepted& connection);
    /// Precondition: there is a limit.
    [[nodiscard]] bool count_client(int socket, const net::Endpoint& client);
    void give_slot(const net::Accepted& connection);
    [[nodiscard]] ConnectionSlot* acquire_slot(const net::Accepted& connection) noexcept;
    void park(const net::Accepted& connection);
    void refuse(const net::Accepted& connection);
    void cut_off(const net::Accepted& connection);
    /// Closes a connection that never had a slot.
    void close_slotless(const net::Accepted& connection, CloseReason reason);
    void close_socket(int socket);

    /// Whether there are more connections, without those that are ending, than there should be.
    [[nodiscard]] std::uint32_t staying() const noexcept;
    /// Looks for room again a moment later.
    void make_up_room_soon() noexcept;
    /// For a connection that is here.
    void make_room_for_one();
    /// Ends the connection that can best be spared; false: there is none.
    bool make_room(Urgency urgency);
    [[nodiscard]] ConnectionSlot* find_expendable(Urgency urgency);
    [[nodiscard]] ConnectionSlot* find_slow_reader(std::chrono::nanoseconds patience);

    const Parts parts_;
    /// Connections that were ended and are not closed yet.
    std::uint32_t endings_ = 0;
    /// Those of them that were ended for others without a descriptor.
    std::size_t evictions_ = 0;
    MonotonicTime make_up_room_at_ = never;
    /// Connections that wait for a slot, the longest first.
    std::vector<net::Accepted> parked_;
    /// How often room was looked for since the last of them came.
    int parked_rounds_ = 0;
    ReportLimiter address_report_;
    ReportLimiter stranger_report_;
    ReportLimiter refusal_report_;
    ReportLimiter slow_reader_report_;
};

}  // namespace torc::worker
