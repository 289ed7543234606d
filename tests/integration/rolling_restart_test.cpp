// One torc after the other is restarted behind HAProxy, by the files of config/examples/haproxy.

#include <torc/base/unique_fd.hpp>

#include "integration/support/server_test.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t torcs = 3;
constexpr std::size_t clients = 3;
constexpr const char* haproxy_program = "/usr/sbin/haproxy";

/// An example's file, of which parts are replaced that hold for no test.
class Example {
public:
    explicit Example(std::string_view name)
        : text_(contents_of(std::filesystem::path(TORC_SOURCE "/config/examples/haproxy") / name)) {
    }
    Example& with(std::string_view part, std::string_view replacement) {
        const std::size_t at = text_.find(part);
        if (at == std::string::npos) {
            ADD_FAILURE() << part << " is not in the example";
        } else {
            text_.replace(at, part.size(), replacement);
        }
        return *this;
    }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    std::string text_;
};

/// One line of HAProxy's `show stat`, of a server.
struct ServerState {
    bool is_up = false;
    /// How often it was found to be down.
    std::size_t downs = 0;
};

ServerState state_in(std::string_view line) {
    // The management guide of HAProxy, 9.1: "17. status", "22. chkdown".
    constexpr std::size_t status_column = 17;
    constexpr std::size_t downs_column = 22;
    ServerState state;
    for (std::size_t column = 0; column <= downs_column; ++column) {
        const std::string_view value = line.substr(0, line.find(','));
        if (column == status_column) {
            state.is_up = value.starts_with("UP");
        } else if (column == downs_column) {
            std::from_chars(value.data(), value.data() + value.size(), state.downs);
        }
        line.remove_prefix(std::min(line.size(), value.size() + 1));
    }
    return state;
}

class RollingRestart : public ::testing::Test {
protected:
    void SetUp() override {
        if (!std::filesystem::exists(haproxy_program)) {
            GTEST_SKIP() << "haproxy is not installed (scripts/setup test)";
        }
        directory_.write("site/page.txt", page_);
    }

    /// Starts the torcs, HAProxy before them, and clients. `drain`: lines of the torcs' table.
    void begin(const std::string& drain) {
        drain_ = drain;
        for (std::size_t number = 0; number < torcs; ++number) {
            start_torc(number);
        }
        start_haproxy();
        for (std::size_t client = 0; client < clients; ++client) {
            threads_.emplace_back([this, client](const std::stop_token& over) {
                ask(over, requests_.at(client), client % 2 == 0);
            });
        }
    }
    /// Restarts one, and waits until HAProxy has seen both that it has gone and that it is back.
    void bounce(std::size_t number) {
        ServerProcess& torc = *torcs_.at(number).process;
        const std::size_t downs = state(number).downs;
        torc.send_signal(SIGTERM);
        EXPECT_EQ(torc.exit_code(), 0) << torc.standard_error();
        EXPECT_TRUE(eventually([&] { return state(number).downs == downs + 1; }));
        await_requests();
        start_torc(number);
        EXPECT_TRUE(eventually([&] { return state(number).is_up; }));
        await_requests();
    }
    void end() {
        threads_.clear();
        for (const Torc& torc : torcs_) {
            EXPECT_EQ(torc.process->stop(), 0) << torc.process->standard_error();
        }
    }

    struct Torc {
        std::unique_ptr<ServerProcess> process;
        /// 0 before its first start.
        std::uint16_t port = 0;
    };

    std::string drain_;
    std::array<Torc, torcs> torcs_;
    std::atomic<int> failures_ = 0;
    std::string first_failure_;

private:
    void start_torc(std::size_t number) {
        Torc& torc = torcs_.at(number);
        const std::string path = (directory_.path() / fmt::format("{}", number)).string();
        const std::string text = Example("torc.toml")
                                     .with("0.0.0.0:8080", fmt::format("127.0.0.1:{}", torc.port))
                                     .with("10.0.0.0/24", "127.0.0.0/8")
                                     .with("delay = \"2s\"", drain_)
                                     .with("/var/log/torc/access.log", path + ".log")
                                     .with("/srv/www", (directory_.path() / "site").string())
                                     .text();
        torc.process = std::make_unique<ServerProcess>(
            torc_with({"-c", directory_.write(fmt::format("{}.toml", number), text).string()}));
        torc.port = torc.process->port();
    }

    void start_haproxy() {
        // A socket that this process got a port for, handed over as standard input.
        const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
        ASSERT_EQ(::listen(listener.get(), SOMAXCONN), 0);
        ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
        port_ = ntohs(address.sin_port);
        Example example("haproxy.cfg");
        example
            .with("maxconn 20000",
                  fmt::format("maxconn 200\n    stats socket {}", control_socket().string()))
            .with("bind :80", "bind fd@0")
            .with("inter 500ms", "inter 50ms");
        for (std::size_t number = 0; number < torcs; ++number) {
            example.with(fmt::format("10.0.0.1{}:8080", number + 1),
                         fmt::format("127.0.0.1:{}", torcs_.at(number).port));
        }
        const std::string file = directory_.write("haproxy.cfg", example.text()).string();
        haproxy_ = std::make_unique<Subprocess>(LaunchOptions{.program = haproxy_program,
                                                              .arguments = {"-db", "-f", file},
                                                              .standard_input = listener.get()});
        // The file of its socket is there a moment before anybody listens.
        EXPECT_TRUE(eventually([&] {
            try {
                const HttpClient control(control_socket());
                return true;
            } catch (const std::exception&) {
                return false;
            }
        }));
    }
    [[nodiscard]] std::filesystem::path control_socket() const {
        return directory_.path() / "haproxy.sock";
    }

    /// What HAProxy thinks of a torc.
    [[nodiscard]] ServerState state(std::size_t number) const {
        HttpClient control(control_socket());
        control.send("show stat\n");
        const std::string table = control.receive_to_end().bytes;
        const std::size_t line = table.find(fmt::format("torcs,torc{},", number + 1));
        return line == std::string::npos ? ServerState{}
                                         : state_in(std::string_view(table).substr(line));
    }

    /// Until what each client had asked for by now has come or failed, and some more.
    void await_requests() {
        std::array<int, clients> before{};
        std::ranges::copy(requests_, before.begin());
        EXPECT_TRUE(eventually([&] {
            return std::ranges::equal(requests_, before,
                                      [](int now, int then) { return now > then + 10; });
        }));
    }

    /// Asks again and again, a millisecond after each response: on a kept connection, or each time
    /// on a fresh one. `requests` are those that have ended.
    void ask(const std::stop_token& over, std::atomic<int>& requests, bool keeps) {
        std::optional<HttpClient> client;
        std::unique_lock lock(mutex_);
        while (!pause_.wait_for(lock, over, 1ms, [&] { return over.stop_requested(); })) {
            lock.unlock();
            const std::string failure = ask_once(client, keeps);
            ++requests;
            lock.lock();
            if (!failure.empty()) {
                ++failures_;
                first_failure_ = first_failure_.empty() ? failure : first_failure_;
            }
        }
    }
    /// What went wrong; empty if nothing did.
    [[nodiscard]] std::string ask_once(std::optional<HttpClient>& client, bool keeps) {
        try {
            if (!client) {
                client.emplace(port_);
            }
            const Response response =
                client->get("/page.txt", keeps ? "" : "Connection: close\r\n");
            if (!keeps || response.is_last()) {
                client.reset();
            }
            if (response.status != 200 || response.body != page_) {
                return response.head;
            }
            return {};
        } catch (const std::exception& error) {
            client.reset();
            return error.what();
        }
    }

    const std::string page_ = "a page\n";
    TemporaryDirectory directory_;
    std::unique_ptr<Subprocess> haproxy_;
    std::uint16_t port_ = 0;
    std::array<std::atomic<int>, clients> requests_{};
    std::mutex mutex_;
    std::condition_variable_any pause_;
    /// The last, so that they end first.
    std::vector<std::jthread> threads_;
};

TEST_F(RollingRestart, LosesNoRequestBehindHaproxyByTheExamplesFiles) {
    constexpr std::size_t bounces = 10;
    // The checks come ten times as often as the example's, and the delay is half of its: a busy
    // machine has ten intervals for the two checks that must fail.
    begin("delay = \"1s\"\nidle = \"0s\"");
    for (std::size_t count = 0; count < bounces; ++count) {
        bounce(count % torcs);
    }
    end();
    EXPECT_EQ(failures_, 0) << first_failure_;
}

/// What the test above must be able to see: a torc that stops before HAProxy has noticed.
TEST_F(RollingRestart, WouldLoseRequestsWithoutADelay) {
    // One does; but HAProxy may have looked before anybody asked.
    constexpr std::size_t bounces_max = 10;
    begin("delay = \"0s\"\nidle = \"0s\"");
    for (std::size_t count = 0; count < bounces_max && failures_ == 0; ++count) {
        bounce(count % torcs);
    }
    end();
    EXPECT_GT(failures_, 0);
}

}  // namespace
}  // namespace torc::test
