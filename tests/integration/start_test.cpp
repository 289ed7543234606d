// How torc starts, or says in one line why it does not.

#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/server_test.hpp"
#include "integration/support/start_fixture.hpp"
#include "integration/support/terminal.hpp"
#include "support/sanitizers.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

/// A socket of another program that listens on a port of 127.0.0.1.
class OtherListener {
public:
    explicit OtherListener(bool shares_port)
        : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        TORC_ASSERT(socket_);
        const int on = 1;
        if (shares_port) {
            ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
        }
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* const generic = reinterpret_cast<sockaddr*>(&address);
        if (::bind(socket_.get(), generic, length) == 0 && ::listen(socket_.get(), 1) == 0 &&
            ::getsockname(socket_.get(), generic, &length) == 0) {
            port_ = ntohs(address.sin_port);
        }
    }
    [[nodiscard]] std::string port() const { return std::to_string(port_); }

private:
    UniqueFd socket_;
    std::uint16_t port_ = 0;
};

TEST_F(Start, PrintsTheVersion) {
    const FinishedRun run = run_to_end(torc_with({"--version"}));
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.standard_error, "");
    EXPECT_TRUE(run.standard_output.starts_with("torc " TORC_VERSION " (")) << run.standard_output;
    EXPECT_TRUE(run.standard_output.contains("\nkernel ")) << run.standard_output;
    EXPECT_TRUE(run.standard_output.contains("\nio_uring: ")) << run.standard_output;
    EXPECT_TRUE(run.standard_output.contains("\nepoll: ")) << run.standard_output;
}

TEST_F(Start, PrintsHelpThatNamesEveryOption) {
    const FinishedRun run = run_to_end(torc_with({"--help"}));
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.standard_error, "");
    for (const std::string_view part :
         {"DIR", "--port", "--address", "--index", "--workers", "--cpus", "--io", "--access-log",
          "--log-level", "--version", "TORC_PORT", "Examples:"}) {
        EXPECT_TRUE(run.standard_output.contains(part)) << part;
    }
}

TEST_F(Start, ReportsWhatItServesAndWhere) {
    ServerProcess server(torc_with({site(), "--port", "0", "--workers", "2"}));
    const std::string report = server.standard_error();
    EXPECT_TRUE(report.contains("serves " + std::filesystem::canonical(site()).string() + "\n"))
        << report;
    EXPECT_TRUE(report.contains("  http://127.0.0.1:" + std::to_string(server.port()) + "/\n"))
        << report;
    EXPECT_TRUE(report.contains("2 workers")) << report;
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, IsSilentWhenTold) {
    Subprocess server(torc_with({site(), "--port", "0", "--log-level", "off"}));
    EXPECT_FALSE(server.ends_within(std::chrono::milliseconds(200)));
    server.send_signal(SIGTERM);
    EXPECT_EQ(server.exit_code(), 0);
    EXPECT_EQ(server.standard_error(), "");
}

TEST_F(Start, FailsWithoutTheDirectory) {
    expect_failure(torc_with({site() + "/absent"}), {site() + "/absent", "no such directory"});
}

TEST_F(Start, FailsWithAFileWithASlashOrADevice) {
    const std::string file = directory_.write("page.html", "").string();
    expect_failure(torc_with({file + "/"}), {file, "not a directory"});
    expect_failure(torc_with({"/dev/null"}), {"/dev/null", "not a directory"});
}

TEST_F(Start, ReportsTheUrlOfTheOnlyFile) {
    const std::string file = directory_.write("a file.txt", "").string();
    ServerProcess server(torc_with({file, "--port", "0", "--address", "127.0.0.1"}));
    const std::string report = server.standard_error();
    EXPECT_TRUE(report.contains("serves " + std::filesystem::canonical(file).string() + "\n"))
        << report;
    EXPECT_TRUE(report.contains("/a%20file.txt\n")) << report;
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, ServesAFileOfTheCurrentDirectory) {
    directory_.write("page.txt", "a page");
    LaunchOptions options = torc_with({"page.txt", "--port", "0", "--address", "127.0.0.1"});
    options.working_directory = directory_.path();
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "a page");
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, FailsWithAFileThatCannotBeServed) {
    const std::filesystem::path file = directory_.write("page.html", "a page");
    expect_failure(torc_with({file.string(), "--spa", "index.html"}), {"page.html", "--spa"},
                   usage_error);
    expect_failure(torc_with({file.string(), "--clean-urls"}), {"page.html", "--clean-urls"},
                   usage_error);
    const std::string link = (directory_.path() / "link").string();
    std::filesystem::create_symlink("/etc/hostname", link);
    expect_failure(torc_with({link, "--port", "0"}), {"link", "--symlinks all"});
    std::filesystem::permissions(file, std::filesystem::perms::none);
    LaunchOptions options = torc_with({file.string(), "--port", "0"});
    options.is_unprivileged = true;
    expect_failure(options, {"page.html", "may not read it", "chmod"});
}

TEST_F(Start, FailsWithADirectoryThatItMayNotEnter) {
    const std::filesystem::path closed = directory_.path() / "closed";
    std::filesystem::create_directories(closed / "site");
    std::filesystem::permissions(closed, std::filesystem::perms::none);
    LaunchOptions options = torc_with({(closed / "site").string()});
    options.is_unprivileged = true;
    expect_failure(options, {"closed/site", "Permission denied"});
    std::filesystem::permissions(closed, std::filesystem::perms::owner_all);
}

TEST_F(Start, DoesNotGuessTheDirectoryOfAService) {
    LaunchOptions options = torc_with({"--port", "0"});
    options.working_directory = directory_.path();
    expect_failure(options, {"no directory given", "torc DIR"}, usage_error);
}

TEST_F(Start, ServesTheCurrentDirectoryOnATerminal) {
    directory_.write("page.txt", "a page");
    Terminal terminal;
    LaunchOptions options = torc_with({"--port", "0", "--address", "127.0.0.1"});
    options.working_directory = directory_.path();
    options.standard_output = terminal.descriptor();
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/page.txt").body, "a page");
    EXPECT_EQ(server.stop(), 0);
    // There it logs requests, too.
    EXPECT_TRUE(terminal.read_line().contains("\"GET /page.txt HTTP/1.1\" 200 6 "));
}

TEST_F(Start, FailsWithOptionsThatMakeNoSense) {
    struct Case {
        std::vector<std::string> arguments;
        std::vector<std::string> parts;
    };
    for (const auto& [arguments, parts] : std::vector<Case>{
             {{"--prot", "80"}, {"--prot", "--help"}},
             {{"--port", "65536"}, {"--port", "65536"}},
             {{"--port", "http"}, {"--port", "http"}},
             {{"--port", "-1"}, {"--port", "-1"}},
             {{"--port"}, {"--port", "--help"}},
             {{"--workers", "1025"}, {"--workers", "1024"}},
             {{"--io", "kqueue"}, {"--io", "uring", "epoll"}},
             {{"--log-level", "loud"}, {"--log-level", "info"}},
             {{"--address", "nowhere"}, {"--address", "nowhere", "127.0.0.1"}},
             {{"--address", "127.0.0.1:http"}, {"--address", "127.0.0.1:http"}},
             {{"--address", "0.0.0.0", "-a", "127.0.0.1"}, {"--address", "0.0.0.0", "127.0.0.1"}},
             {{"--cpus", "x"}, {"--cpus", "0-3"}},
             {{"--cpus", "1-0"}, {"--cpus", "0-3"}},
             {{"--index", "../secret"}, {"--index", "../secret"}},
             {{"another"}, {"another", "--help"}},
         }) {
        std::vector<std::string> all = {site(), "--port", "0"};
        if (std::ranges::find(arguments, "--port") != arguments.end()) {
            all.resize(1);
        }
        all.insert(all.end(), arguments.begin(), arguments.end());
        SCOPED_TRACE(arguments.front() + " " + arguments.back());
        expect_failure(torc_with(all), parts, usage_error);
    }
}

TEST_F(Start, ListensOnceOnAnAddressThatIsGivenTwice) {
    ServerProcess server(
        torc_with({site(), "--port", "0", "--address", "127.0.0.1", "--address", "127.0.0.1"}));
    EXPECT_FALSE(server.standard_error().contains("in use")) << server.standard_error();
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, FailsWithWhatTheMachineDoesNotHaveYet) {
    expect_failure(torc_with({site(), "--port", "0", "--address", "192.0.2.1"}),
                   {"192.0.2.1", "does not have that address"});
    expect_failure(torc_with({site(), "--port", "0", "--access-log", "/absent/directory/log"}),
                   {"--access-log", "No such file"});
}

TEST_F(Start, FailsWithACpuThatItMayNotUse) {
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    std::size_t cpu = CPU_SETSIZE - 1;
    while (CPU_ISSET(cpu, &set)) {
        --cpu;
    }
    expect_failure(torc_with({site(), "--port", "0", "--cpus", std::to_string(cpu)}),
                   {"--cpus", "CPU " + std::to_string(cpu), "it may on "});
}

/// Expects that every run of torc waited for a port, said so in a line, and failed.
void expect_port_is_taken(std::vector<std::unique_ptr<Subprocess>>& runs, std::string_view port) {
    for (const auto& run : runs) {
        EXPECT_EQ(run->exit_code(), failed_start);
        const std::string printed = run->standard_error();
        EXPECT_TRUE(printed.starts_with("torc: warning: http://")) << printed;
        for (const std::string& part :
             {fmt::format(":{}/ is in use; waiting up to 3 s for its port\n", port),
              std::string("\ntorc: can't listen on "),
              fmt::format(":{}: the port is in use; choose another with --port", port)}) {
            EXPECT_TRUE(printed.contains(part)) << part << "\nis not in: " << printed;
        }
        EXPECT_EQ(std::ranges::count(printed, '\n'), 2) << printed;
    }
}

TEST_F(Start, FailsWithAPortThatAnotherProgramUses) {
    const OtherListener alone(false);
    const OtherListener sharing(true);
    for (const OtherListener* other : {&alone, &sharing}) {
        std::vector<std::unique_ptr<Subprocess>> runs;
        runs.push_back(std::make_unique<Subprocess>(
            torc_with({site(), "--port", other->port(), "--address", "127.0.0.1"})));
        expect_port_is_taken(runs, other->port());
    }
}

TEST_F(Start, FailsWithAPortThatAnotherTorcUses) {
    ServerProcess first(torc_with({site(), "--port", "0", "--address", "127.0.0.1"}));
    const std::string port = std::to_string(first.port());
    std::vector<std::unique_ptr<Subprocess>> runs;
    for (const std::string_view address : {"127.0.0.1", "0.0.0.0"}) {
        runs.push_back(std::make_unique<Subprocess>(
            torc_with({site(), "--port", port, "--address", std::string(address)})));
    }
    expect_port_is_taken(runs, port);
    EXPECT_EQ(first.stop(), 0);
}

TEST_F(Start, WaitsForAPortThatIsAboutToBeFree) {
    auto other = std::make_unique<OtherListener>(false);
    const std::string port = other->port();
    Subprocess server(torc_with({site(), "--port", port, "--address", "127.0.0.1"}));
    EXPECT_TRUE(eventually([&] { return server.standard_error().contains("waiting up to"); }));
    other.reset();
    EXPECT_TRUE(eventually([&] { return server.standard_error().contains(" serves "); }));
    server.send_signal(SIGTERM);
    EXPECT_EQ(server.exit_code(), 0);
}

TEST_F(Start, StopsWaitingForAPortWhenTold) {
    const OtherListener other(false);
    for (const int signal : {SIGTERM, SIGINT}) {
        Subprocess server(torc_with({site(), "--port", other.port(), "--address", "127.0.0.1"}));
        EXPECT_TRUE(eventually([&] { return server.standard_error().contains("waiting up to"); }));
        server.send_signal(signal);
        EXPECT_EQ(server.exit_code(), 0);
    }
}

TEST_F(Start, OfTwoAtTheSameInstantOneServes) {
    // What a wildcard leaves to another address is nothing either.
    for (const std::string_view second_address : {"127.0.0.1", "0.0.0.0"}) {
        for (int round = 0; round < 10; ++round) {
            const std::string port = OtherListener(false).port();
            Subprocess first(torc_with({site(), "--port", port, "--address", "127.0.0.1"}));
            Subprocess second(
                torc_with({site(), "--port", port, "--address", std::string(second_address)}));
            const auto serves = [](const Subprocess& server) {
                return server.standard_error().contains(" serves ");
            };
            const auto waits = [](const Subprocess& server) {
                return server.standard_error().contains("waiting up to");
            };
            EXPECT_TRUE(eventually([&] {
                return (serves(first) && waits(second)) || (serves(second) && waits(first)) ||
                       (serves(first) && serves(second));
            }));
            EXPECT_NE(serves(first), serves(second));
        }
    }
}

TEST_F(Start, TakesAPortRightAfterAnotherTorcHasLeftIt) {
    directory_.write("page.txt", "a page");
    ServerProcess first(torc_with({site(), "--port", "0", "--address", "127.0.0.1"}));
    const std::uint16_t port = first.port();
    HttpClient client(port);
    EXPECT_EQ(client.get("/page.txt").status, 200);
    // The server closes first, so the port stays in TIME_WAIT.
    EXPECT_EQ(first.stop(), 0);
    EXPECT_TRUE(client.is_at_end());
    ServerProcess second(
        torc_with({site(), "--port", std::to_string(port), "--address", "127.0.0.1"}));
    EXPECT_EQ(HttpClient(port).get("/page.txt").status, 200);
    EXPECT_EQ(second.stop(), 0);
}

TEST_F(Start, TakesAPortRightAfterAnotherTorcWasKilled) {
    if (has_thread_sanitizer) {
        GTEST_SKIP() << "its memory takes seconds to be given back, and the listeners with it";
    }
    directory_.write("page.txt", "a page");
    for (const std::string io : {"auto", "epoll"}) {
        auto server = std::make_unique<ServerProcess>(
            torc_with({site(), "--port", "0", "--address", "127.0.0.1", "--io", io}));
        const std::uint16_t port = server->port();
        for (int round = 0; round < 20; ++round) {
            // Some that the kernel has to end as well.
            std::vector<HttpClient> clients;
            for (int count = 0; count < 20; ++count) {
                clients.emplace_back(port);
                EXPECT_EQ(clients.back().get("/page.txt").status, 200);
            }
            server->send_signal(SIGKILL);
            EXPECT_EQ(server->exit_code(), 128 + SIGKILL);
            server = std::make_unique<ServerProcess>(torc_with(
                {site(), "--port", std::to_string(port), "--address", "127.0.0.1", "--io", io}));
        }
        EXPECT_EQ(server->stop(), 0);
    }
}

TEST_F(Start, FailsWithAPrivilegedPortWithoutThePrivilege) {
    if (!contents_of("/proc/sys/net/ipv4/ip_unprivileged_port_start").starts_with("1024")) {
        GTEST_SKIP() << "no port is privileged here";
    }
    LaunchOptions options = torc_with({site(), "--port", "1"});
    options.is_unprivileged = true;
    expect_failure(options, {":1", "CAP_NET_BIND_SERVICE"});
}

TEST_F(Start, FailsWithTooFewDescriptors) {
    LaunchOptions options = torc_with({site(), "--port", "0", "--workers", "1"});
    options.descriptors_max = 40;
    expect_failure(options, {"too few file descriptors", "40", "ulimit", "LimitNOFILE"});
}

TEST_F(Start, TakesOptionsFromTheEnvironment) {
    directory_.write("start.htm", "the index");
    LaunchOptions options = torc_with({});
    options.environment = {"TORC_DIR=" + site(),         "TORC_PORT=0",    "TORC_ADDRESS=127.0.0.1",
                           "TORC_INDEX=a.htm,start.htm", "TORC_WORKERS=1", "TORC_IO=epoll",
                           "TORC_ACCESS_LOG=-"};
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "the index");
    EXPECT_TRUE(server.standard_error().contains("1 worker on ")) << server.standard_error();
    EXPECT_TRUE(server.standard_error().contains("epoll")) << server.standard_error();
    EXPECT_EQ(server.stop(), 0);
    EXPECT_TRUE(server.standard_output().contains("\"GET / HTTP/1.1\" 200 9 "))
        << server.standard_output();
}

TEST_F(Start, PrefersTheCommandLineToTheEnvironment) {
    const OtherListener other(false);
    LaunchOptions options =
        torc_with({site(), "--port", "0", "--address", "127.0.0.1", "--workers", "1"});
    options.environment = {"TORC_DIR=/absent", "TORC_PORT=" + other.port(), "TORC_WORKERS=2",
                           "TORC_ADDRESS=192.0.2.1"};
    ServerProcess server(options);
    EXPECT_TRUE(server.standard_error().contains("1 worker on ")) << server.standard_error();
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, FailsWithAnEnvironmentThatMakesNoSense) {
    LaunchOptions options = torc_with({site()});
    options.environment = {"TORC_PORT=http"};
    expect_failure(options, {"TORC_PORT http"}, usage_error);
}

TEST_F(Start, DoesNotPinAllInstancesToOneCpu) {
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    if (CPU_COUNT(&set) < 2) {
        GTEST_SKIP() << "there is one CPU here";
    }
    std::set<std::string> cpus;
    EXPECT_TRUE(eventually([&] {
        ServerProcess server(torc_with({site(), "--port", "0", "--workers", "1", "--pin", "on"}));
        const std::vector<std::string> of_worker = server.cpus_of_threads("torc-0");
        cpus.insert(of_worker.begin(), of_worker.end());
        return server.stop() == 0 && cpus.size() > 1;
    }));
}

TEST_F(Start, LeavesWorkersUnpinnedWhenTold) {
    ServerProcess server(torc_with({site(), "--port", "0", "--workers", "2", "--pin", "off"}));
    std::vector<std::string> own = server.cpus_of_threads("torc");
    ASSERT_FALSE(own.empty());
    own.resize(1);  // ThreadSanitizer's thread has the same name.
    EXPECT_EQ(server.cpus_of_threads("torc-0"), own);
    EXPECT_EQ(server.cpus_of_threads("torc-1"), own);
    EXPECT_TRUE(server.standard_error().contains("\n2 workers, ")) << server.standard_error();
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, ConfinesUnpinnedWorkersToTheCpusThatAreNamed) {
    cpu_set_t set;
    ASSERT_EQ(::sched_getaffinity(0, sizeof set, &set), 0);
    if (CPU_COUNT(&set) < 2) {
        GTEST_SKIP() << "there is one CPU here";
    }
    std::vector<std::size_t> cpus;
    for (std::size_t cpu = 0; cpus.size() < 2; ++cpu) {
        if (CPU_ISSET(cpu, &set)) {
            cpus.push_back(cpu);
        }
    }
    const std::string list = fmt::format("{},{}", cpus[0], cpus[1]);
    for (const auto& [pin, word] :
         std::vector<std::pair<std::string, std::string>>{{"off", "within"}, {"on", "on"}}) {
        ServerProcess server(
            torc_with({site(), "--port", "0", "--workers", "2", "--cpus", list, "--pin", pin}));
        EXPECT_TRUE(
            server.standard_error().contains(fmt::format("\n2 workers {} CPUs {}, ", word, list)))
            << server.standard_error();
        EXPECT_EQ(server.cpus_of_threads("torc-0") == server.cpus_of_threads("torc-1"),
                  pin == "off");
        EXPECT_EQ(server.stop(), 0);
    }
}

TEST_F(Start, WarnsOfVariablesThatNothingReads) {
    LaunchOptions options = torc_with({site(), "--port", "0"});
    options.environment = {"TORC_CACHE_MEMORI=1g"};
    ServerProcess server(options);
    EXPECT_TRUE(server.standard_error().contains("TORC_CACHE_MEMORI is set"))
        << server.standard_error();
    EXPECT_TRUE(server.standard_error().contains("did you mean TORC_CACHE_MEMORY?"));
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, IsSilentAboutVariablesWhenTold) {
    LaunchOptions options = torc_with({site(), "--port", "0", "--log-level", "error"});
    options.environment = {"TORC_CACHE_MEMORI=1g"};
    Subprocess server(options);
    EXPECT_FALSE(server.ends_within(std::chrono::milliseconds(200)));
    server.send_signal(SIGTERM);
    EXPECT_EQ(server.exit_code(), 0);
    EXPECT_EQ(server.standard_error(), "");
}

TEST_F(Start, ListensOnThePortOfTheHostingPlatform) {
    LaunchOptions options = torc_with({site(), "--address", "127.0.0.1"});
    std::string port;
    {
        port = OtherListener(false).port();
    }
    options.environment = {"PORT=" + port};
    ServerProcess server(options);
    EXPECT_EQ(std::to_string(server.port()), port);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, PrintsColorsOnATerminalUnlessToldOtherwise) {
    for (const std::string_view no_color : {"", "1"}) {
        const Terminal terminal;
        LaunchOptions options = torc_with({site(), "--port", "0", "--log-level", "warn"});
        options.standard_error = terminal.descriptor();
        options.environment = {"TERM=xterm", "NO_COLOR=" + std::string(no_color), "TORC_XYZZY=1"};
        const Subprocess server(options);
        EXPECT_EQ(terminal.read_line().contains("\x1b["), no_color.empty());
    }
}

}  // namespace
}  // namespace torc::test
