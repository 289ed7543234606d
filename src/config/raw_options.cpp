#include "raw_options.hpp"

#include <torc/base/cpu_set.hpp>
#include <torc/base/start_error.hpp>
#include <torc/file/glob.hpp>
#include <torc/http/field.hpp>

#include "option_value.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t workers_max = 1024;
constexpr std::uint64_t port_max = 65'535;

void require_file_name(const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") {
        throw StartError(
            fmt::format("--index '{}': not a file name; give one like index.html", name));
    }
}

void settle_directory(Settings& settings, const RawOptions& raw, bool is_terminal) {
    if (!raw.directory.empty()) {
        settings.directory = raw.directory;
    } else if (!is_terminal) {
        // A service that was started in / would serve / to everybody.
        throw StartError(
            "no directory given; name the one to serve (torc DIR), since standard output is no "
            "terminal");
    }
}

void settle_port(Settings& settings, const RawOptions& raw) {
    if (!raw.port.empty()) {
        settings.port = static_cast<std::uint16_t>(parse_number("--port", raw.port, 0, port_max));
    } else if (!raw.platform_port.empty()) {
        settings.port =
            static_cast<std::uint16_t>(parse_number("PORT", raw.platform_port, 0, port_max));
    }
}

void settle_addresses(Settings& settings, const RawOptions& raw) {
    settings.addresses = raw.addresses;
    settings.shares = is_on("--share", raw.share, false);
    if (settings.shares && settings.addresses.empty()) {
        settings.addresses = {"0.0.0.0", "::"};
    }
}

void settle_browser(Settings& settings, const RawOptions& raw, bool is_terminal) {
    settings.opens_browser = is_on("--open", raw.open, false);
    if (settings.opens_browser && !is_terminal) {
        settings.opens_browser = false;
        settings.warnings.emplace_back(
            "--open: no browser is opened, since standard output is no terminal");
    }
}

void settle_access_log(Settings& settings, const RawOptions& raw, bool is_terminal) {
    const std::string fallback = is_terminal ? "-" : "off";
    const std::string& target = raw.access_log.empty() ? fallback : raw.access_log;
    if (target != "off") {
        settings.access_log = target;
    }
}

file::HiddenNames settle_hidden(const std::vector<std::string>& globs) {
    for (const std::string& glob : globs) {
        if (const std::string flaw = file::find_hidden_glob_flaw(glob); !flaw.empty()) {
            throw StartError(fmt::format("--hidden '{}': can never match: {}", glob, flaw));
        }
    }
    return file::HiddenNames(globs);
}

std::string settle_fallback_path(std::string path) {
    if (path.starts_with('/')) {
        path.erase(0, 1);
    }
    if (path.empty() || path.ends_with('/') || ("/" + path + "/").contains("/../")) {
        throw StartError(
            fmt::format("--spa '{}': give a file inside the directory, such as index.html", path));
    }
    return path;
}

std::vector<http::ContentCoding> settle_codings(const std::vector<std::string>& names) {
    static constexpr std::array choices = {std::pair{"br"sv, http::ContentCoding::brotli},
                                           std::pair{"zstd"sv, http::ContentCoding::zstd},
                                           std::pair{"gzip"sv, http::ContentCoding::gzip}};
    std::vector<http::ContentCoding> codings;
    if (names == std::vector<std::string>{"off"}) {
        return codings;
    }
    for (const std::string& name : names) {
        const http::ContentCoding coding = choose("--codings", name, choices);
        if (std::ranges::find(codings, coding) != codings.end()) {
            throw StartError(fmt::format("--codings: {} is given twice", name));
        }
        codings.push_back(coding);
    }
    return codings;
}

/// What torc itself says of each answer: a second such field would contradict it.
void require_free_field(const std::string& name) {
    static constexpr std::array own_fields = {
        "Accept-Ranges"sv, "Allow"sv,   "Connection"sv, "Content-Encoding"sv, "Content-Length"sv,
        "Content-Range"sv, "Date"sv,    "ETag"sv,       "Keep-Alive"sv,       "Last-Modified"sv,
        "Location"sv,      "Trailer"sv, "Upgrade"sv,    "Transfer-Encoding"sv};
    const bool is_own = std::ranges::any_of(
        own_fields, [&name](std::string_view own) { return http::is_same_field_name(name, own); });
    if (is_own) {
        throw StartError(
            fmt::format("--header '{}': torc sets this field itself, for each answer", name));
    }
    if (http::is_same_field_name(name, "Content-Type")) {
        throw StartError(
            "--header 'Content-Type': the type of a file follows from its name, and other types "
            "would make the error pages wrong; give --type, such as --type '*.foo=text/plain'");
    }
}

/// Where a field of a user's is sent. What describes a file's content, or says how long caches may
/// keep it, is for files: it would be untrue of an error page, and a cache told so would give what
/// one client provoked to all others. Everything else is harmless on any answer, and what protects
/// (such as Content-Security-Policy) is wanted on all of them.
site::ExtraField::Scope scope_of(std::string_view name) {
    static constexpr std::array file_fields = {
        "Cache-Control"sv, "Expires"sv, "Age"sv, "Content-Disposition"sv, "Content-Language"sv,
        "Content-Location"sv,
        // What single caches take instead of Cache-Control.
        "Surrogate-Control"sv, "Edge-Control"sv, "X-Accel-Expires"sv};
    const bool is_of_files = std::ranges::any_of(file_fields, [name](std::string_view field) {
        return http::is_same_field_name(name, field);
    });
    // Targeted fields (RFC 9213): CDN-Cache-Control and those that caches have named after it.
    constexpr std::string_view targeted = "-Cache-Control";
    const bool is_targeted =
        name.size() > targeted.size() &&
        http::is_same_field_name(name.substr(name.size() - targeted.size()), targeted);
    return is_of_files || is_targeted ? site::ExtraField::Scope::success
                                      : site::ExtraField::Scope::every_answer;
}

site::ExtraField parse_field(const std::string& text) {
    const std::size_t colon = text.find(':');
    const std::size_t value = text.find_first_not_of(" \t", std::min(colon, text.size() - 1) + 1);
    site::ExtraField field{.name = text.substr(0, colon),
                           .value = value == std::string::npos ? "" : text.substr(value)};
    if (colon == std::string::npos || !http::is_field_name(field.name) ||
        !http::is_field_value(field.value)) {
        throw StartError(fmt::format("--header '{}': give it as 'Name: value'", text));
    }
    require_free_field(field.name);
    field.scope = scope_of(field.name);
    return field;
}

/// The two sides of "GLOB=VALUE". `example`: how to give it.
std::pair<std::string, std::string> split_rule(std::string_view option, const std::string& text,
                                               std::string_view example,
                                               const file::HiddenNames& hidden) {
    const std::size_t equals = text.find('=');
    std::string glob = text.substr(0, equals);
    if (equals == std::string::npos || glob.empty()) {
        throw StartError(fmt::format("{} '{}': give {}", option, text, example));
    }
    if (const std::string flaw = file::find_glob_flaw(glob, hidden); !flaw.empty()) {
        throw StartError(fmt::format("{} '{}': {} can never match: {}", option, text, glob, flaw));
    }
    return {std::move(glob), text.substr(equals + 1)};
}

site::TypeRule parse_type(const std::string& text, const file::HiddenNames& hidden) {
    constexpr std::string_view example = "GLOB=TYPE, such as '*.foo=text/plain'";
    auto [glob, type] = split_rule("--type", text, example, hidden);
    if (!http::is_media_type(type) || type.size() > site::named_type_bytes_max) {
        throw StartError(
            fmt::format("--type '{}': '{}' is no media type of at most {} bytes; give {}", text,
                        type, site::named_type_bytes_max, example));
    }
    return site::make_type_rule(std::move(glob), std::move(type));
}

site::CacheControlRule parse_cache_control(const std::string& text,
                                           const file::HiddenNames& hidden) {
    auto [glob, value] =
        split_rule("--cache-control", text, "GLOB=VALUE, such as '*.css=max-age=3600'", hidden);
    site::CacheControlRule rule{.glob = std::move(glob), .value = std::move(value)};
    if (rule.value == "off") {
        rule.value.clear();
    } else if (rule.value == "immutable") {
        rule.value = site::keep_for_a_year;  // Alone it would say nothing of a time.
    }
    if (!http::is_field_value(rule.value) || rule.value.size() > site::cache_control_bytes_max) {
        throw StartError(
            fmt::format("--cache-control '{}': not a valid field value of at most {} "
                        "bytes",
                        text, site::cache_control_bytes_max));
    }
    return rule;
}

/// Lets scripts of any origin read the site (https://fetch.spec.whatwg.org/#http-cors-protocol).
/// What --header says of a field stands.
void add_cors_fields(std::vector<site::ExtraField>& fields) {
    using Scope = site::ExtraField::Scope;
    const std::array cors_fields = {
        site::ExtraField{.name = "Access-Control-Allow-Origin", .value = "*"},
        // What scripts may see beyond a few: Content-Range and ETag, and what --header adds.
        site::ExtraField{.name = "Access-Control-Expose-Headers", .value = "*"},
        site::ExtraField{.name = "Access-Control-Allow-Methods",
                         .value = "GET, HEAD, OPTIONS",
                         .scope = Scope::options},
        // The wildcard does not include Authorization.
        site::ExtraField{.name = "Access-Control-Allow-Headers",
                         .value = "*, Authorization",
                         .scope = Scope::options},
        site::ExtraField{
            .name = "Access-Control-Max-Age", .value = "86400", .scope = Scope::options}};
    for (const site::ExtraField& field : cors_fields) {
        const auto is_same = [&field](const site::ExtraField& own) {
            return http::is_same_field_name(own.name, field.name);
        };
        if (std::ranges::none_of(fields, is_same)) {
            fields.push_back(field);
        }
    }
}

/// Takes the Cache-Control out of the user's fields: as one value, several being one list (RFC 9110
/// §5.3), or nothing.
std::optional<std::string> take_cache_control(std::vector<site::ExtraField>& fields) {
    std::optional<std::string> value;
    std::erase_if(fields, [&value](const site::ExtraField& field) {
        if (!http::is_same_field_name(field.name, "Cache-Control")) {
            return false;
        }
        value = value ? *value + ", " + field.value : field.value;
        return true;
    });
    if (value && value->size() > site::cache_control_bytes_max) {
        throw StartError(fmt::format("--header 'Cache-Control': at most {} bytes, not {}",
                                     site::cache_control_bytes_max, value->size()));
    }
    return value;
}

void settle_fields(Settings& settings, const RawOptions& raw) {
    std::size_t bytes = 0;
    for (const std::string& text : raw.headers) {
        bytes += text.size() + std::size("\r\n");
        settings.extra_fields.push_back(parse_field(text));
    }
    if (bytes > site::extra_fields_bytes_max) {
        throw StartError(fmt::format("--header: all of them together may take {} bytes, not {}",
                                     site::extra_fields_bytes_max, bytes));
    }
    if (is_on("--cors", raw.cors, false)) {
        add_cors_fields(settings.extra_fields);
    }
    for (const std::string& text : raw.types) {
        settings.load_rules.types.push_back(parse_type(text, settings.load_rules.hidden));
    }
    for (const std::string& text : raw.cache_control) {
        settings.load_rules.cache_control.push_back(
            parse_cache_control(text, settings.load_rules.hidden));
    }
    if (const auto value = take_cache_control(settings.extra_fields)) {
        settings.load_rules.cache_control.push_back({.glob = "*", .value = *value});
        settings.load_rules.listing_cache_control = *value;
    }
}

void settle_site(Settings& settings, const RawOptions& raw, bool is_terminal) {
    static constexpr std::array symlink_choices = {
        std::pair{"inside"sv, file::SymlinkPolicy::inside},
        std::pair{"all"sv, file::SymlinkPolicy::all},
        std::pair{"none"sv, file::SymlinkPolicy::none}};
    site::LoadRules& rules = settings.load_rules;
    if (!raw.index_names.empty()) {
        std::ranges::for_each(raw.index_names, require_file_name);
        rules.index_names = raw.index_names;
    }
    rules.lists_directories = is_on("--listing", raw.listing, is_terminal);
    rules.has_clean_urls = is_on("--clean-urls", raw.clean_urls, false);
    if (!raw.fallback_path.empty()) {
        rules.fallback_path = settle_fallback_path(raw.fallback_path);
    }
    rules.hidden = settle_hidden(raw.hidden);
    if (is_on("--decode-slash", raw.decode_slash, false)) {
        settings.encoded_slash = http::EncodedSlash::separates;
    }
    if (!raw.symlinks.empty()) {
        rules.symlinks = choose("--symlinks", raw.symlinks, symlink_choices);
    }
    if (!raw.codings.empty()) {
        rules.codings = settle_codings(raw.codings);
    }
}

void settle_limits(Settings& settings, const RawOptions& raw) {
    constexpr std::uint64_t line_bytes_min = 64;
    constexpr std::uint64_t head_bytes_min = 256;
    constexpr std::uint64_t body_bytes_cap = std::uint64_t{1} << 30U;
    http::ParseLimits& parse_limits = settings.parse_limits;
    if (!raw.line_bytes_max.empty()) {
        parse_limits.line_bytes_max = parse_size("--max-request-line", raw.line_bytes_max,
                                                 line_bytes_min, limits::request_line_bytes_cap);
    }
    if (!raw.head_bytes_max.empty()) {
        parse_limits.head_bytes_max = parse_size("--max-request-head", raw.head_bytes_max,
                                                 head_bytes_min, limits::request_head_bytes_cap);
    }
    if (parse_limits.head_bytes_max <= parse_limits.line_bytes_max) {
        throw StartError(
            fmt::format("--max-request-head {}: must be more than --max-request-line, which is {}",
                        parse_limits.head_bytes_max, parse_limits.line_bytes_max));
    }
    if (!raw.fields_max.empty()) {
        parse_limits.fields_max =
            parse_number("--max-request-fields", raw.fields_max, 1, limits::request_fields_cap);
    }
    if (!raw.body_bytes_max.empty()) {
        settings.body_bytes_max =
            parse_size("--max-request-body", raw.body_bytes_max, 0, body_bytes_cap);
    }
}

void settle_running(Settings& settings, const RawOptions& raw) {
    static constexpr std::array io_choices = {std::pair{"auto"sv, IoChoice::automatic},
                                              std::pair{"uring"sv, IoChoice::uring},
                                              std::pair{"epoll"sv, IoChoice::epoll}};
    static constexpr std::array pin_choices = {std::pair{"auto"sv, Pin::automatic},
                                               std::pair{"on"sv, Pin::on},
                                               std::pair{"off"sv, Pin::off}};
    static constexpr std::array log_levels = {
        std::pair{"debug"sv, LogLevel::debug}, std::pair{"info"sv, LogLevel::info},
        std::pair{"warn"sv, LogLevel::warn}, std::pair{"error"sv, LogLevel::error},
        std::pair{"off"sv, LogLevel::off}};
    if (!raw.cache_memory.empty()) {
        constexpr std::uint64_t cache_bytes_cap = std::uint64_t{1} << 42U;
        settings.cache_bytes_max =
            parse_size("--cache-memory", raw.cache_memory, 0, cache_bytes_cap);
    }
    if (!raw.workers.empty()) {
        settings.workers =
            static_cast<unsigned>(parse_number("--workers", raw.workers, 0, workers_max));
    }
    if (!raw.cpus.empty()) {
        settings.cpus = parse_cpu_list(raw.cpus);
    }
    if (!raw.pin.empty()) {
        settings.pin = choose("--pin", raw.pin, pin_choices);
    }
    if (!raw.io.empty()) {
        settings.io = choose("--io", raw.io, io_choices);
    }
    if (!raw.log_level.empty()) {
        settings.log_level = choose("--log-level", raw.log_level, log_levels);
    }
}

void settle_timeouts(Settings& settings, const RawOptions& raw) {
    struct Option {
        std::string_view name;
        const std::string& text;
        std::chrono::seconds min;
        std::chrono::seconds& value;
    };
    using std::chrono::seconds;
    Timeouts& timeouts = settings.timeouts;
    constexpr std::chrono::hours timeout_max{24};
    for (const Option& option :
         {Option{"--drain-timeout", raw.drain_timeout, seconds(0), timeouts.drain},
          Option{"--load-timeout", raw.load_timeout, seconds(1), timeouts.load},
          Option{"--idle-timeout", raw.idle_timeout, seconds(1), timeouts.idle},
          Option{"--request-timeout", raw.request_timeout, seconds(1), timeouts.request},
          Option{"--send-timeout", raw.send_timeout, seconds(1), timeouts.send},
          Option{"--linger-timeout", raw.linger_timeout, seconds(1), timeouts.linger}}) {
        if (!option.text.empty()) {
            option.value = parse_duration(option.name, option.text, option.min, timeout_max);
        }
    }
}

void settle_clients(Settings& settings, const RawOptions& raw) {
    constexpr std::uint64_t bytes_per_second_cap = std::uint64_t{1} << 30U;
    if (!raw.bytes_per_second_min.empty()) {
        settings.bytes_per_second_min =
            parse_size("--min-rate", raw.bytes_per_second_min, 0, bytes_per_second_cap);
    }
    if (!raw.connections_per_address_max.empty()) {
        settings.connections_per_address_max = static_cast<std::uint32_t>(
            parse_number("--max-connections-per-address", raw.connections_per_address_max, 0,
                         limits::worker_connections_max));
    }
}

}  // namespace

Settings settle(const RawOptions& raw) {
    const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
    Settings settings;
    settle_directory(settings, raw, is_terminal);
    settle_port(settings, raw);
    settle_addresses(settings, raw);
    settle_browser(settings, raw, is_terminal);
    settle_site(settings, raw, is_terminal);
    settle_fields(settings, raw);
    settle_limits(settings, raw);
    settle_running(settings, raw);
    settle_timeouts(settings, raw);
    settle_clients(settings, raw);
    settle_access_log(settings, raw, is_terminal);
    return settings;
}

}  // namespace torc::config
