#pragma once

#include <cstdint>

namespace torc::worker {

/// How urgently a worker is told to stop; it only ever goes up.
enum class Stop : std::uint8_t {
    no,
    /// Accept no more, finish what is in flight.
    drain,
    /// Close everything now.
    now,
};

}  // namespace torc::worker
