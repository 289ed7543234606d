#pragma once

#include <torc/net/endpoint.hpp>
#include <torc/net/inherited.hpp>
#include <torc/net/listen_address.hpp>
#include <torc/net/listening_sockets.hpp>
#include <torc/net/socket_file.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace torc::net {

/// Asked whenever a port is found to be taken; waits a little. False: it was waited for long
/// enough.
using WaitForPort = std::function<bool(const Endpoint&)>;

/// In which words errors say what to do: in those of flags, or of a configuration file too, or of
/// one address that whoever reports them names.
enum class Wording : std::uint8_t { flags, keys, address };

/// The sockets that a server listens on: for each endpoint one for each worker, in a SO_REUSEPORT
/// group, so that the kernel deals out the connections and no worker shares a queue with another.
/// There is no such group of Unix-domain sockets: of those one worker has the only one, and hands
/// over to the others what comes to it (Balance).
class Listeners {
public:
    /// Binds and listens. `addresses` as in Settings; with port 0, one free port for all of them.
    /// On a machine without IPv6, :: and ::1 beside an IPv4 address are left out (`lacks_ipv6`). A
    /// port that is taken is tried again for as long as `wait_for_port` says.
    /// Throws StartError naming the address and the remedy, in the words of `wording`: the port is
    /// taken (by another program, or another torc, which SO_REUSEPORT alone would let share it
    /// unseen), needs a privilege, or the machine does not have the address. What a process that
    /// has gone left at the path of a Unix-domain socket is removed.
    /// `inherited`: listens on these instead of binding anew, and on those that others have opened
    /// also where no address asks for it. If those are all and there are no addresses, it listens
    /// on nothing else. What torc has opened and nobody wants any more is retired.
    Listeners(
        const std::vector<ListenAddress>& addresses, std::uint16_t port, unsigned workers,
        const WaitForPort& wait_for_port = [](const Endpoint&) { return false; },
        Wording wording = Wording::flags, std::vector<Inherited> inherited = {});

    [[nodiscard]] const std::vector<Endpoint>& endpoints() const noexcept { return endpoints_; }
    /// Whether addresses that were asked for are left out, since the machine has no IPv6.
    [[nodiscard]] bool lacks_ipv6() const noexcept { return lacks_ipv6_; }
    [[nodiscard]] ListeningSockets& of(unsigned worker) { return sockets_.at(worker); }

    /// Until this is called, what was inherited is somebody else's too, and is kept whatever the
    /// addresses say: if this process fails to start, nothing has happened to it. Gives what is
    /// retired, of which the workers have to be told. `keeps`: somebody else has the rest from here
    /// on too. Throws std::bad_alloc: call it again.
    std::vector<Endpoint> settle(Keeps keeps);
    /// Somebody else has the sockets too from now on, all that are not retired; see
    /// ListeningSockets::keep.
    void keep() noexcept;
    /// One of them, to be passed on to another process.
    struct Passed {
        int socket = -1;
        OpenedBy opened_by = OpenedBy::torc;
    };
    /// All that are not retired and open still. Throws std::bad_alloc.
    [[nodiscard]] std::vector<Passed> passed() const;
    /// One that torc has opened.
    struct Own {
        Endpoint endpoint;
        unsigned worker = 0;
        /// Of the worker's.
        std::size_t index = 0;
        int socket = -1;
    };
    /// All that torc has opened, that are not retired and open still: the first of each endpoint,
    /// then the second of each, so that of fewer than all as many endpoints as possible have one.
    /// Throws std::bad_alloc.
    [[nodiscard]] std::vector<Own> own_sockets() const;
    /// Of those that torc has opened, somebody else has just these too.
    void keep_alone(std::span<const Own> kept) noexcept;

    /// Other addresses, and what it takes to listen on them.
    struct Change {
        std::vector<ListenAddress> addresses;
        std::uint16_t port = 0;
        std::vector<ListenPlace> places{};
        bool lacks_ipv6 = false;
        struct Addition {
            Endpoint endpoint;
            OpenedBy opened_by = OpenedBy::torc;
            bool is_inherited = false;
            /// By worker; empty: another one has it. They listen: who connects waits until a worker
            /// accepts.
            std::vector<UniqueFd> sockets;
            SocketFile file{};
        };
        std::vector<Addition> additions{};
        /// What came of port 0.
        std::uint16_t free_port = 0;
    };
    /// Binds what `addresses` and `port` ask for beyond what there is; with port 0 the one that is
    /// there. Nothing comes of it until `apply`; the kernel resets who has connected to what is
    /// dropped before. Throws StartError as the constructor does.
    [[nodiscard]] Change prepare(
        const std::vector<ListenAddress>& addresses, std::uint16_t port,
        const WaitForPort& wait_for_port = [](const Endpoint&) { return false; }) const;
    /// Goes over to it; gives what is retired. The workers have to be told to look at their
    /// sockets. Throws std::bad_alloc, and then nothing has changed.
    std::vector<Endpoint> apply(Change change);

private:
    struct Place {
        Endpoint endpoint;
        OpenedBy opened_by = OpenedBy::torc;
        bool is_in_use = true;
        /// And not settled; see `settle`.
        bool is_inherited = false;
    };

    void adopt(InheritedGroup group);
    /// The places that `addresses` ask for, and those that others have opened.
    [[nodiscard]] std::vector<ListenPlace> wanted(const std::vector<ListenAddress>& addresses,
                                                  std::uint16_t port) const;

    /// Whether some of these sockets, which may still have to be closed, listen on what is a part
    /// of `endpoint` or has it as a part.
    [[nodiscard]] bool overlaps(const Endpoint& endpoint) const noexcept;
    [[nodiscard]] bool is_free(std::size_t index) const noexcept;
    /// Whether there are sockets for just that, which were not retired.
    [[nodiscard]] bool is_in_use(const Endpoint& endpoint) const noexcept;
    /// Precondition: there is memory.
    void add(Change::Addition& addition) noexcept;
    /// A copy that lives as long as this; null: there are none. Throws std::bad_alloc.
    const ProxyPeers* keep(const std::optional<ProxyPeers>& proxies);

    Wording wording_;
    /// As they were asked for.
    std::vector<ListenAddress> addresses_;
    std::uint16_t port_ = 0;
    /// What came of port 0; 0: there was none.
    std::uint16_t free_port_ = 0;
    /// What came of the addresses.
    std::vector<ListenPlace> wanted_;
    std::vector<Endpoint> endpoints_;
    bool lacks_ipv6_ = false;
    /// By the index of the sockets, which those get that were closed long ago.
    std::vector<Place> places_;
    /// All that there ever were, each once: connections refer to them.
    std::deque<ProxyPeers> proxies_;
    /// By worker.
    std::deque<ListeningSockets> sockets_;
};

}  // namespace torc::net
