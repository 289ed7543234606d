#include "make_settings.hpp"

#include "make_sites.hpp"

#include <fmt/format.h>

#include <string_view>

namespace torc::config {
namespace {

/// How errors call an option whether it was given or not; `source`: where it may be given.
std::string_view given_name(const GivenOptions& given, const Option& option, Source source) {
    if (const Given* const found = given.find(option)) {
        return found->name;
    }
    return source == Source::file ? option.key : name_of(option);
}

/// What is right only together.
void check_together(const Settings& settings, const GivenOptions& given, Problems& problems) {
    const http::ParseLimits& limits = settings.parse_limits;
    const Option& head = option_named("--max-request-head");
    const Option& line = option_named("--max-request-line");
    if (limits.head_bytes_max <= limits.line_bytes_max) {
        const Given* const written = given.find(given.find(head) != nullptr ? head : line);
        const Source source = written != nullptr ? written->source : Source::command_line;
        problems.add(written != nullptr ? written->values.front().position : Position{},
                     fmt::format("{} {}: must be more than {}, which is {}",
                                 given_name(given, head, source), limits.head_bytes_max,
                                 given_name(given, line, source), limits.line_bytes_max));
    }
}

/// What follows from several options, or from where standard output goes.
void finish(Settings& settings, const GivenOptions& given, Output output, Problems& problems) {
    if (settings.shares && settings.addresses.empty()) {
        settings.addresses = {"0.0.0.0", "::"};
    }
    if (settings.opens_browser && output != Output::terminal) {
        settings.opens_browser = false;
        settings.warnings.emplace_back(
            "--open: no browser is opened, since standard output is no terminal");
    }
    if (settings.client_address == ClientAddress::x_forwarded_for &&
        settings.trusted_proxies.networks.empty() && !settings.trusted_proxies.includes_unix) {
        settings.warnings.emplace_back(
            "server.client_address: nobody is believed what X-Forwarded-For says; give "
            "server.trusted_proxies or --trusted-proxies");
    }
    check_together(settings, given, problems);
}

}  // namespace

void set_option(Settings& settings, const Option& option, const Given& given, Problems& problems) {
    SiteSettings& site = settings.sites.front();
    set_option({.settings = settings, .site = site, .area = site.whole}, option, given, problems);
}

Settings make_settings(const GivenConfiguration& given, Output output, Problems& problems) {
    Settings settings;
    settings.sites.front().whole.load_rules.lists_directories = output == Output::terminal;
    if (output == Output::terminal) {
        settings.access_log.file = "-";
    } else if (given.sites.empty() && given.options.find(option_named("DIR")) == nullptr &&
               problems.all().empty()) {
        // A service that was started in / would serve / to everybody.
        problems.add({},
                     "no directory given; name the one to serve (torc DIR), since standard output "
                     "is no terminal");
    }
    for (const Option& option : options()) {
        const Given* const found = given.options.find(option);
        if (found != nullptr && !is_of_site(option)) {
            set_option(settings, option, *found, problems);
        }
    }
    make_sites(settings, given, problems);
    finish(settings, given.options, output, problems);
    return settings;
}

}  // namespace torc::config
