#pragma once

#include <torc/base/local_ref.hpp>
#include <torc/http/request.hpp>
#include <torc/http/status.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace torc::worker {

/// How long responses took: how many of them within each bound.
class DurationHistogram {
public:
    /// In nanoseconds, inclusive; what takes longer than all of them has a bucket of its own.
    static constexpr std::array<std::int64_t, 18> bounds = {
        100'000,       250'000,       500'000,       1'000'000,      2'500'000,      5'000'000,
        10'000'000,    25'000'000,    50'000'000,    100'000'000,    250'000'000,    500'000'000,
        1'000'000'000, 2'500'000'000, 5'000'000'000, 10'000'000'000, 30'000'000'000, 60'000'000'000,
    };
    static constexpr std::size_t buckets_count = bounds.size() + 1;

    /// So many `responses` took `duration` each.
    void observe(std::chrono::nanoseconds duration, std::uint32_t responses) noexcept {
        const auto nanoseconds = static_cast<std::uint64_t>(duration.count());
        sum_ns_ += responses * nanoseconds;
        std::size_t bucket = first_buckets[static_cast<std::size_t>(std::bit_width(nanoseconds))];
        while (bucket < bounds.size() && duration.count() > bounds[bucket]) {
            ++bucket;
        }
        buckets_[bucket] += responses;
    }
    void add(const DurationHistogram& other) noexcept;

    /// Of all responses together.
    [[nodiscard]] std::chrono::nanoseconds sum() const noexcept {
        return std::chrono::nanoseconds(sum_ns_);
    }
    /// How many responses took longer than one bound and no longer than the next.
    [[nodiscard]] const std::array<std::uint64_t, buckets_count>& buckets() const noexcept {
        return buckets_;
    }

private:
    /// By the bits of a duration: the first bucket that it can be in. No two bounds are further
    /// apart than a factor of 3, so the right one is one of the next three.
    static constexpr std::array<std::uint8_t, 65> first_buckets = [] {
        std::array<std::uint8_t, 65> buckets{};
        for (std::size_t bits = 1; bits < buckets.size(); ++bits) {
            const std::uint64_t least = std::uint64_t{1} << (bits - 1);
            std::uint8_t bucket = 0;
            while (bucket < bounds.size() &&
                   static_cast<std::uint64_t>(bounds.at(bucket)) < least) {
                ++bucket;
            }
            buckets.at(bits) = bucket;
        }
        return buckets;
    }();

    std::uint64_t sum_ns_ = 0;
    std::array<std::uint64_t, buckets_count> buckets_{};
};

/// The methods that responses are counted by.
enum class CountedMethod : std::uint8_t { get, head, other };
inline constexpr std::size_t counted_methods_count = 3;

/// What one worker counts of the requests for one site: some 830 bytes. Plain numbers, for the
/// worker's own thread alone; others get copies (see Statistics).
struct SiteCounters {
    /// By CountedMethod, and by the status's place in http::all_statuses.
    std::array<std::array<std::uint64_t, http::all_statuses.size()>, counted_methods_count>
        responses{};
    /// Heads and contents, as far as they were sent.
    std::uint64_t sent_bytes = 0;
    /// From when a request was there whole, or looked at behind the one before, until its response
    /// was the kernel's.
    DurationHistogram durations;

    void count_response(http::Method method, http::Status status) noexcept {
        if (method == http::Method::get) [[likely]] {
            ++responses[0][http::index_of(status)];
        } else {
            const auto counted =
                method == http::Method::head ? CountedMethod::head : CountedMethod::other;
            ++responses[static_cast<std::size_t>(counted)][http::index_of(status)];
        }
    }
    void add(const SiteCounters& other) noexcept;
    /// Of all methods and statuses.
    [[nodiscard]] std::uint64_t responses_in_all() const noexcept;
};

/// The counters of one site in one worker. Connections that count there keep it.
struct CountedSite : LocallyCounted {
    explicit CountedSite(std::string site_name) : name(std::move(site_name)) {}

    /// See config::SiteSettings::name; empty: of requests for no site.
    const std::string name;
    SiteCounters counters;
};
using CountedSiteRef = LocalRef<CountedSite>;

/// Why a connection was closed.
enum class CloseReason : std::uint8_t {
    /// Its client ended it, or it broke.
    client,
    /// Its last response has left: the client or torc wanted no more.
    finished,
    /// No request came.
    idle,
    /// The rest of a request did not come.
    request_timeout,
    /// The client took none of its response.
    send_timeout,
    /// It was ended for others, for which there was no room.
    evicted,
    /// There was no room for it, or its client has too many.
    refused,
    /// The server stopped.
    stop,
    /// There was no memory for it.
    memory,
};
inline constexpr std::size_t close_reasons_count = 9;

/// What one worker counts beside requests. Plain numbers, as SiteCounters.
struct WorkerCounters {
    /// Connections, whether they were then refused or not.
    std::uint64_t accepted = 0;
    std::array<std::uint64_t, close_reasons_count> closed{};
    /// Connections whose PROXY header was malformed, missing or too late.
    std::uint64_t proxy_header_errors = 0;

    void count_closed(CloseReason reason) noexcept { ++closed[static_cast<std::size_t>(reason)]; }
    void add(const WorkerCounters& other) noexcept;
};

}  // namespace torc::worker
