#include "live_values.hpp"

#include "options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace torc::config {
namespace {

std::string text_of(std::unsigned_integral auto number) {
    return fmt::format("{}", number);
}
std::string text_of(const std::string& text) {
    return text;
}
std::string text_of(std::chrono::seconds time) {
    return fmt::format("{}s", time.count());
}
template <typename Element>
std::string text_of(const std::vector<Element>& list) {
    return list.empty() ? "none given" : fmt::format("{}", fmt::join(list, ","));
}
std::string text_of(const std::vector<net::ListenAddress>& addresses) {
    std::vector<std::string> texts;
    texts.reserve(addresses.size());
    for (const net::ListenAddress& address : addresses) {
        texts.push_back(address.text);
    }
    return text_of(texts);
}
std::string text_of(const net::TrustedPeers& peers) {
    std::vector<std::string> texts;
    for (const net::AddressRange& network : peers.networks) {
        texts.push_back(network.text());
    }
    if (peers.includes_unix) {
        texts.emplace_back("unix:");
    }
    return text_of(texts);
}
std::string text_of(ClientAddress address) {
    return address == ClientAddress::peer ? "peer" : "x-forwarded-for";
}
template <typename Value>
std::string text_of(const std::optional<Value>& value) {
    return value ? text_of(*value) : "none given";
}
std::string text_of(Pin pin) {
    constexpr std::array<std::string_view, 3> words = {"auto", "on", "off"};
    return std::string(words.at(static_cast<std::size_t>(pin)));
}
std::string text_of(IoChoice io) {
    constexpr std::array<std::string_view, 3> words = {"auto", "uring", "epoll"};
    return std::string(words.at(static_cast<std::size_t>(io)));
}
std::string text_of(LogLevel level) {
    constexpr std::array<std::string_view, 5> words = {"debug", "info", "warn", "error", "off"};
    return std::string(words.at(static_cast<std::size_t>(level)));
}

std::string text_of(const AccessLogSettings& log) {
    return log.is_on() ? fmt::format("{} ({})", log.file,
                                     log_format_words.at(static_cast<std::size_t>(log.format)))
                       : "off";
}

/// Of the member of Settings that the pointers lead to, one after another.
template <auto... Members>
constexpr LiveValue live_value(std::string_view key) {
    return {.key = key,
            .text = [](const Settings& settings) { return text_of((settings.*....*Members)); },
            .copy = [](const Settings& from,
                       Settings& to) { (to.*....*Members) = (from.*....*Members); }};
}

constexpr std::array values = {
    live_value<&Settings::port>("server.port"),
    live_value<&Settings::addresses>("server.listen"),
    live_value<&Settings::trusted_proxies>("server.trusted_proxies"),
    live_value<&Settings::client_address>("server.client_address"),
    live_value<&Settings::parse_limits, &http::ParseLimits::line_bytes_max>(
        "server.max_request_line"),
    live_value<&Settings::parse_limits, &http::ParseLimits::head_bytes_max>(
        "server.max_request_head"),
    live_value<&Settings::parse_limits, &http::ParseLimits::fields_max>(
        "server.max_request_fields"),
    live_value<&Settings::body_bytes_max>("server.max_request_body"),
    live_value<&Settings::workers>("server.workers"),
    live_value<&Settings::cpus>("server.cpus"),
    live_value<&Settings::pin>("server.pin"),
    live_value<&Settings::cache_bytes_max>("server.cache_memory"),
    live_value<&Settings::io>("server.io"),
    live_value<&Settings::timeouts, &Timeouts::load>("server.timeouts.load"),
    live_value<&Settings::timeouts, &Timeouts::drain_delay>("server.drain.delay"),
    live_value<&Settings::timeouts, &Timeouts::drain_idle>("server.drain.idle"),
    live_value<&Settings::timeouts, &Timeouts::drain>("server.drain.timeout"),
    live_value<&Settings::timeouts, &Timeouts::upgrade>("server.drain.upgrade_timeout"),
    live_value<&Settings::timeouts, &Timeouts::idle>("server.timeouts.idle"),
    live_value<&Settings::timeouts, &Timeouts::request>("server.timeouts.request"),
    live_value<&Settings::timeouts, &Timeouts::send>("server.timeouts.send"),
    live_value<&Settings::bytes_per_second_min>("server.min_rate"),
    live_value<&Settings::timeouts, &Timeouts::linger>("server.timeouts.linger"),
    live_value<&Settings::connections_per_address_max>("server.max_connections_per_address"),
    live_value<&Settings::access_log>("server.log.access"),
    live_value<&Settings::log_level>("server.log.level"),
    live_value<&Settings::admin>("server.admin"),
    live_value<&Settings::metrics>("server.metrics"),
    live_value<&Settings::health_path>("server.health"),
};

}  // namespace

std::span<const LiveValue> live_values() noexcept {
    return values;
}

}  // namespace torc::config
