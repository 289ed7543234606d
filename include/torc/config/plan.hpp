#pragma once

#include <torc/net/listen_address.hpp>

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {

/// What another configuration would change in a server that runs.
struct Plan {
    /// A line each: "+ site example.org", "server.port: 3000 → 80", and with "takes effect at the
    /// next start" behind it what a reload leaves as it is. Empty: nothing changes.
    std::vector<std::string> lines{};
    /// What there is to be listened on, each with its port, where the server listens on nothing yet
    /// that could keep others from it.
    std::vector<net::ListenAddress> new_addresses{};
};

/// Both configurations as files without others, as `torc --print-config` writes them. The error
/// says what of `running` can't be read, a line each: its server is of another version.
[[nodiscard]] std::expected<Plan, std::string> plan_change(std::string_view running,
                                                           std::string_view next);

}  // namespace torc::config
