#include <torc/base/ascii.hpp>
#include <torc/worker/client_address.hpp>

#include <algorithm>
#include <string_view>

namespace torc::worker {
namespace {

constexpr std::string_view forwarded_for = "x-forwarded-for";

bool is_forwarded_for(const http::Field& field) noexcept {
    return field.id == http::FieldName::other && field.name.size() == forwarded_for.size() &&
           std::ranges::equal(field.name, forwarded_for, {}, to_lower);
}

std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return text.substr(0, text.find_last_not_of(blanks) + 1);
}

bool is_port(std::string_view text) noexcept {
    constexpr std::size_t digits_max = 5;
    return !text.empty() && text.size() <= digits_max && std::ranges::all_of(text, is_digit);
}

/// "192.0.2.1", "2001:db8::1"; some proxies add a port: "192.0.2.1:4711", "[2001:db8::1]:4711".
std::optional<net::Address> parse_entry(std::string_view entry) noexcept {
    if (entry.starts_with('[')) {
        const std::size_t bracket = entry.find(']');
        if (bracket == std::string_view::npos) {
            return std::nullopt;
        }
        const std::string_view rest = entry.substr(bracket + 1);
        const bool has_port = rest.starts_with(':') && is_port(rest.substr(1));
        return rest.empty() || has_port ? net::Address::parse(entry.substr(1, bracket - 1))
                                        : std::nullopt;
    }
    const std::size_t colon = entry.find(':');
    const bool is_one_colon = colon != std::string_view::npos && entry.rfind(':') == colon;
    if (is_one_colon && is_port(entry.substr(colon + 1))) {
        entry = entry.substr(0, colon);
    }
    return net::Address::parse(entry);
}

}  // namespace

std::optional<net::Address> find_client(const http::Request& request,
                                        const std::optional<net::Address>& peer,
                                        const net::TrustedPeers& trusted) noexcept {
    std::optional<net::Address> client = peer;
    const std::span<const http::Field> fields = request.fields();
    for (auto field = fields.rbegin(); field != fields.rend(); ++field) {
        if (!is_forwarded_for(*field)) {
            continue;
        }
        std::string_view rest = field->value;
        while (!rest.empty()) {
            const std::size_t comma = rest.rfind(',');
            const bool is_first = comma == std::string_view::npos;
            const std::string_view entry = trim(is_first ? rest : rest.substr(comma + 1));
            rest = is_first ? std::string_view() : rest.substr(0, comma);
            if (entry.empty()) {
                continue;  // RFC 9110 §5.6.1.2
            }
            if (!trusted.includes(client)) {
                return client;
            }
            const auto found = parse_entry(entry);
            if (!found) {
                return client;
            }
            client = found;
        }
    }
    return client;
}

}  // namespace torc::worker
