#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>
#include <torc/config/settings.hpp>
#include <torc/http/credentials.hpp>
#include <torc/http/opening.hpp>
#include <torc/http/request.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/net/address_range.hpp>
#include <torc/net/proxy_header.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/worker/access_control.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/counters.hpp>
#include <torc/worker/hosting.hpp>
#include <torc/worker/response_batch.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::worker {

/// Memory in which one event of one connection is worked on. Shared by all connections of a worker,
/// as their events come one after the other: nothing in it means anything to the next event.
struct EventScratch {
    /// Head of the request that is being served. Its views point to where that was received.
    http::Request request{};
    /// Path of its target, where that had to be decoded.
    std::array<char, limits::request_line_bytes_cap> target_bytes{};
    /// Key of its asset, where that is not looked up by its path (see site::Site::find).
    std::string asset_key{};
    /// What has to be loaded before the request can be served; see Load.
    std::string_view load_key{};
    /// Of which tree; see HostedTrees::at.
    std::uint32_t load_tree = 0;
    /// The site that the request is for, where it has to wait for it.
    HostedSiteRef load_site{};
    /// What the request says of who sent it, where its area is protected.
    http::CredentialsScratch credentials{};
    std::optional<AccessAttempt> attempt{};
    /// The site that the request is for; null: none, or not known yet.
    HostedSite* site = nullptr;
    /// The user among the credentials, for the access log; empty: none.
    std::string_view user{};
    /// Its client, for the access log, where that is not the peer.
    std::string client{};
    /// The check that the request waits for has taken too long, or was not begun.
    bool has_given_up_check = false;
    /// Of a connection that a proxy makes.
    net::ProxyHeader proxy_header{};
    /// A redirect to the path of a directory, made for a target that misleads references.
    site::AssetRef canonical_redirect{};
    /// The field Server-Timing of a response, where it is wanted.
    std::string timing{};
    /// What the client speaks, if the first bytes of a connection were refused; else `http`. The
    /// worker reports it and sets it back.
    http::Opening refused_opening = http::Opening::http;
};

/// What a worker lends to its connections. Outlives them.
struct Services {
    Hosting& hosting;
    ResponseBatchPool& batches;
    /// Null if no area is protected.
    AccessControl* access_control = nullptr;
    /// Null if nothing was ever logged.
    AccessLogs* access_logs = nullptr;

    /// Who is believed what X-Forwarded-For says. Set by the worker; null: nobody is asked, and the
    /// client of a request is its peer.
    const net::TrustedPeers* trusted_peers = nullptr;
    /// What is served by. Set by the worker; null where a connection is driven without one.
    const config::Settings* settings = nullptr;
    /// Largest request line and header section accepted; beyond them 414 and 431.
    http::ParseLimits parse_limits{};
    /// Largest request body that is read and dropped; beyond it the connection ends.
    std::uint64_t body_bytes_max = limits::request_body_drain_bytes_default;

    /// Of the iteration. Set by the worker.
    MonotonicTime now{};
    /// Its number.
    std::uint64_t iteration = 0;
    /// Whether each response from now on is its connection's last. Set by the worker.
    bool is_draining = false;
    /// Whether a connection that is idle ends. Set by the worker.
    bool ends_idle = false;

    /// Of the worker.
    WorkerCounters counters{};
    /// Whether requests are to be sent to this server; null: yes, unless it drains.
    const std::atomic<bool>* is_ready = nullptr;

    EventScratch scratch{};
};

}  // namespace torc::worker
