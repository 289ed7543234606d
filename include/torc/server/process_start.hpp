#pragma once

#include <torc/server/service_manager.hpp>
#include <torc/server/upgrade.hpp>

#include <optional>

namespace torc::server {

/// How this process was started, and by whom.
struct ProcessStart {
    ServiceManager service_manager{};
    /// Nothing: there is none to take over from.
    std::optional<Predecessor> predecessor{};
    Invocation invocation{};

    /// Of main's arguments and the environment. Call once, while there is no other thread.
    [[nodiscard]] static ProcessStart of_this_process(int argc, const char* const* argv) {
        return {.service_manager = ServiceManager::of_environment(),
                .predecessor = Predecessor::of_environment(),
                .invocation = Invocation::of_this_process(argc, argv)};
    }
};

}  // namespace torc::server
