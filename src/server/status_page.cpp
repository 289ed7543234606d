#include <torc/server/json.hpp>
#include <torc/server/status_page.hpp>
#include <torc/server/version.hpp>

#include "lines.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace torc::server {
namespace {

using worker::DurationHistogram;
using worker::State;

constexpr std::size_t columns = 80;
/// Where what is said of a heading begins.
constexpr std::size_t text_column = 15;

using Output = std::back_insert_iterator<std::string>;

/// "3 d 4 h", "4 h 12 min", "12 min 5 s", "5 s".
std::string long_duration(std::chrono::nanoseconds duration) {
    const std::int64_t seconds = std::chrono::floor<std::chrono::seconds>(duration).count();
    const std::int64_t minutes = seconds / 60;
    const std::int64_t hours = minutes / 60;
    if (hours >= 24) {
        return fmt::format("{} d {} h", hours / 24, hours % 24);
    }
    if (hours > 0) {
        return fmt::format("{} h {} min", hours, minutes % 60);
    }
    return minutes > 0 ? fmt::format("{} min {} s", minutes, seconds % 60)
                       : fmt::format("{} s", seconds);
}

/// "1.2 GB", "310 kB", "12 B".
std::string short_bytes(double bytes) {
    constexpr std::array units = {"B", "kB", "MB", "GB", "TB"};
    std::size_t unit = 0;
    while (bytes >= 1000 && unit + 1 < units.size()) {
        bytes /= 1000;
        ++unit;
    }
    return unit > 0 && bytes < 100 ? fmt::format("{:.1f} {}", bytes, units.at(unit))
                                   : fmt::format("{:.0f} {}", bytes, units.at(unit));
}

/// "1,234,567".
std::string grouped(std::uint64_t number) {
    std::string digits = fmt::format("{}", number);
    for (std::size_t i = digits.size(); i > 3;) {
        i -= 3;
        digits.insert(i, ",");
    }
    return digits;
}

/// "250 µs", "2.5 ms", "10 s".
std::string short_duration(std::int64_t nanoseconds) {
    if (nanoseconds < 1'000'000) {
        return fmt::format("{} µs", nanoseconds / 1000);
    }
    if (nanoseconds < 1'000'000'000) {
        return fmt::format("{} ms", static_cast<double>(nanoseconds) / 1e6);
    }
    return fmt::format("{} s", static_cast<double>(nanoseconds) / 1e9);
}

std::string date_and_time(WallTime time) {
    return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", std::chrono::floor<std::chrono::seconds>(time));
}

double ratio(std::uint64_t part, std::uint64_t whole) noexcept {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

/// Within which bound a share of all responses was, as far as buckets tell: "≤ 250 µs".
std::string quantile(const DurationHistogram& durations, double share) {
    std::uint64_t total = 0;
    for (const std::uint64_t count : durations.buckets()) {
        total += count;
    }
    if (total == 0) {
        return "-";
    }
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < DurationHistogram::bounds.size(); ++i) {
        sum += durations.buckets().at(i);
        if (static_cast<double>(sum) >= share * static_cast<double>(total)) {
            return fmt::format("≤ {}", short_duration(DurationHistogram::bounds.at(i)));
        }
    }
    return fmt::format("> {}", short_duration(DurationHistogram::bounds.back()));
}

void add_lines(Output out, std::string_view heading, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        const std::size_t room = columns - text_column;
        // By bytes: what is cut was too long for a line anyway.
        fmt::format_to(out, "{:<{}}{}\n", &line == lines.data() ? heading : "", text_column,
                       line.size() <= room ? line : line.substr(0, room - 3) + "...");
    }
}

void add_configuration(Output out, const ServerState& state) {
    fmt::format_to(out, "{:<{}}{}, {} site{}, loaded {}\n", "configuration", text_column,
                   state.generation, state.sites, state.sites == 1 ? "" : "s",
                   date_and_time(state.applied_at));
    if (!state.was_reload_applied) {
        fmt::format_to(out, "{:<{}}refused {}:\n", "last reload", text_column,
                       date_and_time(state.reloaded_at));
        add_lines(out, "", lines_of(state.reload_errors));
    }
    add_lines(out, "next upgrade", state.pending);
}

void add_requests(Output out, const Observation& observation) {
    DurationHistogram durations;
    for (const auto& [name, site] : observation.sites) {
        durations.add(site.durations);
    }
    const Rates& rates = observation.rates;
    fmt::format_to(out, "{:<{}}{}/s, {}/s in the last {}; {} since the start\n", "requests",
                   text_column, grouped(static_cast<std::uint64_t>(rates.responses_per_second)),
                   short_bytes(rates.bytes_per_second), long_duration(rates.window),
                   grouped(observation.responses()));
    fmt::format_to(out, "{:<{}}half {}, 99 % {}\n", "taken", text_column, quantile(durations, 0.5),
                   quantile(durations, 0.99));
}

void add_connections(Output out, const Observation& observation) {
    const worker::ConnectionCensus& connections = observation.connections;
    fmt::format_to(out,
                   "{:<{}}{} of {}: {} idle, {} reading, {} loading,\n{:<{}}{} writing, {} "
                   "lingering\n",
                   "connections", text_column, grouped(connections.total()),
                   grouped(observation.connections_max), connections.of(State::idle),
                   connections.of(State::receiving), connections.of(State::loading), "",
                   text_column,
                   connections.of(State::sending) + connections.of(State::sending_file),
                   connections.of(State::lingering));
}

void add_resources(Output out, const Observation& observation, const ProcessFigures& process) {
    fmt::format_to(
        out, "{:<{}}{} of {}, {:.1f} % hits, {} evictions\n", "cache", text_column,
        short_bytes(static_cast<double>(observation.cache_bytes)),
        short_bytes(static_cast<double>(observation.cache_limit_bytes)),
        100 * ratio(observation.cache_hits, observation.cache_hits + observation.cache_misses),
        grouped(observation.cache_evictions));
    fmt::format_to(out, "{:<{}}{} resident, {} of {} descriptors\n", "process", text_column,
                   short_bytes(static_cast<double>(process.resident_bytes)),
                   grouped(process.open_descriptors), grouped(process.descriptors_max));
}

void add_workers(Output out, const Observation& observation) {
    fmt::format_to(out, "\n{:>6}  {:<10}{:>8}{:>8}{:>14}\n", "worker", "CPUs", "CPU", "share",
                   "connections");
    const Rates& rates = observation.rates;
    for (std::size_t i = 0; i < observation.workers.size(); ++i) {
        const Observation::Worker& worker = observation.workers[i];
        const std::vector<std::string>& cpus = observation.state.worker_cpus;
        fmt::format_to(out, "{:>6}  {:<10}{:>6.0f} %{:>6.0f} %{:>14}{}\n", i,
                       i < cpus.size() ? std::string_view(cpus[i]).substr(0, 9) : "",
                       i < rates.worker_cpu_shares.size() ? 100 * rates.worker_cpu_shares[i] : 0.0,
                       100 * ratio(worker.responses, observation.responses()),
                       grouped(worker.connections), worker.is_stalled ? "  does not respond" : "");
    }
}

void append_sites(Output out, const Observation& observation) {
    char before = '[';
    for (const auto& [name, site] : observation.sites) {
        fmt::format_to(out, R"({}{{"name":{},"responses":{},"response_bytes":{}}})", before,
                       json_of(name), site.responses_in_all(), site.sent_bytes);
        before = ',';
    }
    fmt::format_to(out, "{}]", before == '[' ? "[" : "");
}

void append_workers(Output out, const Observation& observation) {
    char before = '[';
    for (const Observation::Worker& worker : observation.workers) {
        fmt::format_to(out,
                       R"({}{{"cpu_seconds":{},"connections":{},"responses":{},"stalled":{}}})",
                       before, std::chrono::duration<double>(worker.cpu_time).count(),
                       worker.connections, worker.responses, worker.is_stalled);
        before = ',';
    }
    fmt::format_to(out, "{}]", before == '[' ? "[" : "");
}

void append_strings(Output out, const std::vector<std::string>& strings) {
    fmt::format_to(out, "[");
    for (const std::string& text : strings) {
        fmt::format_to(out, "{}{}", &text == strings.data() ? "" : ",", json_of(text));
    }
    fmt::format_to(out, "]");
}

}  // namespace

std::string status_page(const Observation& observation, const ProcessFigures& process) {
    const ServerState& state = observation.state;
    std::string page;
    Output out = std::back_inserter(page);
    fmt::format_to(out, "torc {} on {}, up {}, {}\n", version(),
                   state.io == "uring" ? "io_uring" : state.io,
                   long_duration(observation.at - state.started_at),
                   state.is_ready() ? "ready" : "not ready: " + state.unready_reason());
    add_lines(out, "listens on", state.urls);
    add_configuration(out, state);
    fmt::format_to(out, "\n");
    add_requests(out, observation);
    add_connections(out, observation);
    add_resources(out, observation, process);
    add_workers(out, observation);
    if (!state.warnings.empty()) {
        fmt::format_to(out, "\n");
        add_lines(out, "warnings", state.warnings);
    }
    return page;
}

std::string status_json(const Observation& observation, const ProcessFigures& process) {
    const ServerState& state = observation.state;
    const worker::ConnectionCensus& connections = observation.connections;
    std::string json;
    Output out = std::back_inserter(json);
    fmt::format_to(
        out, R"({{"version":{},"io":{},"uptime_seconds":{},"ready":{},"draining":{},"listen":)",
        json_of(version()), json_of(state.io),
        std::chrono::duration<double>(observation.at - state.started_at).count(), state.is_ready(),
        state.is_draining);
    append_strings(out, state.urls);
    fmt::format_to(out,
                   R"(,"configuration":{{"generation":{},"sites":{},"last_reload_successful":{},)"
                   R"("reloads_applied":{},"reloads_refused":{},"errors":)",
                   state.generation, state.sites, state.was_reload_applied, state.reloads_applied,
                   state.reloads_refused);
    append_strings(out, lines_of(state.reload_errors));
    fmt::format_to(out, R"(,"pending":)");
    append_strings(out, state.pending);
    fmt::format_to(out, R"(,"warnings":)");
    append_strings(out, state.warnings);
    fmt::format_to(
        out,
        R"(}},"responses":{},"responses_per_second":{:.1f},"response_bytes":{},)"
        R"("response_bytes_per_second":{:.0f},"connections":{{"max":{},"idle":{},"reading":{},)"
        R"("loading":{},"writing":{},"lingering":{},"accepted":{}}},)",
        observation.responses(), observation.rates.responses_per_second, observation.sent_bytes(),
        observation.rates.bytes_per_second, observation.connections_max,
        connections.of(State::idle), connections.of(State::receiving),
        connections.of(State::loading),
        connections.of(State::sending) + connections.of(State::sending_file),
        connections.of(State::lingering), observation.counters.accepted);
    fmt::format_to(
        out,
        R"("cache":{{"hits":{},"misses":{},"evictions":{},"bytes":{},"limit_bytes":{}}},)"
        R"("process":{{"cpu_seconds":{},"resident_bytes":{},"open_descriptors":{},)"
        R"("descriptors_max":{}}},"workers":)",
        observation.cache_hits, observation.cache_misses, observation.cache_evictions,
        observation.cache_bytes, observation.cache_limit_bytes,
        std::chrono::duration<double>(process.cpu_time).count(), process.resident_bytes,
        process.open_descriptors, process.descriptors_max);
    append_workers(out, observation);
    fmt::format_to(out, R"(,"sites":)");
    append_sites(out, observation);
    fmt::format_to(out, "}}\n");
    return json;
}

}  // namespace torc::server
