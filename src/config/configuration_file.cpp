#include "configuration_file.hpp"

#include "listen_tables.hpp"
#include "node_values.hpp"
#include "site_tables.hpp"
#include "toml_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using Type = Node::Type;

constexpr std::int64_t version_read = 1;

/// A table whose keys are those of options.
struct OptionTable {
    /// Of its options' keys: "server.timeouts", "site", "site.auth".
    std::string keys;
    /// What errors call it: "defaults.auth".
    std::string name;
    GivenOptions& options;
    /// What has a value for all of them.
    Extent extent = Extent::site;
};

bool may_be_in(const OptionTable& table, const Option& option) {
    return option.extent == Extent::site_and_defaults ? table.extent != Extent::place
                                                      : option.extent <= table.extent;
}

/// What may be in a table.
std::vector<std::string> keys_in(const OptionTable& table) {
    std::vector<std::string> keys;
    const std::string prefix = table.keys + '.';
    for (const Option& option : options()) {
        if (option.key.starts_with(prefix) && may_be_in(table, option)) {
            const std::string_view rest = option.key.substr(prefix.size());
            keys.emplace_back(rest.substr(0, rest.find('.')));
        }
    }
    return keys;
}

/// Whether there is an option whose key begins so.
bool is_table(const OptionTable& table, const std::string& keys) {
    return std::ranges::any_of(options(), [&](const Option& option) {
        return option.key.size() > keys.size() && option.key[keys.size()] == '.' &&
               option.key.starts_with(keys) && may_be_in(table, option);
    });
}

/// Turns a document into what it says of options and sites.
class Reader {
public:
    Reader(GivenConfiguration& given, Problems& problems) : given_(given), problems_(problems) {}

    void read(const Node& root, FileRole role);

private:
    void read_version(const Node& root, FileRole role);
    void read_top_level(const Node& member, FileRole role);
    /// An option of `table`, or a table inside of it.
    void read_member(const OptionTable& table, const Node& member);
    void read_option(const OptionTable& table, const Option& option, const Node& node);
    void read_access_log(Given& given, const Node& table);
    void read_defaults(const Node& defaults);
    void read_sites(const Node& sites);
    GivenSite read_site(const Node& site);
    void read_areas(GivenSite& site, const Node& areas);
    /// What a site and an area have alike. `extent`: which of them it is.
    void read_area_member(GivenArea& area, Extent extent, const Node& member);

    GivenConfiguration& given_;
    Problems& problems_;
};

void Reader::read(const Node& root, FileRole role) {
    read_version(root, role);
    for (const Node& member : root.nodes) {
        read_top_level(member, role);
    }
}

void Reader::read_version(const Node& root, FileRole role) {
    const Node* const version = root.find("version");
    if (version == nullptr && role == FileRole::named) {
        problems_.add({.file = root.position.file, .line = 1, .column = 1},
                      "version is missing; begin with version = 1");
    } else if (version != nullptr &&
               (version->type != Type::integer || version->integer != version_read)) {
        problems_.add(version->position,
                      fmt::format("version: this torc reads version {}", version_read));
    }
}

void Reader::read_top_level(const Node& member, FileRole role) {
    static const std::vector<std::string> keys = {"version", "include", "server", "defaults",
                                                  "site"};
    if (member.key == "site") {
        read_sites(member);
    } else if (member.key == "version") {
        return;
    } else if (std::ranges::find(keys, member.key) == keys.end()) {
        add_unknown(member, "", keys, problems_);
    } else if (role == FileRole::included) {
        problems_.add(member.key_position,
                      fmt::format("{}: a file that is included holds [[site]] alone", member.key));
    } else if (member.key == "include") {
        Given globs{.name = member.key};
        add_values(globs, List{.delimiter = ',', .set = nullptr}, member, problems_);
        given_.includes = std::move(globs.values);
    } else if (member.type != Type::table) {
        problems_.add(member.key_position,
                      fmt::format("{0}: give a table, as in [{0}]", member.key));
    } else if (member.key == "defaults") {
        read_defaults(member);
    } else {
        const OptionTable server{.keys = member.key, .name = member.key, .options = given_.options};
        for (const Node& each : member.nodes) {
            read_member(server, each);
        }
    }
}

void Reader::read_member(const OptionTable& table, const Node& member) {
    const std::string keys = table.keys + '.' + member.key;
    const std::string name = table.name + '.' + member.key;
    const Option* const option = find_key(keys);
    if (option != nullptr && may_be_in(table, *option) &&
        !std::holds_alternative<Part>(option->kind)) {
        read_option(table, *option, member);
    } else if (option != nullptr && !may_be_in(table, *option)) {
        problems_.add(member.key_position,
                      fmt::format("{}: is said of each site, in its [[site]]", name));
    } else if (!is_table(table, keys)) {
        add_unknown(member, table.name, keys_in(table), problems_);
    } else if (member.type != Type::table) {
        problems_.add(member.key_position, fmt::format("{0}: give a table, as in [{0}]", name));
    } else if (keys == "site.auth" && member.nodes.empty()) {
        problems_.add(member.key_position,
                      fmt::format("{}: give realm and users_file; without auth in the site no "
                                  "password is asked for",
                                  name));
    } else {
        const OptionTable inner{
            .keys = keys, .name = name, .options = table.options, .extent = table.extent};
        for (const Node& each : member.nodes) {
            read_member(inner, each);
        }
    }
}

void Reader::read_option(const OptionTable& table, const Option& option, const Node& node) {
    Given given{
        .source = Source::file, .name = table.name + '.' + node.key, .position = node.key_position};
    const std::size_t problems_before = problems_.all().size();
    if (option.key == "server.listen") {
        add_listen_addresses(given, node, problems_);
    } else if (std::holds_alternative<List>(option.kind)) {
        add_values(given, option.kind, node, problems_);
    } else if (node.type == Type::table && std::holds_alternative<LogTarget>(option.kind)) {
        read_access_log(given, node);
    } else {
        add_value(given, option.kind, node, problems_);
    }
    if (problems_.all().size() == problems_before) {
        table.options.add(option, std::move(given));
    }
}

void Reader::read_access_log(Given& given, const Node& table) {
    static const std::vector<std::string> keys = {"file", "format"};
    for (const Node& part : table.nodes) {
        if (std::ranges::find(keys, part.key) == keys.end()) {
            add_unknown(part, given.name, keys, problems_);
        }
    }
    // In this order, in which the option takes them.
    for (const std::string& key : keys) {
        if (const Node* const part = table.find(key)) {
            if (auto value = string_of(*part, fmt::format("{}.{}", given.name, key), problems_)) {
                given.values.push_back(*std::move(value));
            }
        } else if (key == "file") {
            problems_.add(table.key_position, fmt::format("{}.file is missing", given.name));
        }
    }
}

void Reader::read_defaults(const Node& defaults) {
    given_.defaults.position = defaults.position;
    for (const Node& member : defaults.nodes) {
        read_area_member(given_.defaults, Extent::area, member);
    }
}

void Reader::read_sites(const Node& sites) {
    if (!sites.is_array_of_tables()) {
        problems_.add(sites.key_position, "site: give a table in double brackets, [[site]]");
        return;
    }
    given_.sites.reserve(given_.sites.size() + sites.nodes.size());
    for (const Node& site : sites.nodes) {
        given_.sites.push_back(read_site(site));
    }
}

GivenSite Reader::read_site(const Node& site) {
    GivenSite given{.whole = {.position = site.position}};
    for (const Node& member : site.nodes) {
        if (member.key == "redirect") {
            given.redirects = read_redirects(member, problems_);
        } else if (member.key == "area") {
            read_areas(given, member);
        } else {
            read_area_member(given.whole, Extent::site, member);
        }
    }
    if (site.find("root") == nullptr) {
        problems_.add(site.position,
                      "site.root is missing: the directory to serve, such as \"/srv/www\"");
    }
    return given;
}

void Reader::read_areas(GivenSite& site, const Node& areas) {
    if (!areas.is_array_of_tables()) {
        problems_.add(areas.key_position,
                      "site.area: give tables in double brackets, [[site.area]]");
        return;
    }
    for (const Node& node : areas.nodes) {
        GivenArea area{.name = "site.area", .position = node.position};
        for (const Node& member : node.nodes) {
            if (member.key == "path") {
                area.path = string_of(member, "site.area.path", problems_).value_or(Value{});
            } else {
                read_area_member(area, Extent::place, member);
            }
        }
        if (!area.path.text.empty()) {
            site.areas.push_back(std::move(area));
        } else if (node.find("path") == nullptr) {
            problems_.add(node.position,
                          "site.area.path is missing: what it is for, such as \"/download/\"");
        }
    }
}

void Reader::read_area_member(GivenArea& area, Extent extent, const Node& member) {
    if (member.key == "rule") {
        area.rules = read_rules(member, area.name, problems_);
        return;
    }
    const OptionTable table{
        .keys = "site", .name = std::string(area.name), .options = area.options, .extent = extent};
    read_member(table, member);
}

}  // namespace

void parse_configuration(std::string_view text, std::uint32_t file, FileRole role,
                         GivenConfiguration& given, Problems& problems) {
    if (const std::optional<Node> root = parse_toml(text, file, problems)) {
        Reader(given, problems).read(*root, role);
    }
}

}  // namespace torc::config
