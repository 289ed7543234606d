#pragma once

#include <string>
#include <string_view>

namespace torc::server {

/// What `torc check` says beside its verdict where a server runs that the configuration may be
/// meant for.
struct RunningPlan {
    /// What it would change there, for people; empty: nobody runs there, or nobody says what with.
    std::string text{};
    /// Why the server could not go over to it: an address that can't be listened on. Empty: it
    /// could.
    std::string obstacle{};
};

/// `admin`: the server's admin socket, as server.admin names it. `configuration`: as
/// `torc --print-config` prints it. Binds the addresses that would be new, and closes them again.
[[nodiscard]] RunningPlan plan_for_running(std::string_view admin, std::string_view configuration);

}  // namespace torc::server
