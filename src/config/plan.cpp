#include <torc/base/start_error.hpp>
#include <torc/config/plan.hpp>
#include <torc/config/reload.hpp>
#include <torc/net/endpoint.hpp>

#include "check.hpp"
#include "configuration_file.hpp"
#include "live_values.hpp"
#include "make_settings.hpp"
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace torc::config {
namespace {

std::expected<Settings, std::string> read_text(std::string_view text) {
    GivenConfiguration given{.files = {"the configuration of the server that runs"}};
    Problems problems;
    parse_configuration(text, 0, FileRole::named, given, problems);
    Settings settings = make_settings(given, Output::other, problems);
    if (!problems.all().empty()) {
        return std::unexpected(describe(problems, given.files));
    }
    return settings;
}

const SiteSettings* find_site(const Settings& settings, std::string_view name) {
    const auto found = std::ranges::find(settings.sites, name, &SiteSettings::name);
    return found != settings.sites.end() ? &*found : nullptr;
}

void compare_sites(const Settings& running, const Settings& next, std::vector<std::string>& lines) {
    for (const SiteSettings& site : next.sites) {
        const SiteSettings* const before = find_site(running, site.name);
        if (before == nullptr) {
            lines.push_back("+ site " + site.name);
        } else if (*before != site) {
            lines.push_back("~ site " + site.name);
        }
    }
    for (const SiteSettings& site : running.sites) {
        if (find_site(next, site.name) == nullptr) {
            lines.push_back("- site " + site.name);
        }
    }
}

void compare_live_values(const Settings& running, const Settings& next,
                         std::vector<std::string>& lines) {
    for (const LiveValue& value : live_values()) {
        const std::string before = value.text(running);
        const std::string after = value.text(next);
        if (before != after && option_with_key(value.key).liveness == Liveness::live) {
            lines.push_back(fmt::format("{}: {} → {}", value.key, before, after));
        }
    }
}

/// Throws UsageError for what has no meaning on this machine.
std::vector<net::Endpoint> endpoints_of(const Settings& settings) {
    std::vector<net::Endpoint> endpoints;
    for (const net::ListenPlace& place :
         net::resolve_listen_addresses(settings.addresses, settings.port)) {
        endpoints.push_back(place.endpoint);
    }
    return endpoints;
}

/// What takes nothing away from the server that runs, also where one address is a part of another.
bool is_new(const net::Endpoint& endpoint, const std::vector<net::Endpoint>& before) {
    return std::ranges::none_of(before, [&](const net::Endpoint& each) {
        return each == endpoint || (!endpoint.is_unix() && each.port() == endpoint.port());
    });
}

std::vector<net::ListenAddress> new_addresses(const Settings& running, const Settings& next) {
    std::vector<net::ListenAddress> found;
    try {
        const std::vector<net::Endpoint> before = endpoints_of(running);
        for (const net::Endpoint& endpoint : endpoints_of(next)) {
            if (is_new(endpoint, before)) {
                found.emplace_back(endpoint.host_and_port());
            }
        }
    } catch (const UsageError&) {
        // A start or a reload says so.
        found.clear();
    }
    return found;
}

}  // namespace

std::expected<Plan, std::string> plan_change(std::string_view running, std::string_view next) {
    const auto before = read_text(running);
    auto after = read_text(next);
    if (!before || !after) {
        return std::unexpected(!before ? before.error() : after.error());
    }
    Plan plan{.new_addresses = new_addresses(*before, *after)};
    compare_sites(*before, *after, plan.lines);
    compare_live_values(*before, *after, plan.lines);
    std::ranges::move(keep_until_restart(*before, *after), std::back_inserter(plan.lines));
    return plan;
}

}  // namespace torc::config
