// What operators and their tools ask of a server that runs.

#include <torc/base/unique_fd.hpp>

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/server_test.hpp"
#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

class Admin : public Start, public ::testing::WithParamInterface<std::string> {
protected:
    Admin() {
        directory_.write("a/index.html", "a");
        directory_.write("b/index.html", "b");
        write("[[site]]\nhosts = [\"a.test\"]\ndefault = true\nroot = \"" + path("a") + "\"\n");
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    void write(std::string_view sites, std::string_view server = "") {
        file_ = directory_
                    .write("torc.toml",
                           fmt::format("version = 1\n[server]\nport = 0\nworkers = 2\nio = "
                                       "\"{}\"\nlisten = [\"127.0.0.1\"]\nadmin = \"unix:{}\"\n"
                                       "metrics = \"unix:{}\"\n{}\n{}",
                                       GetParam(), path("admin.sock"), path("metrics.sock"), server,
                                       sites))
                    .string();
    }
    [[nodiscard]] LaunchOptions options() const {
        return torc_with({"-c", file_, "--health", "/healthz"});
    }
    /// `torc WORD`.
    [[nodiscard]] FinishedRun command(const std::string& word,
                                      const std::vector<std::string>& more = {}) const {
        std::vector<std::string> arguments{word, "-c", file_};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run_to_end(torc_with(arguments));
    }
    /// The response to `request_line` on a socket of the directory.
    [[nodiscard]] std::string ask(std::string_view socket_name, std::string_view request_line,
                                  std::string_view fields = "") const {
        const UniqueFd socket = connect(socket_name);
        const std::string request =
            fmt::format("{} HTTP/1.1\r\nHost: torc\r\n{}\r\n", request_line, fields);
        ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
        std::string response;
        std::array<char, 4096> buffer{};
        ssize_t count = 0;
        while ((count = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0) {
            response.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return response;
    }
    [[nodiscard]] UniqueFd connect(std::string_view socket_name) const {
        UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const timeval time{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const std::string name = path(socket_name);
        std::memcpy(address.sun_path, name.data(), name.size());
        EXPECT_EQ(
            ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
            0);
        return socket;
    }

    std::string file_;
};

INSTANTIATE_TEST_SUITE_P(Backends, Admin, ::testing::Values("auto", "epoll"),
                         [](const auto& parameter) { return parameter.param; });

TEST_P(Admin, HasMetricsOfWhatWasServed) {
    ServerProcess server(options());
    HttpClient client(server.port());
    EXPECT_EQ(client.get("/").body, "a");
    EXPECT_EQ(client.get("/absent").status, 404);
    // A response is counted when it has been sent, which its client may know before.
    std::string text;
    EXPECT_TRUE(eventually([&] {
        text = ask("metrics.sock", "GET /metrics");
        return text.contains("code=\"404\"} 1\n") &&
               text.contains("torc_connections{state=\"idle\"} 1\n");
    })) << text;
    EXPECT_TRUE(text.contains("Content-Type: text/plain; version=0.0.4"));
    EXPECT_TRUE(
        text.contains("torc_http_requests_total{site=\"a.test\",method=\"GET\",code=\"200\"} 1\n"))
        << text;
    EXPECT_TRUE(
        text.contains("torc_http_requests_total{site=\"a.test\",method=\"GET\",code=\"404\"} 1\n"));
    EXPECT_TRUE(text.contains("torc_connections{state=\"idle\"} 1\n"));
    EXPECT_TRUE(text.contains("torc_ready 1\n"));
    const std::string open_metrics =
        ask("admin.sock", "GET /metrics", "Accept: application/openmetrics-text;version=1.0.0\r\n");
    EXPECT_TRUE(open_metrics.contains("Content-Type: application/openmetrics-text; version=1.0.0"));
    EXPECT_TRUE(open_metrics.ends_with("\n# EOF\n"));
    EXPECT_TRUE(ask("metrics.sock", "POST /stop").starts_with("HTTP/1.1 404"))
        << "who may read metrics may not stop the server";
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, GivesMetricsThatPromtoolTakes) {
    constexpr const char* promtool = "/usr/bin/promtool";
    if (!std::filesystem::exists(promtool)) {
        GTEST_SKIP() << "promtool is not installed (scripts/setup test)";
    }
    ServerProcess server(options());
    {
        HttpClient client(server.port());
        for (const char* const target : {"/", "/?a=\"b\"", "/none", "/healthz"}) {
            static_cast<void>(client.get(target));
        }
        EXPECT_EQ(client.get("/", "Host: other\r\n").status, 400);
    }
    std::string page;
    EXPECT_TRUE(eventually([&] {
        page = ask("metrics.sock", "GET /metrics");
        return page.contains("code=\"404\"} 1\n");
    })) << page;
    page.erase(0, page.find("\r\n\r\n") + 4);
    const UniqueFd file(::open(directory_.write("metrics", page).c_str(), O_RDONLY | O_CLOEXEC));
    const FinishedRun judge = run_to_end(
        {.program = promtool, .arguments = {"check", "metrics"}, .standard_input = file.get()});
    EXPECT_EQ(judge.exit_code, 0);
    EXPECT_EQ(judge.standard_output + judge.standard_error, "") << page;
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, HasASocketForItsUserAlone) {
    ServerProcess server(options());
    struct stat status{};
    ASSERT_EQ(::stat(path("admin.sock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(server.stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path("admin.sock")));
}

TEST_P(Admin, TellsHowTheServerIs) {
    ServerProcess server(options());
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "a");
    // A response is counted when it has been sent, which its client may know before.
    EXPECT_TRUE(eventually(
        [&] { return ask("admin.sock", "GET /metrics").contains("code=\"200\"} 1\n"); }));
    const FinishedRun page = command("status");
    EXPECT_EQ(page.exit_code, 0) << page.standard_error;
    EXPECT_TRUE(page.standard_output.contains(", ready\n")) << page.standard_output;
    EXPECT_TRUE(page.standard_output.contains("1 since the start")) << page.standard_output;
    const FinishedRun json = command("status", {"--json"});
    EXPECT_TRUE(json.standard_output.starts_with("{\"version\":\"")) << json.standard_output;
    EXPECT_TRUE(json.standard_output.contains("\"responses\":1,")) << json.standard_output;
    EXPECT_TRUE(ask("admin.sock", "GET /config").contains("hosts = [\"a.test\"]"));
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, ReloadsAndSaysWhatCameOfIt) {
    ServerProcess server(options());
    write("[[site]]\nhosts = [\"a.test\"]\ndefault = true\nroot = \"" + path("b") + "\"\n");
    const FinishedRun applied = command("reload");
    EXPECT_EQ(applied.exit_code, 0) << applied.standard_error;
    EXPECT_TRUE(applied.standard_output.contains("configuration 1 serves, 1 site\n"));
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "b") << "it serves when torc reload ends";
    server.await_standard_error("admin socket: configuration 1 serves");

    write("[[site]]\nhosts = [\"a.test\"]\nrot = \"x\"\n");
    const FinishedRun refused = command("reload");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_TRUE(refused.standard_error.contains(file_ + ":12:1: unknown key"))
        << refused.standard_error;
    const std::string json = ask("admin.sock", "POST /reload");
    EXPECT_TRUE(json.starts_with("HTTP/1.1 400 Bad Request\r\n"));
    EXPECT_TRUE(json.contains("\"line\":12,\"column\":1,\"message\":\"unknown key")) << json;
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "b");
    EXPECT_TRUE(ask("admin.sock", "GET /readyz").starts_with("HTTP/1.1 200"))
        << "a configuration that was refused changes nothing about that";
    EXPECT_TRUE(ask("admin.sock", "GET /metrics")
                    .contains("torc_config_reloads_total{result=\"refused\"} 2\n"));
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, ChecksWhatAConfigurationWouldChange) {
    ServerProcess server(options());
    const std::string verdict = file_ + " is valid\n";
    const std::string where = path("admin.sock");
    EXPECT_EQ(command("check", {"--health", "/healthz"}).standard_output,
              verdict + "the server at " + where + " runs with just this\n");
    write("[[site]]\nhosts = [\"b.test\"]\ndefault = true\nroot = \"" + path("b") + "\"\n",
          "cache_memory = \"64M\"");
    const FinishedRun check = command("check");
    EXPECT_EQ(check.exit_code, 0) << check.standard_error;
    EXPECT_EQ(check.standard_output,
              verdict + "it would change of the server at " + where +
                  ":\n"
                  "  + site b.test\n"
                  "  - site a.test\n"
                  "  server.health: /healthz → none given\n"
                  "  server.cache_memory: none given → 67108864 takes effect at the next start\n");
    EXPECT_EQ(server.stop(), 0);
    EXPECT_EQ(command("check").standard_output, verdict) << "nobody runs there";
}

TEST_P(Admin, ChecksWhetherNewAddressesCanBeListenedOn) {
    ServerProcess server(options());
    ServerProcess other(torc_with({"--port", "0", path("b")}));
    write("[[site]]\nroot = \"" + path("a") + "\"\n");
    const std::string address = fmt::format("127.0.0.1:{}", other.port());
    const FinishedRun check = command("check", {"--address", address});
    EXPECT_EQ(check.exit_code, 1);
    EXPECT_TRUE(check.standard_error.contains("can't listen on " + address))
        << check.standard_error;
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, ListensElsewhereAfterAReload) {
    ServerProcess server(options());
    const std::string sites = "[[site]]\ndefault = true\nroot = \"" + path("a") + "\"\n";
    const auto move_to = [&](std::string_view admin, std::string_view metrics) {
        file_ = directory_
                    .write("torc.toml",
                           fmt::format("version = 1\n[server]\nport = 0\nworkers = 2\nio = \"{}\"\n"
                                       "listen = [\"127.0.0.1\"]\nadmin = \"unix:{}\"\nmetrics = "
                                       "\"{}\"\n{}",
                                       GetParam(), path(admin), metrics, sites))
                    .string();
    };
    move_to("other.sock", "off");
    // By the one that is about to be closed.
    const FinishedRun run = command("reload", {"--admin", "unix:" + path("admin.sock")});
    EXPECT_EQ(run.exit_code, 0) << run.standard_error;
    EXPECT_TRUE(ask("other.sock", "GET /livez").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(eventually([&] {
        return !std::filesystem::exists(path("admin.sock")) &&
               !std::filesystem::exists(path("metrics.sock"));
    }));
    move_to("third.sock", fmt::format("127.0.0.1:{}", server.port()));
    const FinishedRun refused = command("reload", {"--admin", "unix:" + path("other.sock")});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_TRUE(refused.standard_error.contains("server.metrics: can't listen on 127.0.0.1:"))
        << refused.standard_error;
    EXPECT_TRUE(ask("other.sock", "GET /livez").starts_with("HTTP/1.1 200"));
    EXPECT_FALSE(std::filesystem::exists(path("third.sock")));
    EXPECT_EQ(server.stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path("other.sock")));
}

TEST_P(Admin, BeginsToListenByAReload) {
    ServerProcess server(torc_with({"-c", file_, "--admin", "off", "--metrics", "off"}));
    EXPECT_FALSE(std::filesystem::exists(path("metrics.sock")));
    EXPECT_EQ(server.stop(), 0);
    file_ = directory_
                .write("torc.toml", fmt::format("version = 1\n[server]\nport = 0\nlisten = "
                                                "[\"127.0.0.1\"]\n[[site]]\nroot = \"{}\"\n",
                                                path("a")))
                .string();
    ServerProcess silent(torc_with({"-c", file_}));
    write("[[site]]\ndefault = true\nroot = \"" + path("a") + "\"\n");
    silent.send_signal(SIGHUP);
    silent.await_standard_error("SIGHUP: configuration 1 serves");
    EXPECT_EQ(command("status").exit_code, 0);
    EXPECT_TRUE(ask("metrics.sock", "GET /readyz").starts_with("HTTP/1.1 200"));
    EXPECT_EQ(silent.stop(), 0);
    EXPECT_FALSE(std::filesystem::exists(path("admin.sock")));
}

TEST_P(Admin, AnswersAllThroughAnUpgrade) {
    ServerProcess server(options());
    std::atomic<bool> is_over = false;
    int answers = 0;
    int failures = 0;
    std::thread operators([&] {
        while (!is_over) {
            ask("admin.sock", "GET /livez").starts_with("HTTP/1.1 200") ? ++answers : ++failures;
        }
    });
    const FinishedRun upgrade = command("upgrade");
    EXPECT_EQ(server.exit_code(), 0);
    EXPECT_EQ(command("status").exit_code, 0);
    is_over = true;
    operators.join();
    EXPECT_EQ(failures, 0) << "beside " << answers;
    EXPECT_GT(answers, 0);
    ASSERT_EQ(upgrade.exit_code, 0) << upgrade.standard_error;
    pid_t pid = -1;
    ASSERT_EQ(std::sscanf(upgrade.standard_output.c_str(), "process %d has taken over", &pid), 1);
    EXPECT_EQ(command("stop").exit_code, 0);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
    EXPECT_FALSE(std::filesystem::exists(path("admin.sock")));
}

TEST_P(Admin, SaysWhatOfAReloadWaitsForAnUpgrade) {
    ServerProcess server(options());
    const std::string site =
        "[[site]]\nhosts = [\"a.test\"]\ndefault = true\nroot = \"" + path("a") + "\"\n";
    write(site, "cache_memory = \"1m\"");
    const FinishedRun run = command("reload");
    EXPECT_EQ(run.exit_code, 4);
    EXPECT_TRUE(run.standard_output.contains("server.cache_memory: none given"))
        << run.standard_output;
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, SaysWhetherRequestsAreToBeSentHere) {
    ServerProcess server(options());
    HttpClient client(server.port());
    EXPECT_EQ(client.get("/healthz").status, 200);
    EXPECT_TRUE(ask("admin.sock", "POST /ready?state=off").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask("metrics.sock", "GET /readyz").starts_with("HTTP/1.1 503"));
    EXPECT_TRUE(ask("metrics.sock", "GET /livez").starts_with("HTTP/1.1 200"));
    EXPECT_EQ(client.get("/healthz").status, 503);
    EXPECT_EQ(client.get("/").body, "a") << "it serves on";
    EXPECT_TRUE(ask("admin.sock", "POST /ready?state=on").starts_with("HTTP/1.1 200"));
    EXPECT_EQ(client.get("/healthz").status, 200);
    EXPECT_FALSE(ask("metrics.sock", "GET /metrics").contains("code=\"503\"")) << "not counted";
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(Admin, StopsWhenItIsToldTo) {
    ServerProcess server(options());
    const FinishedRun run = command("drain");
    EXPECT_EQ(run.exit_code, 0) << run.standard_error;
    EXPECT_EQ(server.exit_code(), 0);
    const FinishedRun again = command("drain");
    EXPECT_EQ(again.exit_code, 1);
    EXPECT_TRUE(again.standard_error.contains("there is no socket at " + path("admin.sock")))
        << again.standard_error;
}

TEST_P(Admin, ServesOthersBesideAClientThatSaysNothing) {
    ServerProcess server(options());
    std::vector<UniqueFd> silent;
    for (int count = 0; count < 10; ++count) {
        silent.push_back(connect("metrics.sock"));
    }
    EXPECT_TRUE(ask("metrics.sock", "GET /livez").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask("admin.sock", "GET /" + std::string(2000, 'a')).starts_with("HTTP/1.1 414"));
    EXPECT_TRUE(ask("admin.sock", "GET").starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(ask("admin.sock", "GET /reload").starts_with("HTTP/1.1 405"));
    EXPECT_TRUE(ask("admin.sock", "POST /status").starts_with("HTTP/1.1 405"));
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
