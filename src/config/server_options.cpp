#include <torc/base/cpu_set.hpp>
#include <torc/base/limits.hpp>

#include "listen_tables.hpp"
#include "options.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

using namespace std::string_view_literals;
using std::chrono::seconds;

constexpr std::uint64_t port_max = 65'535;
constexpr std::uint64_t workers_max = 1024;
constexpr std::uint64_t line_bytes_min = 64;
constexpr std::uint64_t head_bytes_min = 256;
constexpr std::uint64_t body_bytes_cap = std::uint64_t{1} << 30U;
constexpr std::uint64_t cache_bytes_cap = std::uint64_t{1} << 42U;
constexpr std::uint64_t bytes_per_second_cap = std::uint64_t{1} << 30U;

constexpr std::array pin_words = {"auto"sv, "on"sv, "off"sv};
constexpr std::array pins = {Pin::automatic, Pin::on, Pin::off};
constexpr std::array io_words = {"auto"sv, "uring"sv, "epoll"sv};
constexpr std::array io_choices = {IoChoice::automatic, IoChoice::uring, IoChoice::epoll};
constexpr std::array client_address_words = {"peer"sv, "x-forwarded-for"sv};
constexpr std::array client_addresses = {ClientAddress::peer, ClientAddress::x_forwarded_for};

void set_cpus(const Destination& destination, std::string_view name, const std::string& text) {
    destination.settings.cpus = parse_cpu_list(name, text);
}

constexpr std::array rows = {
    Option{.flags = "-p,--port",
           .variable = "TORC_PORT",
           .key = "server.port",
           .value_name = "PORT",
           .group = Group::listening,
           .default_value = "8080",
           .default_note = "the variable PORT, which hosting platforms set, else 8080",
           .kind = Number{0, port_max,
                          [](const Destination& destination, std::uint64_t port) {
                              destination.settings.port = static_cast<std::uint16_t>(port);
                          }},
           .help = "Port to listen on; 0: any that is free, which is printed."},
    Option{.flags = "-a,--address",
           .variable = "TORC_ADDRESS",
           .key = "server.listen",
           .value_name = "ADDRESS",
           .group = Group::listening,
           .default_note = "127.0.0.1 and ::1: this machine alone",
           .example = "0.0.0.0,::",
           .kind = List{',', set_addresses},
           .help = "Address to listen on; may be given several times. 0.0.0.0 and :: are all "
                   "addresses of this machine. It may have a port of its own, as in "
                   "127.0.0.1:3000, [::1]:3000 and, for all, :3000. unix:/run/torc.sock is a "
                   "Unix-domain socket. In a file it may be a table of address, mode (of a "
                   "Unix-domain socket), proxy_protocol and proxy_from."},
    Option{.flags = "--client-address",
           .variable = "TORC_CLIENT_ADDRESS",
           .key = "server.client_address",
           .value_name = "WHICH",
           .group = Group::listening,
           .default_value = "peer",
           .kind = Choice{client_address_words,
                          [](const Destination& destination, std::size_t index) {
                              destination.settings.client_address = client_addresses.at(index);
                          }},
           .help = "Who the client of a request is, for the access log, for networks that are "
                   "allowed or denied and for passwords that are guessed: the peer, who connected "
                   "or whom a PROXY header names; or x-forwarded-for, whom --trusted-proxies name "
                   "in that field."},
    Option{.flags = "--trusted-proxies",
           .variable = "TORC_TRUSTED_PROXIES",
           .key = "server.trusted_proxies",
           .value_name = "LIST",
           .group = Group::listening,
           .default_note = "nobody",
           .example = "127.0.0.0/8,::1",
           .kind = List{',', set_trusted_proxies},
           .help = "Networks of the proxies that are believed what they say of their clients in "
                   "X-Forwarded-For; unix: is whoever connects to a Unix-domain socket."},
    Option{.flags = "--share",
           .variable = "TORC_SHARE",
           .group = Group::listening,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.settings.shares = is_on;
           }},
           .help = "Listen on all addresses, unless some are given, and print the URL for the "
                   "network first; on a terminal with room, with its QR code."},
    Option{.flags = "--open",
           .variable = "TORC_OPEN",
           .group = Group::listening,
           .default_value = "off",
           .kind = Toggle{[](const Destination& destination, bool is_on) {
               destination.settings.opens_browser = is_on;
           }},
           .help = "Show the site in the browser: $BROWSER, or xdg-open. Only when standard "
                   "output is a terminal."},
    Option{.flags = "--max-request-line",
           .variable = "TORC_MAX_REQUEST_LINE",
           .key = "server.max_request_line",
           .value_name = "SIZE",
           .group = Group::responding,
           .default_value = "8k",
           .kind = Size{line_bytes_min, limits::request_line_bytes_cap,
                        [](const Destination& destination, std::uint64_t bytes) {
                            destination.settings.parse_limits.line_bytes_max = bytes;
                        }},
           .help = "The longest request line: 414 beyond."},
    Option{.flags = "--max-request-head",
           .variable = "TORC_MAX_REQUEST_HEAD",
           .key = "server.max_request_head",
           .value_name = "SIZE",
           .group = Group::responding,
           .default_value = "32k",
           .kind = Size{head_bytes_min, limits::request_head_bytes_cap,
                        [](const Destination& destination, std::uint64_t bytes) {
                            destination.settings.parse_limits.head_bytes_max = bytes;
                        }},
           .help = "The longest request head, its line and fields together: 431 beyond."},
    Option{.flags = "--max-request-fields",
           .variable = "TORC_MAX_REQUEST_FIELDS",
           .key = "server.max_request_fields",
           .value_name = "N",
           .group = Group::responding,
           .default_value = "100",
           .kind = Number{1, limits::request_fields_cap,
                          [](const Destination& destination, std::uint64_t fields) {
                              destination.settings.parse_limits.fields_max = fields;
                          }},
           .help = "The most fields of a request: 431 beyond."},
    Option{.flags = "--max-request-body",
           .variable = "TORC_MAX_REQUEST_BODY",
           .key = "server.max_request_body",
           .value_name = "SIZE",
           .group = Group::responding,
           .default_value = "64k",
           .kind = Size{0, body_bytes_cap,
                        [](const Destination& destination,
                           std::uint64_t bytes) { destination.settings.body_bytes_max = bytes; }},
           .help = "Body that is read and ignored; beyond it the connection ends."},
    Option{.flags = "--workers",
           .variable = "TORC_WORKERS",
           .key = "server.workers",
           .value_name = "N",
           .group = Group::running,
           .liveness = Liveness::upgrade,
           .default_value = "0",
           .kind = Number{0, workers_max,
                          [](const Destination& destination, std::uint64_t workers) {
                              destination.settings.workers = static_cast<unsigned>(workers);
                          }},
           .help = "Number of workers; 0: one for each CPU that may be used, and no more than the "
                   "CPU quota of a container."},
    Option{.flags = "--cpus",
           .variable = "TORC_CPUS",
           .key = "server.cpus",
           .value_name = "LIST",
           .group = Group::running,
           .liveness = Liveness::upgrade,
           .default_note = "all that may be used",
           .example = "0-3,8",
           .kind = Text{set_cpus},
           .help = "CPUs to pin the workers to, such as 0-3,8; workers that are not pinned (--pin) "
                   "run on any of them and on no other."},
    Option{
        .flags = "--pin",
        .variable = "TORC_PIN",
        .key = "server.pin",
        .value_name = "WHEN",
        .group = Group::running,
        .liveness = Liveness::upgrade,
        .default_value = "auto",
        .kind =
            Choice{pin_words, [](const Destination& destination,
                                 std::size_t index) { destination.settings.pin = pins.at(index); }},
        .help = "Whether to pin each worker to a CPU: on, off, or auto: unless a CPU quota gives "
                "less than the CPUs have. Fewer workers than CPUs begin, without --cpus, at one "
                "that follows from the port and the addresses, so that several instances "
                "spread."},
    Option{.flags = "--cache-memory",
           .variable = "TORC_CACHE_MEMORY",
           .key = "server.cache_memory",
           .value_name = "SIZE",
           .group = Group::running,
           .liveness = Liveness::upgrade,
           .default_note = "an eighth of the memory that the process may use, and 1g for each "
                           "worker at the most",
           .example = "1g",
           .kind = Size{0, cache_bytes_cap,
                        [](const Destination& destination, std::uint64_t bytes) {
                            destination.settings.cache_bytes_max = bytes;
                        }},
           .help = "What all workers together may keep of files in memory, with what slow clients "
                   "are still being sent."},
    Option{
        .flags = "--io",
        .variable = "TORC_IO",
        .key = "server.io",
        .value_name = "BACKEND",
        .group = Group::running,
        .liveness = Liveness::upgrade,
        .default_value = "auto",
        .kind = Choice{io_words,
                       [](const Destination& destination,
                          std::size_t index) { destination.settings.io = io_choices.at(index); }},
        .help = "uring, epoll, or auto: io_uring, and epoll where that is forbidden or "
                "missing."},
    Option{.flags = "--load-timeout",
           .variable = "TORC_LOAD_TIMEOUT",
           .key = "server.timeouts.load",
           .value_name = "TIME",
           .group = Group::running,
           .default_value = "10s",
           .kind = Duration{seconds(1), &Timeouts::load},
           .help = "How long a response waits for a file system before it is 503: 30s, 2m, 1h or a "
                   "number of seconds."},
    Option{.flags = "--drain-delay",
           .variable = "TORC_DRAIN_DELAY",
           .key = "server.drain.delay",
           .value_name = "TIME",
           .group = Group::running,
           .default_value = "0s",
           .kind = Duration{seconds(0), &Timeouts::drain_delay},
           .help = "How long a stop by SIGTERM serves on as before, while it says already that it "
                   "is not ready: longer than a load balancer takes to notice that."},
    Option{.flags = "--drain-idle",
           .variable = "TORC_DRAIN_IDLE",
           .key = "server.drain.idle",
           .value_name = "TIME",
           .group = Group::running,
           .default_value = "2s",
           .kind = Duration{seconds(0), &Timeouts::drain_idle},
           .help = "How long a stop by SIGTERM lets idle connections ask for one thing more, "
                   "instead of closing them when a request may be on its way."},
    Option{.flags = "--drain-timeout",
           .variable = "TORC_DRAIN_TIMEOUT",
           .key = "server.drain.timeout",
           .value_name = "TIME",
           .group = Group::running,
           .default_value = "30s",
           .kind = Duration{seconds(0), &Timeouts::drain},
           .help = "How long a stop waits for what is in flight."},
    Option{.flags = "--upgrade-timeout",
           .variable = "TORC_UPGRADE_TIMEOUT",
           .key = "server.drain.upgrade_timeout",
           .value_name = "TIME",
           .group = Group::running,
           .default_value = "1h",
           .kind = Duration{seconds(0), &Timeouts::upgrade},
           .help = "How long a process that another one has taken over from waits for what is in "
                   "flight."},
    Option{.flags = "--idle-timeout",
           .variable = "TORC_IDLE_TIMEOUT",
           .key = "server.timeouts.idle",
           .value_name = "TIME",
           .group = Group::clients,
           .default_value = "75s",
           .kind = Duration{seconds(1), &Timeouts::idle},
           .help = "How long a connection may ask for nothing."},
    Option{.flags = "--request-timeout",
           .variable = "TORC_REQUEST_TIMEOUT",
           .key = "server.timeouts.request",
           .value_name = "TIME",
           .group = Group::clients,
           .default_value = "10s",
           .kind = Duration{seconds(1), &Timeouts::request},
           .help = "How long a request head may take, from its first byte: 408 beyond."},
    Option{.flags = "--send-timeout",
           .variable = "TORC_SEND_TIMEOUT",
           .key = "server.timeouts.send",
           .value_name = "TIME",
           .group = Group::clients,
           .default_value = "5m",
           .kind = Duration{seconds(1), &Timeouts::send},
           .help = "How long a client may take none of its response."},
    Option{.flags = "--min-rate",
           .variable = "TORC_MIN_RATE",
           .key = "server.min_rate",
           .value_name = "SIZE",
           .group = Group::clients,
           .default_value = "1k",
           .kind = Size{0, bytes_per_second_cap,
                        [](const Destination& destination, std::uint64_t bytes) {
                            destination.settings.bytes_per_second_min = bytes;
                        }},
           .help = "Bytes a second that a client must take of its response, over a minute or so, "
                   "when there is no room for others: the slowest below it is cut off. 0: nobody "
                   "is."},
    Option{.flags = "--linger-timeout",
           .variable = "TORC_LINGER_TIMEOUT",
           .key = "server.timeouts.linger",
           .value_name = "TIME",
           .group = Group::clients,
           .default_value = "5s",
           .kind = Duration{seconds(1), &Timeouts::linger},
           .help = "How long torc reads on after a response to a request that it did not take "
                   "whole, so that the client sees it: until so much silence, and for twelve times "
                   "as long if the client sends at the minimum rate."},
    Option{.flags = "--max-connections-per-address",
           .variable = "TORC_MAX_CONNECTIONS_PER_ADDRESS",
           .key = "server.max_connections_per_address",
           .value_name = "N",
           .group = Group::clients,
           .default_value = "0",
           .kind = Number{0, limits::worker_connections_max,
                          [](const Destination& destination, std::uint64_t connections) {
                              destination.settings.connections_per_address_max =
                                  static_cast<std::uint32_t>(connections);
                          }},
           .help = "Connections that one client may have, an IPv4 address or the /64 of an IPv6 "
                   "one; 0: as many as there is room for. Not behind a proxy, which is one "
                   "client."},
    Option{.flags = "-c,--config",
           .variable = "TORC_CONFIG",
           .value_name = "FILE",
           .group = Group::configuring,
           .example = "/etc/torc/torc.toml",
           // It is read before all others are set.
           .kind = Text{[](const Destination& destination, std::string_view /*name*/,
                           const std::string& text) {
               destination.settings.configuration_file = text;
           }},
           .help = "Configuration file, in the form of config/torc.toml; - is standard input. None "
                   "is read unless it is named."},
    Option{.flags = "-t,--check",
           .group = Group::configuring,
           .kind = Question{},
           .help = "Say all that is wrong with the configuration file and with what is given "
                   "beside it, and serve nothing: exit status 0 or 1. The same is torc check."},
    Option{.flags = "-T,--print-config",
           .group = Group::configuring,
           .kind = Question{},
           .help = "Print what torc would run with, as a configuration file, and where each value "
                   "is from."},

    Option{.flags = "-V,-v,--version",
           .group = Group::reporting,
           .kind = Question{},
           .help = "Print versions and what the kernel offers."},
    Option{
        .flags = "-h,--help", .group = Group::reporting, .kind = Question{}, .help = "Print this."},
};

}  // namespace

std::span<const Option> server_options() noexcept {
    return rows;
}

}  // namespace torc::config
