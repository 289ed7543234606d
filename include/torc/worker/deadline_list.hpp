#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/intrusive_list.hpp>

#include <chrono>

namespace torc::worker {

/// What waits with a deadline inherits this.
struct DeadlineLink : ListLink<DeadlineLink> {
    /// When the wait began.
    MonotonicTime waits_since{};
};

/// Those that may all wait equally long: a FIFO list is then sorted by itself, and setting,
/// resetting and clearing a deadline takes constant time. Another timeout is another for all of
/// them, and leaves the list sorted.
template <typename Element>
class DeadlineList {
public:
    explicit DeadlineList(std::chrono::nanoseconds timeout) noexcept : timeout_(timeout) {}

    void set_timeout(std::chrono::nanoseconds timeout) noexcept { timeout_ = timeout; }

    /// Starts the wait of `element`, wherever it waited before.
    void start(Element& element, MonotonicTime now) noexcept {
        element.unlink();
        element.waits_since = now;
        list_.push_back(element);
    }

    /// The element that has waited longest; null when none waits.
    [[nodiscard]] Element* first() noexcept { return list_.front(); }

    /// The one that began to wait after `element`; null when there is none.
    [[nodiscard]] Element* next(Element& element) noexcept { return list_.next(element); }

    /// When the first deadline passes; `never` when none waits.
    [[nodiscard]] MonotonicTime next() noexcept {
        const Element* element = list_.front();
        return element != nullptr ? element->waits_since + timeout_ : never;
    }

    /// Takes out an element whose deadline has passed; null when there is none (any more).
    [[nodiscard]] Element* take_expired(MonotonicTime now) noexcept {
        Element* element = list_.front();
        if (element == nullptr || now < element->waits_since + timeout_) {
            return nullptr;
        }
        element->unlink();
        return element;
    }

private:
    std::chrono::nanoseconds timeout_;
    IntrusiveList<Element, DeadlineLink> list_;
};

}  // namespace torc::worker
