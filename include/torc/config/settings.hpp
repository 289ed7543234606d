#pragma once

#include <torc/base/limits.hpp>
#include <torc/config/access_log_settings.hpp>
#include <torc/config/site_settings.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/net/listen_address.hpp>
#include <torc/site/cache/cache_budget.hpp>
#include <torc/site/response/responder.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace torc::config {

enum class IoChoice : std::uint8_t { automatic, uring, epoll };

/// Whether workers are pinned to CPUs; `automatic`: unless a control group's quota allows less time
/// than the CPUs have.
enum class Pin : std::uint8_t { automatic, on, off };

/// Who the client of a request is.
enum class ClientAddress : std::uint8_t {
    /// Who connected, or whom a PROXY header names.
    peer,
    /// Whom trusted proxies name in the field X-Forwarded-For.
    x_forwarded_for,
};

/// The least that is reported on standard error.
enum class LogLevel : std::uint8_t { debug, info, warn, error, off };

/// How long something may take.
struct Timeouts {
    /// For a request to begin, after the last one.
    std::chrono::seconds idle{75};
    /// For a whole request head, from its first byte.
    std::chrono::seconds request{10};
    /// For the peer to take any of a response (to acknowledge some of it).
    std::chrono::seconds send{300};
    /// For the peer to send more or to stop, once it was told that the connection ends.
    std::chrono::seconds linger{5};
    /// For whoever sends requests here to learn that the server will stop, before it begins to.
    std::chrono::seconds drain_delay{0};
    /// For a connection to ask for one thing more, once the server has begun to stop.
    std::chrono::seconds drain_idle{2};
    /// For everything in flight, once the server was told to stop.
    std::chrono::seconds drain{30};
    /// The same, once another process has taken over from this one.
    std::chrono::seconds upgrade{3600};
    /// For a response to wait for a file system; 503 beyond.
    std::chrono::seconds load{10};
};

/// What a user may choose, with the defaults.
struct Settings {
    /// At least one. Of flags there is one for all hosts.
    std::vector<SiteSettings> sites{SiteSettings{.is_default = true}};
    /// 0: any that is free.
    std::uint16_t port = 8080;
    /// None: the loopback addresses, as far as the machine has them.
    std::vector<net::ListenAddress> addresses;
    ClientAddress client_address = ClientAddress::peer;
    /// Who is believed what the field says.
    net::TrustedPeers trusted_proxies;
    /// The report at the start begins with what others can take.
    bool shares = false;
    /// A browser is shown the site.
    bool opens_browser = false;
    http::ParseLimits parse_limits;
    /// A body that nobody asked for is read and dropped up to here, so that the connection can go
    /// on.
    std::uint64_t body_bytes_max = limits::request_body_drain_bytes_default;
    /// For each worker; the memory is its share of `cache_bytes_max`.
    site::CacheLimits cache_limits;
    /// What all workers together may keep of files in memory; nothing: see Server.
    std::optional<std::uint64_t> cache_bytes_max;
    /// 0: one for each of `cpus`, as far as a control group's quota goes; see place_workers.
    unsigned workers = 0;
    /// The CPUs that workers are pinned to, in turn, or without pinning are confined to; none: all
    /// that the process may use.
    std::vector<unsigned> cpus;
    Pin pin = Pin::automatic;
    IoChoice io = IoChoice::automatic;
    /// Of requests whose site has no access log of its own, and of those that reach no site.
    AccessLogSettings access_log;
    LogLevel log_level = LogLevel::info;
    /// The Unix-domain socket for those who run the server, "unix:/run/torc/admin.sock"; nothing:
    /// there is none.
    std::optional<std::string> admin;
    /// Where metrics are read, "127.0.0.1:9145" or "unix:…"; nothing: nowhere but at `admin`.
    std::optional<std::string> metrics;
    /// The path at which every listener says whether the server is ready, "/healthz"; nothing:
    /// none does.
    std::optional<std::string> health_path;
    Timeouts timeouts;
    /// A peer that takes less of a response may be ended when there is no room for others, and one
    /// that sends less of what nobody wants is not waited for; 0: neither.
    std::uint64_t bytes_per_second_min = 1024;
    /// Connections of one client (see Endpoint::network) beyond it are refused; 0: as many as there
    /// is room for.
    std::uint32_t connections_per_address_max = 0;
    /// As it was named; "-": standard input; empty: there is none.
    std::string configuration_file;
    /// What is odd in what the user wrote, though no error; to be reported at the start. One line
    /// each.
    std::vector<std::string> warnings;
    /// What differs from what runs and takes effect at the next start alone, after a reload. One
    /// line each.
    std::vector<std::string> pending;
    /// All of this as a configuration file, if `admin` is there to show it.
    std::string text;
};

}  // namespace torc::config
