// Simulates a worker of torc from one seed after the other, and stops at the first that fails.

#include "sim/simulation.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

namespace {

using torc::sim::Fault;
using torc::sim::fault_kinds;
using torc::sim::RunResult;

/// An assertion of the server's, or a sanitizer, ends the process: says by which seed.
void tell_seed(int /*signal*/) {
    constexpr std::string_view text = "\ncrashed; to repeat it: torc_sim --trace --steps 1 --seed ";
    std::array<char, 24> number{};
    char* const end =
        std::to_chars(number.begin(), number.end() - 1, torc::sim::current_seed()).ptr;
    *end = '\n';
    [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    written =
        ::write(STDERR_FILENO, number.data(), static_cast<std::size_t>(end - number.begin()) + 1);
}

struct Sums {
    std::uint64_t requests = 0;
    std::uint64_t responses = 0;
    std::uint64_t events = 0;
    std::array<std::uint64_t, fault_kinds> struck{};

    void add(const RunResult& result) {
        requests += result.requests;
        responses += result.responses;
        events += result.events;
        std::ranges::transform(struck, result.struck, struck.begin(), std::plus<>());
    }
};

void print(const Sums& sums, std::uint64_t histories, double seconds) {
    std::cout << fmt::format(
        "{} histories in {:.1f} s ({:.0f}/s): {} requests, {} responses, {} "
        "events\n",
        histories, seconds, static_cast<double>(histories) / seconds, sums.requests, sums.responses,
        sums.events);
    for (std::size_t kind = 0; kind < fault_kinds; ++kind) {
        if (sums.struck[kind] > 0) {
            std::cout << fmt::format("  {} {}\n", torc::sim::name_of(static_cast<Fault>(kind)),
                                     sums.struck[kind]);
        }
    }
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Simulates a worker of torc on a kernel of its own: one seed, one history.");
    std::uint64_t seed = 1;
    std::uint64_t steps = 1000;
    std::string faults;
    bool traces = false;
    bool repeats = false;
    app.add_option("--seed", seed, "The first seed")->capture_default_str();
    app.add_option("--steps", steps, "How many seeds, one after the other; 0: until one fails")
        ->capture_default_str();
    app.add_option("--faults", faults,
                   "Names of faults, separated by commas, or none or all; default: as a seed draws "
                   "them");
    app.add_flag("--trace", traces, "Write every event of every history to standard output");
    app.add_flag("--twice", repeats, "Run each seed twice and compare the digests");
    CLI11_PARSE(app, argc, argv);
    if (!torc::sim::Faults::are_known(faults)) {
        std::cerr << "unknown name among the faults: " << faults << '\n';
        return 2;
    }
    std::signal(SIGABRT, tell_seed);
    Sums sums;
    const auto begin = std::chrono::steady_clock::now();
    const auto seconds = [begin] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    };
    for (std::uint64_t step = 0; steps == 0 || step < steps; ++step) {
        const torc::sim::RunOptions options{
            .seed = seed + step, .faults = faults, .trace = traces ? &std::cout : nullptr};
        RunResult result = torc::sim::run(options);
        sums.add(result);
        if (repeats && torc::sim::run(options).digest != result.digest) {
            result.failure = "two runs of the seed differ";
        }
        if (!result.failure.empty()) {
            print(sums, step + 1, seconds());
            std::cout << fmt::format(
                "seed {} failed: {}\n  faults: {}\n  to repeat it: torc_sim --trace --steps 1 "
                "--seed {}{}\n",
                result.seed, result.failure, result.faults, result.seed,
                faults.empty() ? "" : " --faults " + faults);
            return 1;
        }
    }
    print(sums, steps, seconds());
    return 0;
}
