#include <torc/base/exit_code.hpp>
#include <torc/config/command_line.hpp>

#include "config/command_line_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using test::CommandLineTest;

TEST_F(CommandLineTest, DescribesEveryOptionInItsHelp) {
    EXPECT_EQ(std::get<Inquiry>(read({"--help"})), Inquiry::help);
    const std::string text = help_text();
    for (const char* flag : {"DIR",
                             "-p, --port",
                             "-a, --address",
                             "--share",
                             "--open",
                             "--index",
                             "--clean-urls",
                             "--spa",
                             "--symlinks",
                             "--codings",
                             "--header",
                             "--cors",
                             "--workers",
                             "--cpus",
                             "--pin",
                             "--io",
                             "--access-log",
                             "--log-level",
                             "-V, -v, --version",
                             "-h, --help"}) {
        EXPECT_NE(text.find(std::string(" ") + flag + " "), std::string::npos) << flag;
    }
    for (const char* flag :
         {"--listing, --no-listing\n", "--cache-control GLOB=VALUE\n", "--max-request-line SIZE",
          "--max-request-head SIZE", "--max-request-fields N\n", "--max-request-body SIZE\n",
          "--load-timeout TIME", "--drain-delay TIME", "--drain-idle TIME",
          "--drain-timeout TIME\n", "--upgrade-timeout TIME\n", "--idle-timeout TIME",
          "--request-timeout TIME\n", "--send-timeout TIME", "--min-rate SIZE",
          "--linger-timeout TIME\n", "--max-connections-per-address N\n"}) {
        EXPECT_NE(text.find(flag), std::string::npos) << flag;
    }
}

TEST_F(CommandLineTest, HelpTellsTheDefaults) {
    const std::string text = help_text();
    const Settings defaults;
    EXPECT_NE(text.find("else " + std::to_string(defaults.port) + "]"), std::string::npos);
    EXPECT_NE(text.find("[" + defaults.sites.front().whole.load_rules.index_names.at(0) + "]"),
              std::string::npos);
    for (const std::chrono::seconds timeout :
         {defaults.timeouts.load, defaults.timeouts.drain, defaults.timeouts.idle,
          defaults.timeouts.request, defaults.timeouts.linger}) {
        EXPECT_NE(text.find("[" + std::to_string(timeout.count()) + "s]"), std::string::npos);
    }
}

TEST_F(CommandLineTest, HelpTellsTheExitCodes) {
    const std::string text = help_text();
    const std::size_t begin = text.find("Exit status: ");
    ASSERT_NE(begin, std::string::npos);
    const std::string codes = text.substr(begin);
    for (const auto& [code, meaning] : std::vector<std::pair<ExitCode, std::string>>{
             {ExitCode::stopped, " stopped as told"},
             {ExitCode::failed_start, " could not start"},
             {ExitCode::usage, " an option or variable makes no sense"},
             {ExitCode::forced, " some connections were cut off"}}) {
        EXPECT_NE(codes.find(std::to_string(static_cast<int>(code)) + meaning), std::string::npos)
            << meaning;
    }
}

TEST_F(CommandLineTest, HelpNamesTheSignals) {
    const std::string text = help_text();
    for (const char* signal :
         {"SIGTERM", "SIGQUIT", "SIGINT", "a second one", "SIGUSR1", "SIGHUP", "SIGUSR2"}) {
        EXPECT_NE(text.find(signal), std::string::npos) << signal;
    }
}

TEST_F(CommandLineTest, HelpFitsATerminal) {
    std::istringstream lines{help_text()};
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 100U) << line;
    }
}

}  // namespace
}  // namespace torc::config
