// Areas that ask for a password (RFC 7617) or are for some networks alone.

#include "integration/support/http_client.hpp"
#include "integration/support/server_test.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

// Of the password "pw".
constexpr std::string_view cheap = "$2y$05$K7EzL53Nc3G3dW3usqTgjuckGnxPrcdG1fS2W9.QrbaKGG/luodZy";
/// A check takes some 0.2 s.
constexpr std::string_view dear = "$2y$12$kXU7gbxO9C4JRwnS.uP49.qmTHlUs8Z1B/Tkep69Ci3RLMUaQgMxy";
/// Some 0.8 s.
constexpr std::string_view dearest = "$2y$14$xRu0XHsNi16IFqy154OlUu/wSK4IPjGiUqK2X7F/JRzJ9illbfL5O";

// "a:pw", "a:wrong", "b:pw".
constexpr std::string_view right = "Authorization: Basic YTpwdw==\r\n";
constexpr std::string_view wrong = "Authorization: Basic YTp3cm9uZw==\r\n";
constexpr std::string_view unknown_user = "Authorization: Basic Yjpwdw==\r\n";

class Access : public ServerTest {
protected:
    /// Serves a site with a protected area "internal/". `keys`: more of the area's keys.
    void start_protected(std::string_view hash, std::string_view site_keys = "") {
        write("open.txt", "open\n");
        write("internal/page.txt", "secret page\n");
        write("internal/assets/index-BfX9a2_k.js", "1;\n");
        const auto users = directory_.write("users", fmt::format("a:{}\n", hash));
        start_area(fmt::format("[site.area.auth]\nrealm = \"staff\"\nusers_file = \"{}\"\n",
                               users.string()),
                   site_keys);
    }
    void start_area(std::string_view area, std::string_view site_keys = "") {
        const auto file = directory_.write(
            "torc.toml",
            fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\nworkers = 1\n"
                        "io = \"{}\"\n[server.log]\naccess = \"{}\"\n[[site]]\ndefault = true\n"
                        "root = \"{}\"\n{}[[site.area]]\npath = \"/internal/\"\n{}",
                        GetParam(), log().string(), site().string(), site_keys, area));
        server_ = std::make_unique<ServerProcess>(torc_with({"-c", file.string()}));
    }
    [[nodiscard]] std::filesystem::path log() const { return directory_.path() / "access.log"; }
    /// Whether nothing has come on a connection yet.
    static bool is_silent(const HttpClient& client) {
        char byte = 0;
        return ::recv(client.socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0;
    }
};

TORC_ON_BOTH_BACKENDS(Access);

TEST_P(Access, IsGrantedForTheRightPasswordAlone) {
    start_protected(cheap);
    EXPECT_EQ(get("/open.txt").body, "open\n");
    EXPECT_EQ(get("/internal/page.txt").status, 401);
    EXPECT_EQ(get("/internal/page.txt", wrong).status, 401);
    EXPECT_EQ(get("/internal/page.txt", unknown_user).status, 401);
    EXPECT_EQ(get("/internal/page.txt", "Authorization: Bearer YTpwdw==\r\n").status, 401);
    EXPECT_EQ(get("/internal/page.txt", std::string(right) + std::string(right)).status, 401);
    const Response response = get("/internal/page.txt", right);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "secret page\n");
    EXPECT_EQ(get("/internal/page.txt", wrong).status, 401);
}

TEST_P(Access, IsAskedForWithAChallenge) {
    start_protected(cheap);
    for (const std::string_view fields : {std::string_view(), wrong}) {
        const Response response = get("/internal/page.txt", fields);
        EXPECT_EQ(response.status, 401);
        EXPECT_EQ(response.field("WWW-Authenticate"), "Basic realm=\"staff\", charset=\"UTF-8\"");
        EXPECT_EQ(response.field("Cache-Control"), "no-store");
        EXPECT_FALSE(response.is_last());
    }
}

TEST_P(Access, DoesNotTellWhatIsThereWithoutAPassword) {
    start_protected(cheap);
    const Response there = get("/internal/page.txt");
    for (const char* target : {"/internal/missing", "/internal/", "/internal/assets",
                               "/internal/.x", "/internal/%70age.txt", "/open/../internal/page.txt",
                               "/internal/page.txt/", "/internal/page.txt?query"}) {
        const Response response = get(target);
        EXPECT_EQ(response.status, 401) << target;
        EXPECT_EQ(response.body, there.body) << target;
        EXPECT_EQ(response.fields.size(), there.fields.size()) << target;
    }
    EXPECT_EQ(get("/internal/missing", right).status, 404);
}

TEST_P(Access, CannotBeGoneAroundByTheFormOfAPath) {
    start_protected(cheap);
    for (const char* target :
         {"//internal/page.txt", "/./internal/page.txt", "/%2e/internal/page.txt",
          "/internal//page.txt", "/internal/./page.txt", "/x/../internal/page.txt",
          "/x/%2e%2e/internal/page.txt", "/internal%2Fpage.txt", "/%69nternal/page.txt",
          "/internal/page.txt?", "/;/internal/page.txt", "http://a/internal/page.txt",
          "http://a//internal/page.txt", "/internal\\page.txt"}) {
        const Response response = get(target);
        EXPECT_NE(response.status, 200) << target;
        EXPECT_FALSE(response.body.contains("secret")) << target;
    }
}

TEST_P(Access, IsTheSameForHeadAndForRanges) {
    start_protected(cheap);
    EXPECT_EQ(request("HEAD", "/internal/page.txt").status, 401);
    EXPECT_EQ(request("HEAD", "/internal/page.txt", right).status, 200);
    EXPECT_EQ(get("/internal/page.txt", "Range: bytes=0-5\r\n").status, 401);
    const Response part = get("/internal/page.txt", std::string(right) + "Range: bytes=0-5\r\n");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "secret");
}

TEST_P(Access, IsFreeForAPreflight) {
    start_protected(cheap, "cors = true\n");
    // Which carries no credentials (https://fetch.spec.whatwg.org/#cors-preflight-fetch).
    const Response response = request("OPTIONS", "/internal/page.txt",
                                      "Origin: https://a.example\r\n"
                                      "Access-Control-Request-Method: GET\r\n"
                                      "Access-Control-Request-Headers: authorization\r\n");
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(response.field("Access-Control-Allow-Headers"), "*, Authorization");
    const Response refused = get("/internal/page.txt", "Origin: https://a.example\r\n");
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.field("Access-Control-Allow-Origin"), "*");
}

TEST_P(Access, IsCheckedInTheOrderOfRequests) {
    start_protected(cheap);
    HttpClient client = connect();
    client.send(
        request_bytes("GET", "/open.txt") + request_bytes("GET", "/internal/page.txt", right) +
        request_bytes("GET", "/open.txt") + request_bytes("GET", "/internal/page.txt", wrong) +
        request_bytes("GET", "/internal/page.txt") +
        request_bytes("GET", "/internal/page.txt", right));
    std::vector<int> statuses;
    for (int count = 0; count < 6; ++count) {
        statuses.push_back(client.receive_response().status);
    }
    EXPECT_EQ(statuses, (std::vector{200, 200, 200, 401, 401, 200}));
}

TEST_P(Access, IsCheckedOnceForAllWhoWait) {
    start_protected(dear);
    const auto began_at = std::chrono::steady_clock::now();
    EXPECT_EQ(get("/internal/page.txt", wrong).status, 401);
    const auto one_check = std::chrono::steady_clock::now() - began_at;
    std::vector<HttpClient> clients;
    for (int count = 0; count < 64; ++count) {
        clients.push_back(connect());
        clients.back().send(request_bytes("GET", "/internal/page.txt", right));
    }
    for (HttpClient& client : clients) {
        EXPECT_EQ(client.receive_response().status, 200);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - began_at, 32 * one_check);
}

TEST_P(Access, KeepsNobodyElseWaitingWhileItIsChecked) {
    start_protected(dearest);
    HttpClient waiting = connect();
    waiting.send(request_bytes("GET", "/internal/page.txt", right));
    // Behind it on the same loop.
    EXPECT_EQ(get("/open.txt").body, "open\n");
    EXPECT_TRUE(is_silent(waiting)) << "the check was over before another was served";
    EXPECT_EQ(waiting.receive_response().status, 200);
}

TEST_P(Access, IsRefusedForATimeToWhoGuesses) {
    start_protected(cheap);
    int refused = 0;
    Response last;
    for (int guess = 0; guess < 20; ++guess) {
        last = get("/internal/page.txt", fmt::format("Authorization: Basic {}\r\n",
                                                     "YTow" + fmt::format("{:04}", guess)));
        refused += last.status == 429 ? 1 : 0;
    }
    EXPECT_GE(refused, 5) << "on a slow machine some are forgiven";
    EXPECT_EQ(last.status, 429);
    EXPECT_EQ(last.field("Retry-After"), "10");
    EXPECT_EQ(get("/internal/page.txt").status, 401) << "no guess";
    EXPECT_EQ(get("/open.txt").status, 200);
}

TEST_P(Access, LetsNoSharedCacheKeepWhatItProtects) {
    start_protected(cheap);
    EXPECT_EQ(get("/internal/page.txt", right).field("Cache-Control"), "private, no-cache");
    EXPECT_EQ(get("/internal/assets/index-BfX9a2_k.js", right).field("Cache-Control"),
              "private, max-age=31536000, immutable");
    EXPECT_EQ(get("/open.txt").field("Cache-Control"), "no-cache");
}

TEST_P(Access, IsLoggedWithTheUser) {
    start_protected(cheap);
    EXPECT_EQ(get("/internal/page.txt", right).status, 200);
    EXPECT_EQ(get("/internal/page.txt").status, 401);
    EXPECT_EQ(get("/open.txt", right).status, 200);
    EXPECT_EQ(server_->stop(), 0);
    const std::string lines = contents_of(log());
    EXPECT_TRUE(lines.starts_with("127.0.0.1 - a [")) << lines;
    EXPECT_TRUE(lines.contains("\n127.0.0.1 - - [")) << lines;
    EXPECT_EQ(lines.find("- a [", 20), std::string::npos) << "nobody asked for a password there";
}

TEST_P(Access, IsForAllowedNetworksAlone) {
    write("internal/page.txt", "secret page\n");
    write("open.txt", "open\n");
    start_area("allow = [\"10.0.0.0/8\", \"::1\"]\n");
    EXPECT_EQ(get("/internal/page.txt").status, 403);
    EXPECT_EQ(get("/internal/missing").status, 403);
    EXPECT_EQ(request("OPTIONS", "/internal/page.txt").status, 403);
    EXPECT_EQ(get("/open.txt").status, 200);
}

TEST_P(Access, IsForAllButDeniedNetworks) {
    write("internal/page.txt", "secret page\n");
    start_area("allow = [\"127.0.0.0/8\"]\ndeny = [\"127.0.0.2\"]\n");
    EXPECT_EQ(get("/internal/page.txt").status, 200);
}

TEST_P(Access, IsForNobodyWhoIsDeniedThoughAllowed) {
    write("internal/page.txt", "secret page\n");
    start_area("allow = [\"127.0.0.0/8\"]\ndeny = [\"127.0.0.1\"]\n");
    EXPECT_EQ(get("/internal/page.txt").status, 403);
}

TEST_P(Access, ToAnAreaForMoreLeavesWhatIsNamedAsItToTheSite) {
    write("internal.html", "for few\n");
    write("internal/page.txt", "for all\n");
    start_area("allow = []\n", "allow = [\"10.0.0.0/8\"]\nclean_urls = true\n");
    EXPECT_EQ(get("/internal/page.txt").body, "for all\n");
    EXPECT_EQ(get("/internal.html").status, 403);
    EXPECT_EQ(get("/internal").status, 403);
}

}  // namespace
}  // namespace torc::test
