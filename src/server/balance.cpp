#include <torc/server/balance.hpp>

#include <utility>

namespace torc::server {
namespace {

/// Whether `own` connections are so many more than `others` that one is worth a wake-up: of few
/// each counts, of many an eighth more is what the kernel's hash gives.
bool is_clearly_more(std::uint32_t own, std::uint32_t others) noexcept {
    return own > others + 1 + others / 8;
}

}  // namespace

void Balance::join(Seat seat, io::Proactor& proactor) {
    const std::scoped_lock lock(seats_[seat].mutex);
    seats_[seat].proactor = &proactor;
}

void Balance::leave(Seat seat, std::vector<int>& sockets) {
    {
        const std::scoped_lock lock(seats_[seat].mutex);
        seats_[seat].proactor = nullptr;
    }
    take(seat, sockets);
}

bool Balance::hand_over(Seat seat, int socket) {
    Seat least = seat;
    for (Seat other = 0; other < seats_.size(); ++other) {
        if (connections(other) < connections(least)) {
            least = other;
        }
    }
    if (!is_clearly_more(connections(seat) + 1, connections(least))) {
        return false;
    }
    Place& place = seats_[least];
    const std::scoped_lock lock(place.mutex);
    if (place.proactor == nullptr) {
        return false;
    }
    place.handed.push_back(socket);
    count_in(least);
    // One wake-up for all that come before they are taken.
    if (!place.has_handed.exchange(true, std::memory_order_release)) {
        place.proactor->wake();
    }
    return true;
}

void Balance::take(Seat seat, std::vector<int>& sockets) {
    Place& place = seats_[seat];
    const std::scoped_lock lock(place.mutex);
    sockets.insert(sockets.end(), place.handed.begin(), place.handed.end());
    place.handed.clear();
    place.has_handed.store(false, std::memory_order_relaxed);
}

}  // namespace torc::server
