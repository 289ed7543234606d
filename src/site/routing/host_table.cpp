#include <torc/base/ascii.hpp>
#include <torc/site/routing/host_table.hpp>

#include "routing/plain_host.hpp"

#include <algorithm>

namespace torc::site {
namespace {

enum Scope : std::uint8_t { names, wildcards };

}  // namespace

std::optional<HostTable::SiteIndex> HostTable::add(std::string_view host, SiteIndex site) {
    const PlainHost plain(host);
    std::string_view name = plain.text();
    Scope scope = names;
    if (name.starts_with("*.")) {
        name.remove_prefix(1);
        scope = wildcards;
        const auto dots = static_cast<std::size_t>(std::ranges::count(name, '.'));
        wildcard_dots_max_ = std::max(wildcard_dots_max_, dots);
    }
    const std::size_t hosts_before = hosts_.size();
    const SiteIndex present = hosts_.insert(scope, name, site);
    return hosts_.size() == hosts_before ? std::optional(present) : std::nullopt;
}

std::optional<HostTable::SiteIndex> HostTable::find(std::string_view host) const noexcept {
    if (host.empty() || hosts_.empty()) {
        return default_;
    }
    const PlainHost plain(host);
    std::uint32_t found = hosts_.find(names, plain.text());
    if (found == TextIndex::none && wildcard_dots_max_ > 0) {
        found = find_wildcard(plain.text());
    }
    return found == TextIndex::none ? default_ : std::optional(found);
}

std::uint32_t HostTable::find_wildcard(std::string_view host) const noexcept {
    // From the back, for what is in front may be of any length; the first dot has a label before
    // it. The last that is found is the longest.
    std::uint32_t found = TextIndex::none;
    std::size_t dot = host.rfind('.');
    for (std::size_t dots = 0;
         dots < wildcard_dots_max_ && dot != std::string_view::npos && dot > 0; ++dots) {
        const std::uint32_t longer = hosts_.find(wildcards, host.substr(dot));
        found = longer == TextIndex::none ? found : longer;
        dot = host.rfind('.', dot - 1);
    }
    return found;
}

namespace {

bool is_host_character(char character) noexcept {
    const char lower = to_lower(character);
    return is_lower(lower) || is_digit(character) || character == '-' || character == '_';
}

/// One label of a name, as the DNS has it, or with the underscore that some have too.
bool is_label(std::string_view text) noexcept {
    constexpr std::size_t label_bytes_max = 63;
    return !text.empty() && text.size() <= label_bytes_max &&
           std::ranges::all_of(text, is_host_character);
}

bool is_ip_literal(std::string_view host) noexcept {
    return host.size() > 2 && host.front() == '[' && host.back() == ']' &&
           std::ranges::all_of(host.substr(1, host.size() - 2), [](char character) {
               return hex_digit(character) >= 0 || character == '.' || character == ':';
           });
}

}  // namespace

std::string find_host_flaw(std::string_view host) {
    constexpr std::string_view example = "give one like example.org or *.example.org";
    if (host.empty()) {
        return "a host is not empty; " + std::string(example);
    }
    if (const std::size_t scheme = host.find("://"); scheme != std::string_view::npos) {
        const std::string_view rest = host.substr(scheme + 3);
        return "a host has no scheme; give " +
               std::string(rest.substr(0, rest.find_first_of("/?:")));
    }
    if (const std::size_t slash = host.find('/'); slash != std::string_view::npos) {
        return "a host has no path; give " + std::string(host.substr(0, slash));
    }
    if (is_ip_literal(host)) {
        return "";
    }
    const std::size_t colon = host.find(':');
    if (colon != std::string_view::npos && host.find(':', colon + 1) != std::string_view::npos &&
        host.front() != '[') {
        return "an IPv6 address has brackets in a URL; give [" + std::string(host) + "]";
    }
    if (colon != std::string_view::npos) {
        return "a host has no port: sites are for every port; give " +
               std::string(host.substr(0, host.rfind(':')));
    }
    if (host.size() > host_bytes_max) {
        return "no host is longer than 255 bytes";
    }
    if (std::ranges::any_of(host, [](char each) { return (each & 0x80) != 0; })) {
        return "clients send the ASCII form of such a name; give that, which begins with xn--";
    }
    std::string_view labels = host.substr(host.starts_with("*.") ? 2 : 0);
    labels.remove_suffix(labels.ends_with('.') ? 1 : 0);
    if (labels.contains('*')) {
        return "an asterisk stands for the labels in front alone; " + std::string(example);
    }
    while (true) {
        const std::size_t dot = std::min(labels.find('.'), labels.size());
        if (!is_label(labels.substr(0, dot))) {
            return "a host is made of labels of letters, digits and hyphens with dots between "
                   "them; " +
                   std::string(example);
        }
        if (dot == labels.size()) {
            return "";
        }
        labels.remove_prefix(dot + 1);
    }
}

}  // namespace torc::site
