#include <torc/base/start_error.hpp>
#include <torc/config/operator_command.hpp>
#include <torc/config/plan.hpp>
#include <torc/net/listener.hpp>
#include <torc/server/admin_client.hpp>
#include <torc/server/running_plan.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>

namespace torc::server {
namespace {

constexpr std::size_t lines_shown_max = 40;

std::string describe(const std::vector<std::string>& lines, std::string_view path) {
    if (lines.empty()) {
        return fmt::format("the server at {} runs with just this\n", path);
    }
    std::string text = fmt::format("it would change of the server at {}:\n", path);
    for (std::size_t i = 0; i < lines.size() && i < lines_shown_max; ++i) {
        text += fmt::format("  {}\n", lines[i]);
    }
    if (lines.size() > lines_shown_max) {
        text += fmt::format("  and {} more\n", lines.size() - lines_shown_max);
    }
    return text;
}

/// What is wrong with addresses; empty: they can be listened on.
std::string try_addresses(const std::vector<net::ListenAddress>& addresses) {
    if (addresses.empty()) {
        return {};
    }
    try {
        // Each has a port of its own.
        const net::Listeners closed_again(
            addresses, 0, 1, [](const net::Endpoint&) { return false; }, net::Wording::keys);
        return {};
    } catch (const StartError& refusal) {
        return refusal.what();
    }
}

}  // namespace

RunningPlan plan_for_running(std::string_view admin, std::string_view configuration) {
    const std::string path = config::admin_socket_path(admin);
    const Result<std::string> running = read_running_configuration(path);
    if (!running) {
        const int error = running.error().value();
        const bool is_nobody = error == ENOENT || error == ENOTDIR || error == ECONNREFUSED;
        return {.text = is_nobody ? ""
                                  : fmt::format("what it would change of the server at {} is not "
                                                "known: {}\n",
                                                path, running.error().message())};
    }
    const auto plan = config::plan_change(*running, configuration);
    if (!plan) {
        return {.text = fmt::format("what it would change of the server at {} is not known: {}\n",
                                    path, plan.error())};
    }
    return {.text = describe(plan->lines, path), .obstacle = try_addresses(plan->new_addresses)};
}

}  // namespace torc::server
