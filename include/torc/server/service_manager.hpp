#pragma once

#include <torc/base/unique_fd.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::server {

/// Who started this process as a service and is told how it fares: systemd, or another that speaks
/// its protocols, sd_notify(3) and sd_listen_fds(3).
///
/// Without one nothing here does anything. What can't be told is lost: the service goes on.
class ServiceManager {
public:
    /// A socket that this process was started with.
    struct Given {
        UniqueFd socket;
        /// FDNAME= of `store`, or what a socket unit says.
        std::string name;
    };

    /// There is none.
    ServiceManager() = default;
    /// By the variables of this process: NOTIFY_SOCKET, WATCHDOG_USEC, FDSTORE, LISTEN_FDS and
    /// those that go with them. Takes LISTEN_… out of the environment, which are for no process
    /// that this one starts, and closes on exec what was given. Call once, while there is no other
    /// thread.
    [[nodiscard]] static ServiceManager of_environment();

    /// Whether there is one to be told.
    [[nodiscard]] bool is_there() const noexcept { return !notify_address_.empty(); }
    /// How many sockets it keeps, of those that it is given by `store`, until the service is
    /// started anew; what comes beyond that it closes, and says nothing.
    [[nodiscard]] std::size_t store_size() const noexcept { return is_there() ? store_size_ : 0; }
    /// By when it wants to be told "WATCHDOG=1" again each time; nothing: it does not watch.
    [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval() const noexcept {
        return watchdog_interval_;
    }
    /// The sockets that this process was started with; none the second time.
    [[nodiscard]] std::vector<Given> take_sockets() noexcept { return std::exchange(sockets_, {}); }

    /// Tells lines of sd_notify(3): "READY=1\nSTATUS=…".
    void notify(std::string_view lines) const noexcept { send(lines, {}); }
    /// Has it keep `sockets` by a name of at most `name_bytes_max`, which is not to have a colon;
    /// what it has already is not there twice.
    void store(std::string_view name, std::span<const int> sockets) const noexcept;
    /// Has it close what it keeps by that name.
    void remove_stored(std::string_view name) const noexcept;
    /// What systemd takes for a name.
    static constexpr std::size_t name_bytes_max = 255;

private:
    void send(std::string_view lines, std::span<const int> descriptors) const noexcept;

    /// Of a Unix-domain datagram socket: a path, or what begins with NUL (unix(7), abstract).
    std::string notify_address_;
    std::size_t store_size_ = 0;
    std::optional<std::chrono::microseconds> watchdog_interval_;
    std::vector<Given> sockets_;
};

}  // namespace torc::server
