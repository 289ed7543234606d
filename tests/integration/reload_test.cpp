// Several sites, and a configuration that changes while they are served.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

class Reload : public Start {
protected:
    Reload() {
        directory_.write("a/index.html", "a");
        directory_.write("b/index.html", "b");
        directory_.write("files/page.txt", "a file");
    }

    [[nodiscard]] std::string path(std::string_view name) const {
        return (directory_.path() / name).string();
    }
    void write(std::string_view sites) {
        file_ = directory_
                    .write("torc.toml", fmt::format("version = 1\n[server]\nport = 0\n"
                                                    "listen = [\"127.0.0.1\"]\n{}",
                                                    sites))
                    .string();
    }
    [[nodiscard]] std::string site(std::string_view host, std::string_view directory,
                                   std::string_view more = "") const {
        return fmt::format("[[site]]\nhosts = [\"{}\"]\nroot = \"{}\"\n{}", host, path(directory),
                           more);
    }
    [[nodiscard]] LaunchOptions options() const { return torc_with({"-c", file_}); }

    std::string file_;
};

TEST_F(Reload, ServesSitesByTheirHosts) {
    write(site("a.test", "a") + site("*.b.test", "b"));
    ServerProcess server(options());
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/").body, "a");
    EXPECT_EQ(HttpClient(server.port()).get("http://X.b.test:80/").body, "b");
    EXPECT_EQ(HttpClient(server.port()).get("http://b.test/").status, 421);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, ServesAreasFromDirectoriesOfTheirOwn) {
    write(site("a.test", "a",
               fmt::format("[[site.area]]\npath = \"/files/\"\nroot = \"{}\"\n", path("files"))));
    ServerProcess server(options());
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/files/page.txt").body, "a file");
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/files").field("Location"), "files/");
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/filesx").status, 404);
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, FollowsRedirectsAndRules) {
    write(site("a.test", "a",
               "[[site.rule]]\nmatch = \"*.html\"\nset = { \"X-Page\" = \"yes\" }\n"
               "[[site.redirect]]\nfrom = \"/old/*\"\nto = \"/new/:splat\"\nstatus = 308\n"));
    ServerProcess server(options());
    const auto redirect = HttpClient(server.port()).get("http://a.test/old/x?y");
    EXPECT_EQ(redirect.status, 308);
    EXPECT_EQ(redirect.field("Location"), "/new/x?y");
    EXPECT_EQ(redirect.field("X-Page"), std::nullopt);
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/").field("X-Page"), "yes")
        << "what is sent is index.html";
    EXPECT_EQ(server.stop(), 0);
}

/// Two configurations that can be told apart by any response, and clients that ask all the time.
class ReloadUnderLoad : public Reload {
protected:
    /// What b.test shows by the first and by the second.
    void write_configuration(int number) {
        const bool is_first = number % 2 == 0;
        write(site("a.test", "a") +
              site("b.test", is_first ? "b" : "c",
                   fmt::format("[[site.rule]]\nmatch = \"*\"\nset = {{ \"X-Is\" = \"{}\" }}\n",
                               is_first ? "b" : "c")));
    }
    static void send_requests(HttpClient& client) {
        client.send(request_bytes("GET", "http://a.test/") +
                    request_bytes("GET", "http://b.test/"));
    }
    /// Expects the responses to the two requests.
    void expect_responses(HttpClient& client) {
        const Response same = client.receive_response();
        expect(same.status == 200 && same.body == "a" && !same.field("X-Is"), same);
        const Response other = client.receive_response();
        expect(other.status == 200 && (other.body == "b" || other.body == "c") &&
                   other.field("X-Is") == other.body && !other.is_last(),
               other);
    }
    void expect(bool is_right, const Response& response) {
        ++responses_;
        if (!is_right) {
            complain(response.head + response.body);
        }
    }
    void complain(const std::string& complaint) {
        const std::scoped_lock lock(mutex_);
        complaints_ += complaint + '\n';
    }

    /// Has kept connections ask, each two requests at a time, until `is_over_`.
    void ask_on_kept_connections(std::uint16_t port) {
        std::vector<HttpClient> clients;
        for (int count = 0; count < 16; ++count) {
            clients.emplace_back(port);
        }
        while (!is_over_) {
            std::ranges::for_each(clients, send_requests);
            for (HttpClient& client : clients) {
                expect_responses(client);
            }
            ++rounds_;
            rounds_.notify_all();
        }
    }
    /// Has one connection after the other ask, until `is_over_`.
    void ask_on_fresh_connections(std::uint16_t port) {
        while (!is_over_) {
            HttpClient client(port);
            send_requests(client);
            expect_responses(client);
            ++fresh_;
            fresh_.notify_all();
        }
    }
    /// Runs one of the two in a thread of its own.
    template <typename Ask>
    std::jthread in_thread(Ask ask) {
        return std::jthread([this, ask] {
            try {
                ask();
            } catch (const std::exception& error) {
                complain(error.what());
                // Nobody is to wait for more.
                for (std::atomic<int>* const count : {&rounds_, &fresh_}) {
                    *count = std::numeric_limits<int>::min();
                    count->notify_all();
                }
            }
        });
    }

    std::atomic<bool> is_over_ = false;
    std::atomic<int> responses_ = 0;
    /// Of all kept connections, and fresh connections.
    std::atomic<int> rounds_ = 0;
    std::atomic<int> fresh_ = 0;
    std::mutex mutex_;
    std::string complaints_;
};

TEST_F(ReloadUnderLoad, KeepsConnectionsAndFailsNoRequest) {
    directory_.write("c/index.html", "c");
    write_configuration(0);
    ServerProcess server(options());
    const std::uint16_t port = server.port();
    std::jthread kept = in_thread([this, port] { ask_on_kept_connections(port); });
    std::jthread fresh = in_thread([this, port] { ask_on_fresh_connections(port); });
    constexpr int reloads = 100;
    for (int reload = 1; reload <= reloads; ++reload) {
        const int rounds = rounds_;
        const int connections = fresh_;
        write_configuration(reload);
        server.send_signal(SIGHUP);
        server.await_standard_error(fmt::format("configuration {} serves", reload));
        // Each configuration has met some of both.
        rounds_.wait(rounds);
        fresh_.wait(connections);
    }
    is_over_ = true;
    kept.join();
    fresh.join();
    EXPECT_EQ(complaints_, "");
    EXPECT_GE(rounds_, reloads);
    EXPECT_GE(fresh_, reloads);
    RecordProperty("responses", responses_);
    RecordProperty("fresh_connections", fresh_);
    EXPECT_EQ(server.stop(), 0);
}

/// Whether a process has something open at `path`.
bool has_open(pid_t pid, const std::filesystem::path& path) {
    std::error_code error;
    return std::ranges::any_of(
        std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid)),
        [&](const auto& entry) { return std::filesystem::read_symlink(entry, error) == path; });
}

TEST_F(Reload, ClosesTheRootOfASiteThatIsNoMore) {
    write(site("a.test", "a") + site("b.test", "b"));
    ServerProcess server(options());
    EXPECT_EQ(HttpClient(server.port()).get("http://b.test/").body, "b");
    EXPECT_TRUE(has_open(server.pid(), path("b")));
    write(site("a.test", "a"));
    server.send_signal(SIGHUP);
    server.await_standard_error("configuration 1 serves");
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (has_open(server.pid(), path("b")) && std::chrono::steady_clock::now() < give_up) {
        // Whatever a worker keeps of it goes in its own time.
        std::this_thread::yield();
    }
    EXPECT_FALSE(has_open(server.pid(), path("b")));
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Reload, OfABrokenFileIsRefusedWithThePlace) {
    write(site("a.test", "a"));
    ServerProcess server(options());
    write(site("a.test", "a") + "zzz = 1\n");
    server.send_signal(SIGHUP);
    server.await_standard_error("what was loaded before serves on: " + file_ + ":8:1: unknown key");
    write(site("a.test", "a") + site("b.test", "absent"));
    server.send_signal(SIGHUP);
    server.await_standard_error(":10:8: site.root " + (directory_.path() / "absent").string() +
                                " of site 'b.test': no such directory");
    EXPECT_EQ(HttpClient(server.port()).get("http://a.test/").body, "a");
    EXPECT_EQ(server.stop(), 0);
}

/// Where the flaws of a broken file are, as "7:1:".
std::vector<std::string> places_in(const std::filesystem::path& expected) {
    std::vector<std::string> places;
    std::ifstream stream(expected);
    for (std::string line; std::getline(stream, line);) {
        places.push_back(line.substr(0, line.find(' ')));
    }
    return places;
}

TEST_F(Reload, OfEachBrokenFileIsRefusedWithThePlaceAndTheOldOneServes) {
    write(site("a.test", "a"));
    ServerProcess server(options());
    HttpClient kept(server.port());
    std::size_t refused = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(TORC_SOURCE "/tests/data/config")) {
        if (entry.path().extension() != ".toml") {
            continue;
        }
        SCOPED_TRACE(entry.path().filename().string());
        std::filesystem::copy_file(entry.path(), file_,
                                   std::filesystem::copy_options::overwrite_existing);
        server.send_signal(SIGHUP);
        server.await_standard_error("the configuration is refused", ++refused);
        const std::string log = server.standard_error();
        const std::string_view last = std::string_view(log).substr(log.rfind("is refused"));
        const std::vector<std::string> places =
            places_in(std::filesystem::path(entry.path()).replace_extension(".expected"));
        EXPECT_TRUE(std::ranges::any_of(places, [&](const std::string& place) {
            return last.contains(file_ + ":" + place);
        })) << last;
        EXPECT_EQ(kept.get("http://a.test/").body, "a");
    }
    EXPECT_GE(refused, 150U);
    write(site("a.test", "b"));
    server.send_signal(SIGHUP);
    server.await_standard_error("configuration 1 serves");
    EXPECT_EQ(kept.get("http://a.test/").body, "b");
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
