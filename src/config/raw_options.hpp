#pragma once

#include <torc/config/settings.hpp>

#include <string>
#include <vector>

namespace torc::config {

/// Options as they are written, on the command line or in the environment; empty: not given.
struct RawOptions {
    std::string directory;
    std::string port;
    /// PORT, as hosting platforms set it; counts when `port` is not given.
    std::string platform_port;
    std::vector<std::string> addresses;

    std::string share;
    std::string open;

    std::vector<std::string> index_names;
    std::string listing;
    std::string clean_urls;
    std::string fallback_path;
    std::vector<std::string> hidden;
    std::string decode_slash;
    std::string symlinks;
    std::vector<std::string> codings;

    std::vector<std::string> headers;
    std::string cors;
    std::vector<std::string> cache_control;
    std::vector<std::string> types;
    std::string line_bytes_max;
    std::string head_bytes_max;
    std::string fields_max;
    std::string body_bytes_max;

    std::string cache_memory;
    std::string workers;
    std::string cpus;
    std::string pin;
    std::string io;
    std::string access_log;
    std::string log_level;
    std::string drain_timeout;
    std::string load_timeout;
    std::string idle_timeout;
    std::string request_timeout;
    std::string send_timeout;
    std::string linger_timeout;
    std::string bytes_per_second_min;
    std::string connections_per_address_max;
};

/// Makes settings of options: checks each and puts defaults where none is given. Throws StartError,
/// which names the option and the remedy.
[[nodiscard]] Settings settle(const RawOptions& raw);

}  // namespace torc::config
