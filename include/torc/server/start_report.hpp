#pragma once

#include <torc/server/server.hpp>

#include <string>

namespace torc::server {

/// What a user wants to read when a server has started: what it serves, every URL that leads to it,
/// how it runs, and how to share or stop it. Lines that end in a newline.
[[nodiscard]] std::string describe_start(const Server& server);

}  // namespace torc::server
