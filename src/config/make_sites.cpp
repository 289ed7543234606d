#include "make_sites.hpp"

#include <torc/http/percent_encoder.hpp>
#include <torc/site/routing/host_table.hpp>
#include <torc/site/routing/site_files.hpp>

#include "area_rules.hpp"
#include "rule_values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

/// Where the value of `key` was given, else the table.
Position position_of(const GivenArea& given, std::string_view key) {
    const Given* const found = given.options.find(option_with_key(key));
    return found != nullptr && !found->values.empty() ? found->values.front().position
                                                      : given.position;
}

/// Where an error about fields is to point, and what it calls them.
std::pair<Position, std::string> origin_of_fields(const GivenArea& given) {
    static const Option& header = option_named("--header");
    if (const Given* const found = given.options.find(header)) {
        return {found->values.front().position, found->name};
    }
    const auto rule = std::ranges::find_if(
        given.rules, [](const GivenRule& each) { return !each.fields.empty(); });
    return {rule != given.rules.end() ? rule->fields_position : given.position,
            rule != given.rules.end() ? rule->name + ".set" : std::string(name_of(header))};
}

/// Areas with a root of their own may have the same one.
void hide_site_files(AreaSettings& area) {
    area.load_rules.hidden.hide_in_root(site::redirects_file_name);
    area.load_rules.hidden.hide_in_root(site::headers_file_name);
}

/// Makes the sites of one configuration, one after another.
class SiteMaker {
public:
    SiteMaker(Settings& settings, const GivenConfiguration& given, Problems& problems)
        : settings_(settings), problems_(problems) {
        for (const std::string& file : given.files) {
            files_.push_back(std::make_shared<const std::string>(file));
        }
    }

    void set_defaults(const GivenArea& given) {
        defaults_ = make_area(given, settings_.sites.front().whole, settings_.sites.front());
    }
    /// Of flags, variables and [defaults].
    SiteSettings make_only_site(const GivenConfiguration& given);
    SiteSettings make_site(const GivenSite& given);
    /// What is right only of all sites together.
    void check(const GivenConfiguration& given, std::vector<SiteSettings>& sites);

private:
    /// What was given, with the values of `parent` for the rest; rules are not settled yet.
    AreaSettings make_area(const GivenArea& given, const AreaSettings& parent, SiteSettings& site);
    void settle(AreaSettings& area, const GivenArea& given) {
        const auto [position, name] = origin_of_fields(given);
        add_rules(area, std::exchange(area.rules, {}), position, name, problems_);
    }
    [[nodiscard]] Origin origin_of(const Given& given) const;
    void note_origins(AreaSettings& area, const GivenOptions& given) const;
    void make_areas(const GivenSite& given, SiteSettings& site);
    std::string make_area_path(const Value& path);
    void check_hosts(const GivenConfiguration& all, std::vector<SiteSettings>& sites);
    void check_names(const GivenConfiguration& all, std::vector<SiteSettings>& sites);
    /// A file whose lines are of several forms could be read by nobody.
    void check_logs(const GivenConfiguration& all, const std::vector<SiteSettings>& sites);

    Settings& settings_;
    Problems& problems_;
    AreaSettings defaults_;
    /// By Position::file.
    std::vector<std::shared_ptr<const std::string>> files_;
};

Origin SiteMaker::origin_of(const Given& given) const {
    Origin origin{.name = given.name};
    const Position position = given.values.front().position;
    // The files are nameless where a text is parsed that is in none.
    if (given.source == Source::file && position.file < files_.size()) {
        origin.file = files_[position.file];
        origin.line = position.line;
        origin.column = position.column;
    }
    return origin;
}

void SiteMaker::note_origins(AreaSettings& area, const GivenOptions& given) const {
    static const Option& root = option_with_key("site.root");
    static const Option& spa = option_with_key("site.spa");
    static const Option& users_file = option_with_key("site.auth.users_file");
    for (const auto& [option, member] :
         {std::pair(&root, &Origins::directory), std::pair(&spa, &Origins::fallback_path),
          std::pair(&users_file, &Origins::users_file)}) {
        if (const Given* const found = given.find(*option)) {
            area.origins.*member = origin_of(*found);
        }
    }
}

AreaSettings SiteMaker::make_area(const GivenArea& given, const AreaSettings& parent,
                                  SiteSettings& site) {
    AreaSettings area = parent;
    std::vector<site::Rule> inherited = std::exchange(area.rules, {});
    area.path.clear();
    area.has_own_directory = false;
    const Destination destination{.settings = settings_, .site = site, .area = area};
    for (const Option& option : options()) {
        if (const Given* const found = given.options.find(option)) {
            set_option(destination, option, *found, problems_);
        }
    }
    note_origins(area, given.options);
    static const Option& realm = option_with_key("site.auth.realm");
    static const Option& users = option_with_key("site.auth.users_file");
    const bool has_realm = given.options.find(realm) != nullptr;
    if (has_realm != (given.options.find(users) != nullptr)) {
        const Given& present = *given.options.find(has_realm ? realm : users);
        problems_.add(present.position, fmt::format("{} is missing beside {}",
                                                    fmt::format("{}.auth.{}", given.name,
                                                                has_realm ? "users_file" : "realm"),
                                                    present.name));
    }
    for (const GivenRule& rule : given.rules) {
        if (std::optional<site::Rule> made = make_rule(rule, area.load_rules.hidden, problems_)) {
            area.rules.push_back(*std::move(made));
        }
    }
    std::ranges::move(inherited, std::back_inserter(area.rules));
    return area;
}

SiteSettings SiteMaker::make_only_site(const GivenConfiguration& given) {
    SiteSettings site = settings_.sites.front();
    GivenArea flags;
    for (const Option& option : options()) {
        const Given* const found = given.options.find(option);
        if (found != nullptr && is_of_site(option)) {
            flags.options.add(option, *found);
        }
    }
    site.whole = make_area(flags, defaults_, site);
    site.whole.has_own_directory = true;
    settle(site.whole, given.defaults.rules.empty() ? flags : given.defaults);
    site.name = "default";
    return site;
}

SiteSettings SiteMaker::make_site(const GivenSite& given) {
    SiteSettings site{.access_log = settings_.sites.front().access_log};
    AreaSettings whole = make_area(given.whole, defaults_, site);
    whole.has_own_directory = true;
    site.whole = std::move(whole);
    make_areas(given, site);
    if (site.has_site_files) {
        hide_site_files(site.whole);
        std::ranges::for_each(site.areas, hide_site_files);
    }
    settle(site.whole, given.whole);
    for (const GivenRedirect& redirect : given.redirects) {
        if (std::optional<site::Redirect> made = make_redirect(redirect, site, problems_)) {
            site.redirects.push_back(*std::move(made));
        }
    }
    return site;
}

std::string SiteMaker::make_area_path(const Value& path) {
    constexpr std::string_view key = "site.area.path";
    const std::string& text = path.text;
    const auto refuse = [&](std::string_view why) {
        problems_.add(path.position, fmt::format("{} '{}': {}", key, text, why));
        return std::string();
    };
    if (!text.starts_with('/')) {
        return refuse(fmt::format("a path begins with a slash; give /{}{}", text,
                                  text.ends_with('/') ? "" : "/"));
    }
    if (!text.ends_with('/')) {
        return refuse(fmt::format("an area has whole segments; give {}/", text));
    }
    if (text == "/") {
        return refuse("that is the whole site; say it in [[site]]");
    }
    if (text.contains("//") || text.contains("/./") || text.contains("/../")) {
        return refuse(R"(a path is without empty segments, "." and "..")");
    }
    if (const std::size_t found = text.find_first_of("*?%#"); found != std::string::npos) {
        return refuse(fmt::format("give the path itself, decoded; it has a {}", text[found]));
    }
    return text.substr(1);
}

void SiteMaker::make_areas(const GivenSite& given, SiteSettings& site) {
    std::set<std::string> paths;
    for (const GivenArea& each : given.areas) {
        AreaSettings area = make_area(each, site.whole, site);
        area.path = make_area_path(each.path);
        if (area.has_own_directory && each.options.find(option_with_key("site.spa")) == nullptr) {
            // That of the site is a file of the site's root.
            area.load_rules.fallback_path.clear();
        }
        if (!area.path.empty() && !paths.insert(area.path).second) {
            problems_.add(each.path.position,
                          fmt::format("site.area.path '{}': the site has such an area already",
                                      each.path.text));
        }
        settle(area, each);
        site.areas.push_back(std::move(area));
    }
}

void SiteMaker::check(const GivenConfiguration& given, std::vector<SiteSettings>& sites) {
    if (sites.size() == 1 && sites.front().hosts.empty()) {
        sites.front().is_default = true;
    }
    check_hosts(given, sites);
    check_names(given, sites);
    check_logs(given, sites);
}

/// "line 3", or "sites/a.toml:3" where it is another of the files.
std::string place_of(Position position, Position seen_from, const std::vector<std::string>& files) {
    return position.file == seen_from.file
               ? fmt::format("line {}", position.line)
               : fmt::format("{}:{}", files.at(position.file), position.line);
}

void SiteMaker::check_hosts(const GivenConfiguration& all, std::vector<SiteSettings>& sites) {
    const std::vector<GivenSite>& given = all.sites;
    site::HostTable hosts;
    const GivenSite* default_site = nullptr;
    const Option& hosts_option = option_with_key("site.hosts");
    for (std::size_t i = 0; i < sites.size(); ++i) {
        const Position position = given[i].whole.position;
        const Given* const given_hosts = given[i].whole.options.find(hosts_option);
        for (const std::string& host : sites[i].hosts) {
            const auto other = hosts.add(host, static_cast<std::uint32_t>(i));
            if (other && given_hosts != nullptr) {
                problems_.add(
                    given_hosts->position,
                    fmt::format("site.hosts: {} is given already, in the [[site]] of {}", host,
                                place_of(given[*other].whole.position, position, all.files)));
            }
        }
        if (sites[i].is_default) {
            if (default_site != nullptr) {
                problems_.add(
                    position_of(given[i].whole, "site.default"),
                    fmt::format("site.default: there is one already, the [[site]] of {}",
                                place_of(default_site->whole.position, position, all.files)));
            }
            default_site = &given[i];
        } else if (sites[i].hosts.empty() &&
                   (given_hosts == nullptr || given_hosts->values.empty())) {
            problems_.add(position,
                          "site.hosts is missing: no request would get this site; give its hosts, "
                          "or default = true");
        }
    }
}

void SiteMaker::check_names(const GivenConfiguration& all, std::vector<SiteSettings>& sites) {
    const std::vector<GivenSite>& given = all.sites;
    std::map<std::string_view, std::size_t> names;
    for (std::size_t i = 0; i < sites.size(); ++i) {
        SiteSettings& site = sites[i];
        if (site.name.empty() && !site.hosts.empty()) {
            site.name = site.hosts.front();
        } else if (site.name.empty() && site.is_default) {
            site.name = "default";
        }
        if (site.name.empty()) {
            continue;  // No request would get it, which is said.
        }
        const auto [other, is_new] = names.emplace(site.name, i);
        if (!is_new) {
            problems_.add(
                position_of(given[i].whole, "site.name"),
                fmt::format("site.name '{}': the [[site]] of {} has it already", site.name,
                            place_of(given[other->second].whole.position, given[i].whole.position,
                                     all.files)));
        }
    }
}

void SiteMaker::check_logs(const GivenConfiguration& all, const std::vector<SiteSettings>& sites) {
    std::map<std::string_view, LogFormat> formats;
    if (settings_.access_log.is_on()) {
        formats.emplace(settings_.access_log.file, settings_.access_log.format);
    }
    for (std::size_t i = 0; i < sites.size(); ++i) {
        const std::optional<AccessLogSettings>& log = sites[i].access_log;
        if (!log || !log->is_on()) {
            continue;
        }
        const auto [other, is_new] = formats.emplace(log->file, log->format);
        if (!is_new && other->second != log->format) {
            problems_.add(position_of(all.sites[i].whole, "site.access_log"),
                          fmt::format("site.access_log: {} is logged to in another format already; "
                                      "give it the same, or another file",
                                      log->file));
        }
    }
}

}  // namespace

void make_sites(Settings& settings, const GivenConfiguration& given, Problems& problems) {
    SiteMaker maker(settings, given, problems);
    maker.set_defaults(given.defaults);
    std::vector<SiteSettings> sites;
    if (given.sites.empty()) {
        sites.push_back(maker.make_only_site(given));
    } else {
        sites.reserve(given.sites.size());
        for (const GivenSite& site : given.sites) {
            sites.push_back(maker.make_site(site));
        }
        maker.check(given, sites);
        for (SiteSettings& site : sites) {
            site.whole.origins.site = site.name;
            for (AreaSettings& area : site.areas) {
                area.origins.site = site.name;
            }
        }
    }
    settings.sites = std::move(sites);
}

}  // namespace torc::config
