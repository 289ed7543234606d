#include <torc/worker/address_limit.hpp>

#include <new>

namespace torc::worker {

bool AddressLimit::enter(int socket, std::uint64_t network) noexcept {
    const std::uint32_t connections_max = connections_max_.load(std::memory_order_relaxed);
    if (connections_max == 0) {
        return true;
    }
    has_counted_.store(true, std::memory_order_relaxed);
    const std::scoped_lock lock(mutex_);
    try {
        const auto found = connections_.find(network);
        if (found != connections_.end() && found->second >= connections_max) {
            return false;
        }
        networks_.emplace(socket, network);
        try {
            ++connections_[network];
        } catch (const std::bad_alloc&) {
            networks_.erase(socket);
            return false;
        }
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void AddressLimit::leave(int socket) noexcept {
    if (!has_counted_.load(std::memory_order_relaxed)) {
        return;
    }
    const std::scoped_lock lock(mutex_);
    const auto network = networks_.find(socket);
    if (network == networks_.end()) {
        return;
    }
    const auto count = connections_.find(network->second);
    if (--count->second == 0) {
        connections_.erase(count);
    }
    networks_.erase(network);
}

}  // namespace torc::worker
