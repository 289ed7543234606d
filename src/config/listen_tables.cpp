#include "listen_tables.hpp"

#include <torc/base/start_error.hpp>
#include <torc/net/address_range.hpp>
#include <torc/net/listen_address.hpp>

#include "configuration_literals.hpp"
#include "node_values.hpp"
#include "option_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

using Type = Node::Type;
using namespace std::string_view_literals;

constexpr List list{.delimiter = ',', .set = nullptr};

constexpr std::string_view unix_prefix = "unix:";

enum class ProxyProtocol : std::uint8_t { off, require };

/// What a table says beside its address.
struct Parts {
    std::optional<Position> protocol_position{};
    ProxyProtocol protocol = ProxyProtocol::off;
    std::optional<Position> networks_position{};
    std::vector<net::AddressRange> networks{};
    std::optional<Position> mode_position{};
    mode_t mode = net::ListenAddress::mode_default;
};

/// "0660". Throws StartError.
mode_t parse_mode(std::string_view name, std::string_view text) {
    constexpr int octal = 8;
    constexpr mode_t mode_max = 0777;
    mode_t mode = 0;
    const char* const end = text.data() + text.size();
    const auto [after, error] = std::from_chars(text.data(), end, mode, octal);
    if (error != std::errc() || after != end || mode > mode_max || text.size() < 3) {
        throw StartError(
            fmt::format("{}.mode {}: give permissions in octal, such as \"0660\"", name, text));
    }
    return mode;
}

void read_part(std::string_view name, const ValuePart& part, Parts& parts) {
    constexpr std::array protocols = {std::pair{"off"sv, ProxyProtocol::off},
                                      std::pair{"require"sv, ProxyProtocol::require}};
    if (part.key == "proxy_protocol") {
        parts.protocol_position = part.position;
        parts.protocol = choose(fmt::format("{}.{}", name, part.key), part.text, protocols);
    } else if (part.key == "proxy_from") {
        parts.networks_position = part.position;
        const auto network = net::AddressRange::parse(part.text);
        if (!network) {
            throw StartError(fmt::format("{}.{}: {}", name, part.key, network.error()));
        }
        parts.networks.push_back(*network);
    } else {
        parts.mode_position = part.position;
        parts.mode = parse_mode(name, part.text);
    }
}

/// What is right only together.
void check_together(std::string_view name, const std::string& address, const Parts& parts,
                    Problems& problems) {
    const bool is_unix = address.starts_with(unix_prefix);
    const bool is_required = parts.protocol == ProxyProtocol::require;
    if (parts.networks_position && is_unix) {
        problems.add(*parts.networks_position,
                     fmt::format("{}.proxy_from: clients of a Unix-domain socket have no address; "
                                 "its mode says who may connect",
                                 name));
    } else if (parts.networks_position && !is_required) {
        problems.add(*parts.networks_position,
                     fmt::format(R"({}.proxy_from: give proxy_protocol = "require" too)", name));
    } else if (is_required && !is_unix && parts.networks.empty()) {
        problems.add(*parts.protocol_position,
                     fmt::format("{0}.proxy_from is missing: the networks of the proxies that "
                                 "connect to {1}, such as [\"10.0.0.0/8\"]; of anybody else a "
                                 "PROXY header is not to be believed",
                                 name, address));
    }
    if (parts.mode_position && !is_unix) {
        problems.add(
            *parts.mode_position,
            fmt::format("{}.mode: only a Unix-domain socket has permissions, and {} is none", name,
                        address));
    }
}

void add_part(Given& given, const Node& node, const std::string& key, Problems& problems) {
    Given texts{.name = key};
    if (node.key == "proxy_from") {
        add_values(texts, list, node, problems);
        if (node.type == Type::array && node.nodes.empty()) {
            problems.add(node.position, fmt::format("{}: give at least one", key));
        }
    } else if (auto text = string_of(node, key, problems)) {
        texts.values.push_back(*std::move(text));
    }
    for (Value& text : texts.values) {
        given.parts.push_back({.value = given.values.size(),
                               .key = node.key,
                               .text = std::move(text.text),
                               .position = text.position});
    }
}

void add_table(Given& given, const Node& table, Problems& problems) {
    static const std::vector<std::string> keys = {"address", "proxy_protocol", "proxy_from",
                                                  "mode"};
    Value value{.text = "", .position = table.position};
    for (const Node& member : table.nodes) {
        const std::string key = fmt::format("{}.{}", given.name, member.key);
        if (member.key == "address") {
            value.text = string_of(member, key, problems).value_or(Value{}).text;
        } else if (std::ranges::find(keys, member.key) == keys.end()) {
            add_unknown(member, given.name, keys, problems);
        } else {
            add_part(given, member, key, problems);
        }
    }
    if (table.find("address") == nullptr) {
        problems.add(table.position, fmt::format("{}.address is missing", given.name));
    }
    given.values.push_back(std::move(value));
}

/// The address that `index` of given.values is; notes what is wrong with it.
net::ListenAddress make_listen_address(const Given& given, std::size_t index, Problems& problems) {
    Parts parts;
    const std::size_t problems_before = problems.all().size();
    for (const ValuePart& part : given.parts) {
        if (part.value == index) {
            problems.attempt(part.position, [&] { read_part(given.name, part, parts); });
        }
    }
    const std::string& text = given.values[index].text;
    if (problems.all().size() == problems_before) {
        check_together(given.name, text, parts, problems);
    }
    net::ListenAddress address(text);
    address.mode = parts.mode;
    if (parts.protocol == ProxyProtocol::require) {
        address.proxies = {.networks = std::move(parts.networks)};
    }
    return address;
}

/// Notes why `addresses` can't be listened on, if so. The layer below calls the option --address.
void check_addresses(const std::vector<net::ListenAddress>& addresses, std::string_view name,
                     Position position, Problems& problems) {
    constexpr std::string_view flag = "--address";
    try {
        (void)net::resolve_listen_addresses(addresses, 0);
    } catch (const StartError& error) {
        std::string message = error.what();
        if (message.starts_with(flag)) {
            message.replace(0, flag.size(), name);
        }
        problems.add(position, std::move(message));
    }
}

}  // namespace

void add_listen_addresses(Given& given, const Node& node, Problems& problems) {
    if (node.type == Type::table) {
        add_table(given, node, problems);
    } else if (node.type != Type::array) {
        add_value(given, list, node, problems);
    } else {
        for (const Node& element : node.nodes) {
            if (element.type == Type::table) {
                add_table(given, element, problems);
            } else {
                add_value(given, list, element, problems);
            }
        }
    }
}

void set_addresses(const Destination& destination, const Given& given, Problems& problems) {
    const std::size_t problems_before = problems.all().size();
    std::vector<net::ListenAddress>& addresses = destination.settings.addresses;
    addresses.clear();
    for (std::size_t index = 0; index < given.values.size(); ++index) {
        const auto& [text, position] = given.values[index];
        check_addresses({text}, given.name, position, problems);
        addresses.push_back(make_listen_address(given, index, problems));
    }
    if (given.values.empty()) {
        problems.add(given.position, fmt::format("{}: give at least one", given.name));
    } else if (problems.all().size() == problems_before) {
        check_addresses(addresses, given.name, given.values.front().position, problems);
    }
}

void set_trusted_proxies(const Destination& destination, const Given& given, Problems& problems) {
    net::TrustedPeers& trusted = destination.settings.trusted_proxies;
    trusted = {};
    for (const auto& [text, position] : given.values) {
        if (text == "unix:") {
            trusted.includes_unix = true;
        } else if (const auto network = net::AddressRange::parse(text)) {
            trusted.networks.push_back(*network);
        } else {
            problems.add(position, fmt::format("{}: {}, or unix: for the clients of Unix-domain "
                                               "sockets",
                                               given.name, network.error()));
        }
    }
}

std::string literal_of_addresses(const Given& given) {
    std::vector<std::string> literals;
    for (std::size_t index = 0; index < given.values.size(); ++index) {
        std::string members;
        std::vector<std::string> networks;
        for (const ValuePart& part : given.parts) {
            if (part.value != index) {
                continue;
            }
            if (part.key == "proxy_from") {
                networks.push_back(quote(part.text));
            } else {
                members += fmt::format(", {} = {}", part.key, quote(part.text));
            }
        }
        if (!networks.empty()) {
            members += fmt::format(", proxy_from = [{}]", fmt::join(networks, ", "));
        }
        const std::string address = quote(given.values[index].text);
        literals.push_back(members.empty() ? address
                                           : fmt::format("{{ address = {}{} }}", address, members));
    }
    return fmt::format("[{}]", fmt::join(literals, ", "));
}

}  // namespace torc::config
