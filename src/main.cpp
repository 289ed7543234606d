#include <torc/base/start_error.hpp>
#include <torc/config/command_line.hpp>
#include <torc/config/operator_command.hpp>
#include <torc/config/reload.hpp>
#include <torc/server/admin_client.hpp>
#include <torc/server/browser.hpp>
#include <torc/server/diagnostics.hpp>
#include <torc/server/file_check.hpp>
#include <torc/server/running_plan.hpp>
#include <torc/server/server.hpp>
#include <torc/server/server_urls.hpp>
#include <torc/server/start_report.hpp>
#include <torc/server/version.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace {

using torc::ExitCode;

/// Has the heap give back large blocks, such as listings, when they are freed: each is a mapping of
/// its own. Left to itself, glibc takes the first that is freed for the rule and keeps those after
/// it, each thread for itself. mallopt(3); other C libraries have no such habit.
void give_back_large_blocks() {
#ifdef __GLIBC__
    constexpr int mapped_bytes_min = 128 * 1024;
    constexpr int kept_bytes_max = 1024 * 1024;
    // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread yet.
    ::mallopt(M_MMAP_THRESHOLD, mapped_bytes_min);
    ::mallopt(M_TRIM_THRESHOLD, kept_bytes_max);
    // NOLINTEND(concurrency-mt-unsafe)
#endif
}

int serve(torc::config::Settings settings, torc::server::Server::ReadSettings read_settings,
          torc::server::ProcessStart start, torc::server::Diagnostics& diagnostics) {
    torc::server::set_log_level(settings.log_level);
    for (const std::string& warning : settings.warnings) {
        spdlog::warn("{}", warning);
    }
    const bool takes_over = start.predecessor.has_value();
    torc::server::Server server(std::move(settings), std::move(read_settings), std::move(start));
    server.start();
    if (spdlog::should_log(spdlog::level::info) && !takes_over) {
        diagnostics.print(torc::server::describe_start(server));
    }
    std::optional<torc::server::Browser> browser;
    if (const std::string url = torc::server::own_url(server);
        server.settings().opens_browser && !url.empty() && !takes_over) {
        browser.emplace(url);
    }
    const ExitCode code = server.run();
    if (code == ExitCode::forced) {
        spdlog::warn("some connections were cut off");
    }
    if (code == ExitCode::forced || server.is_reloading()) {
        // Memory may still be in use, by the kernel or a thread that hangs; the process goes as it
        // stands.
        diagnostics.finish();
        (void)std::fflush(nullptr);
        ::_exit(static_cast<int>(code));
    }
    return static_cast<int>(code);
}

/// What of the settings a reload compares. Takes no copy of the sites, which may be thousands.
torc::config::Settings without_sites(torc::config::Settings& settings) {
    auto sites = std::exchange(settings.sites, {});
    torc::config::Settings others = settings;
    settings.sites = std::move(sites);
    return others;
}

/// Reads the configuration file again; null: there is none.
torc::server::Server::ReadSettings settings_reader(int argc, const char* const* argv,
                                                   torc::config::Settings& settings) {
    if (settings.configuration_file.empty()) {
        return nullptr;
    }
    return [argc, argv, running = without_sites(settings)]() mutable {
        auto reloaded = torc::config::reload_settings(argc, argv, running);
        if (!reloaded) {
            throw torc::StartError(reloaded.error());
        }
        running = without_sites(reloaded->settings);
        reloaded->settings.pending = std::move(reloaded->pending);
        return std::move(reloaded->settings);
    };
}

/// What --check and --print-config print, and how they end.
int report(const torc::config::Verdict& verdict, torc::server::Diagnostics& diagnostics) {
    if (verdict.has_problems) {
        diagnostics.print(verdict.text);
        return static_cast<int>(ExitCode::failed_start);
    }
    for (const std::string& warning : verdict.settings.warnings) {
        diagnostics.print(fmt::format("torc: {}\n", warning));
    }
    std::vector<std::string> problems = torc::server::find_file_problems(verdict.settings);
    std::string plan;
    if (!verdict.configuration.empty()) {
        auto [text, obstacle] =
            torc::server::plan_for_running(*verdict.settings.admin, verdict.configuration);
        plan = std::move(text);
        if (!obstacle.empty()) {
            problems.push_back(std::move(obstacle));
        }
    }
    if (!problems.empty()) {
        diagnostics.print(fmt::format("{}\n", fmt::join(problems, "\n")));
        return static_cast<int>(ExitCode::failed_start);
    }
    fmt::print("{}{}", verdict.text, plan);
    return static_cast<int>(ExitCode::stopped);
}

}  // namespace

int main(int argc, char** argv) {
    give_back_large_blocks();
    torc::server::reserve_standard_descriptors();
    auto start = torc::server::ProcessStart::of_this_process(argc, argv);
    torc::server::Diagnostics diagnostics;
    // Until the command line is read, every failure is one of what the user chose.
    auto code = ExitCode::usage;
    try {
        if (const auto command = torc::config::read_operator_command(argc, argv)) {
            code = ExitCode::failed_start;
            return static_cast<int>(torc::server::run_operator_command(*command));
        }
        auto command = torc::config::read_command_line(argc, argv);
        if (const auto* inquiry = std::get_if<torc::config::Inquiry>(&command)) {
            const bool wants_help = *inquiry == torc::config::Inquiry::help;
            fmt::print("{}", wants_help ? torc::config::help_text() : torc::server::version_text());
            return static_cast<int>(ExitCode::stopped);
        }
        code = ExitCode::failed_start;
        if (const auto* verdict = std::get_if<torc::config::Verdict>(&command)) {
            return report(*verdict, diagnostics);
        }
        auto& settings = std::get<torc::config::Settings>(command);
        auto read_settings = settings_reader(argc, argv, settings);
        return serve(std::move(settings), std::move(read_settings), std::move(start), diagnostics);
    } catch (const torc::StoppedBeforeStart&) {
        code = ExitCode::stopped;
    } catch (const torc::UsageError& error) {
        code = ExitCode::usage;
        diagnostics.print_error(fmt::format("torc: {}\n", error.what()));
    } catch (const torc::StartError& error) {
        diagnostics.print_error(fmt::format("torc: {}\n", error.what()));
    } catch (const std::exception& error) {
        code = ExitCode::failed_start;
        diagnostics.print_error(
            fmt::format("torc: unexpected failure at start: {}\n", error.what()));
    }
    return static_cast<int>(code);
}
