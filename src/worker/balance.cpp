#include <torc/worker/balance.hpp>

namespace torc::worker {
namespace {

/// Whether `own` connections are so many more than `others` that one is worth a wake-up: of few
/// each counts, of many an eighth more is what the kernel's hash gives.
bool is_clearly_more(std::uint32_t own, std::uint32_t others) noexcept {
    return own > others + 1 + others / 8;
}

}  // namespace

std::size_t Balance::find_taker() const noexcept {
    std::size_t least = counts_.size();
    for (std::size_t worker = 0; worker < counts_.size(); ++worker) {
        if (mailboxes_[worker].takes_connections() &&
            (least == counts_.size() || connections(worker) < connections(least))) {
            least = worker;
        }
    }
    return least;
}

bool Balance::put(std::size_t worker, const net::Accepted& connection) noexcept {
    // Before: it may be taken, and even closed, by the time the call returns.
    add(worker, 1);
    const bool is_taken = mailboxes_[worker].hand_over(connection);
    if (!is_taken) {
        subtract(worker, 1);
    }
    return is_taken;
}

bool Balance::hand_over(std::size_t worker, const net::Accepted& connection) noexcept {
    const std::size_t taker = find_taker();
    return taker < counts_.size() && is_clearly_more(connections(worker) + 1, connections(taker)) &&
           put(taker, connection);
}

bool Balance::give(const net::Accepted& connection) noexcept {
    const std::size_t taker = find_taker();
    return taker < counts_.size() && put(taker, connection);
}

bool Balance::has_taker() const noexcept {
    return find_taker() < counts_.size();
}

void Balance::exclude(std::size_t worker, std::vector<net::Accepted>& connections) {
    const std::size_t before = connections.size();
    mailboxes_[worker].suspend_hand_overs(connections);
    subtract(worker, static_cast<std::uint32_t>(connections.size() - before));
}

void Balance::include(std::size_t worker) noexcept {
    mailboxes_[worker].resume_hand_overs();
}

}  // namespace torc::worker
