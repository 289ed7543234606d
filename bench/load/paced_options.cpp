#include "paced_options.hpp"

#include "program.hpp"

#include <stdexcept>
#include <string_view>

namespace torc::bench {

namespace {

/// False when there is no such option.
bool set_option(Options& options, std::string_view name, std::string_view value) {
    if (name == "--port") {
        options.port = parse_number<std::uint16_t>(value);
    } else if (name == "--path") {
        options.path = value;
    } else if (name == "--method") {
        options.method = value;
    } else if (name == "--field") {
        options.fields.emplace_back(value);
    } else if (name == "--connections") {
        options.connections = parse_number<unsigned>(value);
    } else if (name == "--rate") {
        options.rate = parse_number<std::uint64_t>(value);
    } else if (name == "--seconds") {
        options.seconds = parse_number<unsigned>(value);
    } else if (name == "--status") {
        options.status = parse_number<unsigned>(value);
    } else if (name == "--length") {
        options.length = parse_number<std::uint64_t>(value);
    } else {
        return false;
    }
    return true;
}

}  // namespace

Options parse_options(std::span<char*> arguments) {
    Options options;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--spin") {
            options.spin = true;
        } else if (name == "--numbered") {
            options.numbered = true;
        } else if (name == "--fresh") {
            options.fresh = true;
            options.fields.emplace_back("Connection: close");
        } else if (i + 1 == arguments.size() || !set_option(options, name, arguments[i + 1])) {
            throw std::invalid_argument("not an option, or without a value: " + std::string(name));
        } else {
            ++i;
        }
    }
    if (options.port == 0 || options.path.empty() || options.seconds == 0 ||
        options.connections == 0) {
        throw std::invalid_argument("--port, --path and --seconds must be given");
    }
    return options;
}

std::string make_request(const Options& options) {
    std::string request = options.method + ' ' + options.path +
                          (options.numbered ? '?' + std::string(number_digits, '0') : "") +
                          " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) + "\r\n";
    for (const std::string& field : options.fields) {
        request += field + "\r\n";
    }
    return request + "\r\n";
}

}  // namespace torc::bench
