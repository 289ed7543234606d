#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

// The command line of `paced`.

namespace torc::bench {

/// Of the number that --numbered gives each request.
inline constexpr std::size_t number_digits = 10;

struct Options {
    std::uint16_t port = 0;
    std::string path;
    std::string method = "GET";
    std::vector<std::string> fields;
    unsigned connections = 1;
    std::uint64_t rate = 0;
    unsigned seconds = 0;
    unsigned status = 200;
    std::optional<std::uint64_t> length;
    bool spin = false;
    bool fresh = false;
    bool numbered = false;
};

/// Throws std::invalid_argument with what is wrong.
[[nodiscard]] Options parse_options(std::span<char*> arguments);

/// What is sent, with zeros for its number.
[[nodiscard]] std::string make_request(const Options& options);

}  // namespace torc::bench
