#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace torc::worker {

/// Counts the connections of each client over all workers, so that one can't have them all.
/// Thread-safe; asked when a connection comes and when it goes. Without a limit nothing is counted:
/// who comes then does not count later either.
class AddressLimit {
public:
    /// 0: no limit.
    explicit AddressLimit(std::uint32_t connections_max) : connections_max_(connections_max) {}
    AddressLimit(const AddressLimit&) = delete;
    AddressLimit& operator=(const AddressLimit&) = delete;
    ~AddressLimit() = default;

    /// From now on; who has more connections keeps them. 0: no limit.
    void set_connections_max(std::uint32_t connections_max) noexcept {
        connections_max_.store(connections_max, std::memory_order_relaxed);
    }
    [[nodiscard]] bool is_limited() const noexcept {
        return connections_max_.load(std::memory_order_relaxed) > 0;
    }

    /// Counts the connection of `socket`, whose client is `network` (Endpoint::network); false: the
    /// client has as many as it may, or there is no memory to count one more.
    [[nodiscard]] bool enter(int socket, std::uint64_t network) noexcept;
    /// Before `socket` is closed; without effect when it was not counted.
    void leave(int socket) noexcept;

private:
    std::atomic<std::uint32_t> connections_max_;
    /// Whether a connection was ever counted.
    std::atomic<bool> has_counted_ = false;
    std::mutex mutex_;
    /// By client, without those that have none.
    std::unordered_map<std::uint64_t, std::uint32_t> connections_;
    /// By socket.
    std::unordered_map<int, std::uint64_t> networks_;
};

}  // namespace torc::worker
