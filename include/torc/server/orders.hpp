#pragma once

#include <torc/base/event_fd.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::server {

/// What an operator tells a running server to do, beside signals.
enum class Order : std::uint8_t {
    reload,
    reopen_logs,
    upgrade,
    /// Stops when everything in flight is over.
    drain,
    stop,
    /// From now on it says that it is not ready.
    hold_back,
    /// It says again how it is.
    be_ready,
};

/// What came of an order.
struct OrderResult {
    enum class Outcome : std::uint8_t {
        /// It has taken effect, or of a stop, has begun.
        done,
        /// What it led to is wrong: `errors` says what. Nothing has changed.
        refused,
        /// It can't be carried out now; `errors` says why.
        unavailable,
    };
    Outcome outcome = Outcome::done;
    /// A line each, "torc.toml:3:5: …" where they have a position.
    std::vector<std::string> errors{};
    /// What takes effect at the next start or upgrade alone, a line each.
    std::vector<std::string> pending{};
    /// In a sentence, for people; may be empty.
    std::string text{};
};

/// An order that was given: who gave it waits for its result, or has gone. Thread-safe.
class PendingOrder {
public:
    /// `finished` is signalled once there is a result. Shared: it may be carried out when nobody
    /// waits for that any more.
    PendingOrder(Order order, std::shared_ptr<const EventFd> finished) noexcept
        : order_(order), finished_(std::move(finished)) {}

    [[nodiscard]] Order order() const noexcept { return order_; }
    /// For the main thread. Call once.
    void finish(OrderResult result) {
        {
            const std::scoped_lock lock(mutex_);
            result_ = std::move(result);
        }
        finished_->signal();
    }
    /// Nothing: it is not carried out yet.
    [[nodiscard]] std::optional<OrderResult> result() const {
        const std::scoped_lock lock(mutex_);
        return result_;
    }

private:
    const Order order_;
    const std::shared_ptr<const EventFd> finished_;
    mutable std::mutex mutex_;
    std::optional<OrderResult> result_;
};
using SharedOrder = std::shared_ptr<PendingOrder>;

/// Orders on their way to the main thread, which carries them out. Thread-safe.
class OrderQueue {
public:
    /// Throws StartError.
    OrderQueue() = default;

    void push(SharedOrder order) {
        {
            const std::scoped_lock lock(mutex_);
            orders_.push_back(std::move(order));
        }
        has_some_.signal();
    }
    /// Readable when there are some: for poll(2).
    [[nodiscard]] int descriptor() const noexcept { return has_some_.descriptor(); }
    /// All that came since the last call.
    [[nodiscard]] std::vector<SharedOrder> take() {
        has_some_.clear();
        const std::scoped_lock lock(mutex_);
        return std::exchange(orders_, {});
    }

private:
    std::mutex mutex_;
    std::vector<SharedOrder> orders_;
    const EventFd has_some_ = EventFd::create_at_start();
};

}  // namespace torc::server
