#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/connection.hpp>

#include "worker/connection_harness.hpp"
#include "worker/test_log.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The input's first four bytes seed the randomness, the rest is what a peer sends. What holds for
// every stream:
// - it gets the same answers however it is cut into receives, and its messages and files into
// sends;
// - it comes to the same end: a connection that was over stays so;
// - whenever the peer vanishes, stalls or resets, nothing is lost, used after its end or asserted
// wrongly.

namespace {

using torc::config::LogFormat;
using torc::worker::AccessLogs;
using torc::worker::test::ActionKind;
using torc::worker::test::ConnectionHarness;

class Random {
public:
    explicit Random(std::uint32_t seed) : state_(seed | 1U) {}

    std::uint32_t below(std::uint32_t bound) {
        state_ ^= state_ << 13;  // xorshift32
        state_ ^= state_ >> 17;
        state_ ^= state_ << 5;
        return state_ % bound;
    }

private:
    std::uint32_t state_;
};

void put_assets(ConnectionHarness& harness) {
    using namespace torc::site::test;
    static const auto small = memory_asset("12345");
    static const auto large = memory_asset(std::string(20'000, 'm'));
    static const auto on_disk = disk_asset(std::string(50'000, 'd'));
    static const auto slow = memory_asset("slow");
    static const auto directory = torc::site::Asset::redirect("directory/");
    harness.put("a", small);
    harness.put("m", large);
    harness.put("d", on_disk);
    harness.put("dir", directory);
    harness.put_on_disk("slow", slow);
}

bool is_over(const ConnectionHarness& harness) {
    return std::ranges::any_of(harness.actions(), [](ActionKind action) {
        return action == ActionKind::linger || action == ActionKind::close;
    });
}

/// One thing that goes wrong at the other end; the connection may be over afterwards.
void misbehave(ConnectionHarness& harness, Random& random) {
    switch (harness.last()) {
        case ActionKind::receive:
        case ActionKind::linger:
            if (random.below(2) == 0) {
                harness.connection().on_time_out();
            }
            (void)harness.end_of_input();
            break;
        case ActionKind::send:
        case ActionKind::send_file:
        case ActionKind::load:
        case ActionKind::verify:
        case ActionKind::introduce:
            harness.connect();  // The connection is destroyed as it stands.
            break;
        case ActionKind::close:
            break;
    }
}

void perform_in_pieces(ConnectionHarness& harness, Random& random, std::uint32_t odds) {
    while (!harness.is_receiving() && harness.last() != ActionKind::close) {
        if (odds > 0 && random.below(odds) == 0) {
            misbehave(harness, random);
        } else if (harness.last() == ActionKind::send) {
            (void)harness.complete_send(harness.take_message(random.below(30'000)));
        } else if (harness.last() == ActionKind::send_file) {
            (void)harness.complete_send_file(1 + random.below(30'000));
        } else {
            (void)harness.perform_one();
        }
    }
}

/// Feeds the stream in pieces of random sizes; one in `odds` steps goes wrong, none when 0.
void feed_in_pieces(ConnectionHarness& harness, std::string_view stream, Random& random,
                    std::uint32_t odds) {
    while (!stream.empty() && harness.last() != ActionKind::close) {
        const std::size_t size = 1 + random.below(random.below(4) == 0 ? 4096 : 40);
        (void)harness.receive(stream.substr(0, size));
        stream.remove_prefix(std::min(size, stream.size()));
        perform_in_pieces(harness, random, odds);
        if (odds > 0 && random.below(odds) == 0) {
            misbehave(harness, random);
            perform_in_pieces(harness, random, odds);
        }
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t seed_bytes = 4;
    // Short enough that lingering never reaches its limit, which the cuts would move.
    constexpr std::size_t stream_bytes_max = 64 * 1024;
    if (size < seed_bytes || size > stream_bytes_max) {
        return 0;
    }
    std::uint32_t seed = 0;
    std::copy_n(data, seed_bytes, reinterpret_cast<std::uint8_t*>(&seed));
    const std::string_view stream(reinterpret_cast<const char*>(data + seed_bytes),
                                  size - seed_bytes);
    Random random(seed);

    ConnectionHarness whole;
    put_assets(whole);
    (void)whole.exchange(stream);

    // What is logged later and what at once.
    AccessLogs logs;
    logs.set_server_log(torc::worker::test::make_log(torc::limits::access_log_buffer_bytes),
                        (seed & 2U) == 0 ? LogFormat::json : LogFormat::combined);
    ConnectionHarness cut(&logs);
    put_assets(cut);
    feed_in_pieces(cut, stream, random, 0);
    TORC_ASSERT(cut.output() == whole.output());
    TORC_ASSERT(is_over(cut) == is_over(whole));

    ConnectionHarness disturbed(&logs);
    put_assets(disturbed);
    disturbed.services().is_draining = random.below(8) == 0;
    feed_in_pieces(disturbed, stream, random, 8);
    return 0;
}
