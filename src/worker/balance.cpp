#include <torc/worker/balance.hpp>

#include <algorithm>

namespace torc::worker {
namespace {

/// Whether `own` connections are so many more than `others` that one is worth a wake-up: of few
/// each counts, of many an eighth more is what the kernel's hash gives.
bool is_clearly_more(std::uint32_t own, std::uint32_t others) noexcept {
    return own > others + 1 + others / 8;
}

}  // namespace

void Balance::join(Seat seat, io::Proactor& proactor) {
    Place& place = seats_[seat];
    const std::scoped_lock lock(place.mutex);
    place.proactor = &proactor;
    place.is_taker = !place.is_excluded;
}

void Balance::leave(Seat seat, std::vector<net::Accepted>& connections) {
    Place& place = seats_[seat];
    const std::scoped_lock lock(place.mutex);
    place.proactor = nullptr;
    place.is_taker = false;
    take_from(place, connections);
}

Balance::Place* Balance::find_taker() noexcept {
    Place* least = nullptr;
    for (Place& place : seats_) {
        if (place.is_taker.load(std::memory_order_relaxed) &&
            (least == nullptr || place.connections.load(std::memory_order_relaxed) <
                                     least->connections.load(std::memory_order_relaxed))) {
            least = &place;
        }
    }
    return least;
}

bool Balance::put(Place& place, const net::Accepted& connection) {
    const std::scoped_lock lock(place.mutex);
    if (!place.is_taker) {
        return false;
    }
    place.handed.push_back(connection);
    place.connections.fetch_add(1, std::memory_order_relaxed);
    // One wake-up for all that come before they are taken.
    if (!place.has_handed.exchange(true, std::memory_order_release)) {
        place.proactor->wake();
    }
    return true;
}

bool Balance::hand_over(Seat seat, const net::Accepted& connection) {
    Place* taker = find_taker();
    return taker != nullptr &&
           is_clearly_more(connections(seat) + 1,
                           taker->connections.load(std::memory_order_relaxed)) &&
           put(*taker, connection);
}

bool Balance::give(const net::Accepted& connection) {
    Place* taker = find_taker();
    return taker != nullptr && put(*taker, connection);
}

bool Balance::has_taker() const noexcept {
    return std::ranges::any_of(seats_, [](const Place& place) { return place.is_taker.load(); });
}

void Balance::exclude(Seat seat, std::vector<net::Accepted>& connections) {
    Place& place = seats_[seat];
    const std::scoped_lock lock(place.mutex);
    place.is_excluded = true;
    place.is_taker = false;
    place.connections.fetch_sub(static_cast<std::uint32_t>(place.handed.size()),
                                std::memory_order_relaxed);
    take_from(place, connections);
}

void Balance::include(Seat seat) {
    Place& place = seats_[seat];
    const std::scoped_lock lock(place.mutex);
    place.is_excluded = false;
    place.is_taker = place.proactor != nullptr;
}

void Balance::take(Seat seat, std::vector<net::Accepted>& connections) {
    Place& place = seats_[seat];
    const std::scoped_lock lock(place.mutex);
    take_from(place, connections);
}

void Balance::take_from(Place& place, std::vector<net::Accepted>& connections) {
    connections.insert(connections.end(), place.handed.begin(), place.handed.end());
    place.handed.clear();
    place.has_handed.store(false, std::memory_order_relaxed);
}

}  // namespace torc::worker
