#include <torc/worker/reader_watch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace torc::worker {
namespace {

/// Between two looks at one connection, at the most; so many looks are there in a timeout.
constexpr std::chrono::nanoseconds look_interval_max = std::chrono::seconds(2);
constexpr int looks_per_timeout = 8;
/// How much of the timeout the window of the rate is: a minute of five.
constexpr int windows_per_timeout = 5;
/// So much of its window a rate must tell of, before a peer that still takes something is slow.
constexpr int observations_per_window = 12;
/// A look is a system call. How many are taken by one call that is not in a hurry, and by one for
/// somebody who waits for room.
constexpr std::size_t looks_at_once_max = 256;
constexpr std::size_t hasty_looks_at_once_max = 32;
/// A closed window tells of a peer that does not read once nothing has moved for so many times as
/// long as it took to fill. A slow reader's closes too, for the time in which its program takes a
/// part of what its kernel has room for; but it has moved since it was filled.
constexpr int stalls_per_filling_min = 2;

}  // namespace

ReaderWatch::ReaderWatch(const io::Proactor& proactor, std::chrono::nanoseconds timeout,
                         std::uint64_t bytes_per_second_min) noexcept
    : proactor_(proactor), looks_(look_interval_max) {
    set_limits(timeout, bytes_per_second_min);
}

void ReaderWatch::set_limits(std::chrono::nanoseconds timeout,
                             std::uint64_t bytes_per_second_min) noexcept {
    timeout_ = timeout;
    window_ = timeout / windows_per_timeout;
    bytes_per_second_min_ = static_cast<double>(bytes_per_second_min);
    looks_.set_timeout(std::min(look_interval_max, timeout / looks_per_timeout));
}

void ReaderWatch::begin(ConnectionSlot& slot, MonotonicTime now) noexcept {
    slot.pace.begin(now);
    looks_.start(slot, now);
}

void ReaderWatch::go_on(ConnectionSlot& slot, MonotonicTime now) noexcept {
    slot.pace.move(now);
    looks_.start(slot, now);
}

io::PeerProgress ReaderWatch::look(ConnectionSlot& slot, MonotonicTime now) const noexcept {
    io::PeerProgress progress = proactor_.peer_progress(slot.socket);
    if (progress.queued_bytes) {
        const std::uint32_t now_queued = *progress.queued_bytes;
        const std::uint32_t before = std::exchange(slot.queued_bytes, now_queued);
        // That it is less tells what was taken at the least; that it is more, only that some was.
        progress.acknowledged_bytes =
            slot.pace.total_bytes() +
            (before > now_queued ? before - now_queued : now_queued - before);
    }
    static_cast<void>(slot.pace.look(progress.acknowledged_bytes, now, window_));
    return progress;
}

ConnectionSlot* ReaderWatch::take_expired(MonotonicTime now) noexcept {
    for (std::size_t count = 0; count < looks_at_once_max; ++count) {
        ConnectionSlot* const slot = looks_.take_expired(now);
        if (slot == nullptr) {
            return nullptr;
        }
        const io::PeerProgress progress = look(*slot, now);
        if (progress.has_gone || slot->pace.stalled_for(now) >= timeout_) {
            return slot;
        }
        looks_.start(*slot, now);
    }
    return nullptr;
}

ConnectionSlot* ReaderWatch::take_gone(MonotonicTime now, std::size_t& looks_left) noexcept {
    for (; looks_left > 0; --looks_left) {
        ConnectionSlot* const slot = looks_.first();
        if (slot == nullptr || slot->waits_since >= now) {
            return nullptr;  // Whoever is left was looked at in this iteration.
        }
        if (look(*slot, now).has_gone) {
            slot->unlink();
            return slot;
        }
        looks_.start(*slot, now);
    }
    return nullptr;
}

ConnectionSlot* ReaderWatch::find_slowest(MonotonicTime now,
                                          std::chrono::nanoseconds patience) noexcept {
    if (bytes_per_second_min_ <= 0) {
        return nullptr;
    }
    ConnectionSlot* slowest = nullptr;
    // What a peer's kernel takes at once, hundreds of kilobytes, is a high rate as long as it is in
    // the window, and before there have been some looks there is none. Who reads nothing has stood
    // still for longer than anything moved.
    ConnectionSlot* filled = nullptr;
    ConnectionSlot* const first = looks_.first();
    ConnectionSlot* slot = first;
    for (std::size_t count = 0; slot != nullptr && count < hasty_looks_at_once_max; ++count) {
        ConnectionSlot* const next = looks_.next(*slot);
        const io::PeerProgress progress = look(*slot, now);
        looks_.start(*slot, now);  // To the end: whoever asks next looks at others.
        const Pace& pace = slot->pace;
        const bool is_known = pace.observed_for(now) >= window_ / observations_per_window;
        const double rate = pace.bytes_per_second(now);
        if (is_known && rate < bytes_per_second_min_) {
            const bool is_slower = slowest == nullptr ||
                                   rate < slowest->pace.bytes_per_second(now) ||
                                   (rate <= slowest->pace.bytes_per_second(now) &&
                                    pace.stalled_for(now) > slowest->pace.stalled_for(now));
            slowest = is_slower ? slot : slowest;
        } else if (progress.is_window_closed &&
                   pace.stalled_for(now) >=
                       std::max(patience, stalls_per_filling_min * pace.moved_for()) &&
                   (filled == nullptr || pace.moved_for() < filled->pace.moved_for())) {
            filled = slot;
        }
        slot = next != first ? next : nullptr;
    }
    return slowest != nullptr ? slowest : filled;
}

ReaderWatch::Rest ReaderWatch::look_at_rest(ConnectionSlot& slot,
                                            MonotonicTime now) const noexcept {
    // What moved before the first look is not known: that one only sets the mark.
    const bool is_first = slot.pace.observed_for(now) == std::chrono::nanoseconds(0);
    const io::PeerProgress progress = look(slot, now);
    if (!progress.has_unacknowledged) {
        return Rest::nothing;
    }
    return is_first || slot.pace.stalled_for(now) < timeout_ ? Rest::awaited : Rest::refused;
}

}  // namespace torc::worker
