// What there is for those who run a server: its admin socket, metrics and health.

#include <torc/base/start_error.hpp>
#include <torc/net/endpoint.hpp>

#include "options.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {
namespace {

/// "off": nothing.
std::optional<std::string> given_text(const std::string& text) {
    return text == "off" ? std::nullopt : std::optional(text);
}

/// Throws StartError for what can't be listened on, in the words of the option `name`.
void require_address(std::string_view name, const std::string& text) {
    constexpr std::string_view flag = "--address";
    std::vector<net::Endpoint> endpoints;
    try {
        endpoints = net::resolve_addresses({text}, 0);
    } catch (const StartError& error) {
        const std::string_view message = error.what();
        throw StartError(message.starts_with(flag)
                             ? fmt::format("{}{}", name, message.substr(flag.size()))
                             : std::string(message));
    }
    for (const net::Endpoint& endpoint : endpoints) {
        if (endpoint.port() == 0 && !endpoint.is_unix()) {
            throw StartError(fmt::format("{} {}: give a port too, such as {}:9145", name, text,
                                         endpoint.is_ipv6() ? "[::1]" : "127.0.0.1"));
        }
    }
}

void set_admin(const Destination& destination, std::string_view name, const std::string& text) {
    destination.settings.admin = given_text(text);
    if (!destination.settings.admin) {
        return;
    }
    if (!text.starts_with("unix:/")) {
        throw StartError(
            fmt::format("{} '{}': give a path such as unix:/run/torc/admin.sock, or "
                        "off: who may open that file may stop the server",
                        name, text));
    }
    require_address(name, text);
}

void set_metrics(const Destination& destination, std::string_view name, const std::string& text) {
    destination.settings.metrics = given_text(text);
    if (destination.settings.metrics) {
        require_address(name, text);
    }
}

void set_health(const Destination& destination, std::string_view name, const std::string& text) {
    const bool is_off = text == "off";
    if (!is_off && (!text.starts_with('/') || text.size() < 2 ||
                    text.find_first_of(" ?#%\"") != std::string::npos)) {
        throw StartError(fmt::format("{} '{}': give a path such as /healthz, or off", name, text));
    }
    destination.settings.health_path = given_text(text);
}

constexpr std::array rows = {
    Option{.flags = "--admin",
           .variable = "TORC_ADMIN",
           .key = "server.admin",
           .value_name = "ADDRESS",
           .group = Group::reporting,
           .default_value = "off",
           .kind = Text{set_admin},
           .help = "Unix-domain socket, of mode 0600, by which torc status, reload, reopen, "
                   "upgrade, drain and stop reach the server: unix:PATH, or off. They find it by "
                   "this option too, or else at unix:/run/torc/admin.sock."},
    Option{.flags = "--metrics",
           .variable = "TORC_METRICS",
           .key = "server.metrics",
           .value_name = "ADDRESS",
           .group = Group::reporting,
           .default_value = "off",
           .kind = Text{set_metrics},
           .help = "Where Prometheus finds /metrics, with /livez and /readyz: an address with a "
                   "port, unix:PATH, or off."},
    Option{.flags = "--health",
           .variable = "TORC_HEALTH",
           .key = "server.health",
           .value_name = "PATH",
           .group = Group::reporting,
           .default_value = "off",
           .kind = Text{set_health},
           .help = "Path at which load balancers learn whether to send requests here: 200 or 503, "
                   "for any Host, neither logged nor counted; or off."},
};

}  // namespace

std::span<const Option> operation_options() noexcept {
    return rows;
}

}  // namespace torc::config
