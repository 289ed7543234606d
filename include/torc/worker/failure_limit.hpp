#pragma once

#include <torc/base/bounded_table.hpp>
#include <torc/base/clock.hpp>
#include <torc/base/random.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace torc::worker {

/// Counts wrong passwords by client, so that nobody goes on guessing: `failures_max` of them are
/// let pass at once, and then one each time that another is forgiven.
///
/// It is a worker's own: a client whose connections are spread over several has so many with each.
/// Of entries_max clients that fail, those that have not done so for longest are forgotten.
class FailureLimit {
public:
    static constexpr int failures_max = 10;
    static constexpr std::chrono::seconds forgiven_after{6};
    static constexpr std::size_t entries_max = 1024;

    explicit FailureLimit(SecretKey key) noexcept : key_(key) {}

    /// Whether the client may not try now. `network`: see net::Address::network.
    [[nodiscard]] bool blocks(std::uint64_t network, MonotonicTime now) noexcept;
    /// The client was wrong. Without memory, of which only the first call needs some, that is not
    /// counted.
    void note(std::uint64_t network, MonotonicTime now) noexcept;

private:
    const SecretKey key_;
    /// When all failures of a client are forgiven.
    BoundedTable<MonotonicTime, entries_max> forgiven_at_;
};

}  // namespace torc::worker
