#include <torc/http/status.hpp>
#include <torc/server/metrics_page.hpp>
#include <torc/server/version.hpp>

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

namespace torc::server {
namespace {

using Type = Exposition::Type;
using worker::CloseReason;
using worker::DurationHistogram;
using worker::State;

constexpr std::array<std::string_view, worker::counted_methods_count> method_words = {"GET", "HEAD",
                                                                                      "other"};
/// By CloseReason.
constexpr std::array<std::string_view, worker::close_reasons_count> close_reason_words = {
    "client",  "finished", "idle", "request_timeout", "send_timeout",
    "evicted", "refused",  "stop", "memory"};

double to_seconds(std::chrono::nanoseconds duration) noexcept {
    return std::chrono::duration<double>(duration).count();
}

double to_timestamp(WallTime time) noexcept {
    return to_seconds(time.time_since_epoch());
}

/// A bound as both formats take it: "0.0001", "1.0".
std::string bound_text(std::int64_t bound_ns) {
    std::string text = fmt::format("{}", to_seconds(std::chrono::nanoseconds(bound_ns)));
    if (text.find('.') == std::string::npos) {
        text += ".0";
    }
    return text;
}

void add_gauge(Exposition& page, std::string_view name, std::string_view help,
               std::uint64_t value) {
    page.begin(name, Type::gauge, help);
    page.add(value);
}

void add_counter(Exposition& page, std::string_view name, std::string_view help,
                 std::uint64_t value) {
    page.begin(name, Type::counter, help);
    page.add(value);
}

void add_process(Exposition& page, const Observation& observation, const ProcessFigures& process) {
    page.begin("torc_build", Type::info, "Version of torc, and the kernel interface it runs on.");
    page.add(1, {{"version", version()}, {"io", observation.state.io}});
    page.begin("process_cpu_seconds", Type::counter, "CPU time of the process, user and system.");
    page.add_seconds(to_seconds(process.cpu_time));
    page.begin("process_start_time_seconds", Type::gauge, "When the process began, in Unix time.");
    page.add_seconds(to_timestamp(observation.state.started_at));
    add_gauge(page, "process_resident_memory_bytes", "Resident memory.", process.resident_bytes);
    add_gauge(page, "process_virtual_memory_bytes", "Virtual memory.", process.virtual_bytes);
    add_gauge(page, "process_open_fds", "Open file descriptors.", process.open_descriptors);
    add_gauge(page, "process_max_fds", "File descriptors that may be open.",
              process.descriptors_max);
    add_gauge(page, "torc_ready", "Whether requests are to be sent here, as /readyz says.",
              observation.state.is_ready() ? 1 : 0);
    add_gauge(page, "torc_draining", "Whether the server stops.",
              observation.state.is_draining ? 1 : 0);
}

void add_requests(Exposition& page, const Observation& observation) {
    page.begin("torc_http_requests", Type::counter,
               "Requests by site (empty: for none), method and status code of the response.");
    for (const auto& [name, site] : observation.sites) {
        for (std::size_t method = 0; method < site.responses.size(); ++method) {
            for (std::size_t status = 0; status < http::all_statuses.size(); ++status) {
                if (const std::uint64_t count = site.responses[method][status]; count > 0) {
                    page.add(count,
                             {{"site", name},
                              {"method", method_words.at(method)},
                              {"code", fmt::format("{}", http::code(http::all_statuses[status]))}});
                }
            }
        }
    }
    page.begin("torc_http_response_bytes", Type::counter,
               "Bytes of responses, heads and contents, as far as they were sent.");
    for (const auto& [name, site] : observation.sites) {
        page.add(site.sent_bytes, {{"site", name}});
    }
    add_gauge(page, "torc_http_requests_in_flight",
              "Requests that wait for a file, or whose responses leave.",
              observation.connections.with_requests());
}

void add_durations(Exposition& page, const Observation& observation) {
    std::array<std::string, DurationHistogram::bounds.size()> bounds;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        bounds[i] = bound_text(DurationHistogram::bounds[i]);
    }
    page.begin("torc_http_request_duration_seconds", Type::histogram,
               "From a whole request's arrival to when its response was the kernel's.");
    for (const auto& [name, site] : observation.sites) {
        std::uint64_t count = 0;
        for (std::size_t i = 0; i < bounds.size(); ++i) {
            count += site.durations.buckets()[i];
            page.add_part("_bucket", count, {{"site", name}, {"le", bounds[i]}});
        }
        count += site.durations.buckets().back();
        page.add_part("_bucket", count, {{"site", name}, {"le", "+Inf"}});
        page.add_part("_count", count, {{"site", name}});
        page.add_part_seconds("_sum", to_seconds(site.durations.sum()), {{"site", name}});
    }
}

void add_connections(Exposition& page, const Observation& observation) {
    const worker::ConnectionCensus& connections = observation.connections;
    page.begin("torc_connections", Type::gauge, "Connections by what they wait for.");
    page.add(connections.of(State::idle), {{"state", "idle"}});
    page.add(connections.of(State::receiving), {{"state", "reading"}});
    page.add(connections.of(State::loading), {{"state", "loading"}});
    page.add(connections.of(State::sending) + connections.of(State::sending_file),
             {{"state", "writing"}});
    page.add(connections.of(State::lingering), {{"state", "lingering"}});
    add_gauge(page, "torc_connections_max", "Connections that there is room for.",
              observation.connections_max);
    add_counter(page, "torc_connections_accepted", "Connections that were accepted.",
                observation.counters.accepted);
    page.begin("torc_connections_closed", Type::counter, "Connections that were closed, and why.");
    for (std::size_t reason = 0; reason < close_reason_words.size(); ++reason) {
        page.add(observation.counters.closed[reason], {{"reason", close_reason_words[reason]}});
    }
    add_counter(page, "torc_proxy_header_errors",
                "Connections that were closed for a PROXY header that was missing or malformed.",
                observation.counters.proxy_header_errors);
}

void add_cache(Exposition& page, const Observation& observation) {
    add_counter(page, "torc_cache_hits", "Looks into the cache that found what they wanted.",
                observation.cache_hits);
    add_counter(page, "torc_cache_misses", "Looks into the cache that had the disk looked at.",
                observation.cache_misses);
    add_counter(page, "torc_cache_evictions", "Cached files that made room for others.",
                observation.cache_evictions);
    add_gauge(page, "torc_cache_bytes", "Memory of cached files, and of those being sent.",
              observation.cache_bytes);
    add_gauge(page, "torc_cache_limit_bytes", "What torc_cache_bytes may come to.",
              observation.cache_limit_bytes);
}

void add_logs(Exposition& page, const ServerState& state) {
    struct Lines {
        std::uint64_t written = 0;
        std::uint64_t lost = 0;
    };
    std::map<std::string_view, Lines> lines_by_path;
    for (const ServerState::Log& log : state.logs) {
        Lines& lines = lines_by_path[log.path];
        lines.written += log.tally->written_lines;
        lines.lost += log.tally->lost_lines;
    }
    page.begin("torc_access_log_lines", Type::counter, "Lines that were written, by access log.");
    for (const auto& [path, lines] : lines_by_path) {
        page.add(lines.written, {{"log", path}});
    }
    page.begin("torc_access_log_dropped", Type::counter,
               "Lines that were lost, by access log: they came too fast, or could not be written.");
    for (const auto& [path, lines] : lines_by_path) {
        page.add(lines.lost, {{"log", path}});
    }
}

void add_configuration(Exposition& page, const ServerState& state) {
    add_gauge(page, "torc_config_last_reload_successful",
              "Whether the last reload was applied; 1 before the first.",
              state.was_reload_applied ? 1 : 0);
    page.begin("torc_config_last_reload_success_timestamp_seconds", Type::gauge,
               "When the configuration that serves was loaded, in Unix time.");
    page.add_seconds(to_timestamp(state.applied_at));
    page.begin("torc_config_reloads", Type::counter, "Reloads by what came of them.");
    page.add(state.reloads_applied, {{"result", "applied"}});
    page.add(state.reloads_refused, {{"result", "refused"}});
    add_gauge(page, "torc_config_generation",
              "Goes up with each configuration; of the start it is 0.", state.generation);
}

void add_workers(Exposition& page, const Observation& observation) {
    page.begin("torc_worker_cpu_seconds", Type::counter, "CPU time of each worker's thread.");
    for (std::size_t i = 0; i < observation.workers.size(); ++i) {
        page.add_seconds(to_seconds(observation.workers[i].cpu_time),
                         {{"worker", fmt::format("{}", i)}});
    }
    page.begin("torc_worker_stalled", Type::gauge, "Whether a worker does not respond.");
    for (std::size_t i = 0; i < observation.workers.size(); ++i) {
        page.add(observation.workers[i].is_stalled ? 1 : 0, {{"worker", fmt::format("{}", i)}});
    }
}

}  // namespace

std::string metrics_page(const Observation& observation, const ProcessFigures& process,
                         Exposition::Format format) {
    Exposition page(format);
    add_process(page, observation, process);
    add_requests(page, observation);
    add_durations(page, observation);
    add_connections(page, observation);
    add_cache(page, observation);
    add_logs(page, observation.state);
    add_configuration(page, observation.state);
    add_workers(page, observation);
    return page.take();
}

}  // namespace torc::server
