// What is sent where there is nothing.

#include <torc/site/cache/substitute_key.hpp>
#include <torc/worker/connection.hpp>

#include "support/allocation_counter.hpp"
#include "worker/connection_harness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using http::Status;
using site::Asset;
using site::SubstituteKey;
using site::test::memory_file;
using test::ActionKind;
using test::request;
using test::statuses;

constexpr std::string_view accept_html = "Accept: text/html,*/*;q=0.8\r\n";

std::string key_of(SubstituteKey key) {
    std::string text;
    key.write(text);
    return text;
}

/// A site with pages for what is missing, and another that is an application besides.
class ConnectionMissingTest : public ::testing::Test {
protected:
    ConnectionMissingTest() {
        for (test::ConnectionHarness* const harness : {&harness_, &application_}) {
            for (const std::string_view path : {"users/7", "users/app.js", ".git/config"}) {
                harness->put_on_disk(path, Asset::missing());
            }
            harness->put_on_disk(key_of({.kind = SubstituteKey::Kind::error, .path = "users/"}),
                                 Asset::error(Status::not_found, memory_file("no such user")));
            harness->put_on_disk(key_of({.kind = SubstituteKey::Kind::error, .path = ""}),
                                 Asset::error(Status::not_found, memory_file("nothing here")));
        }
        application_.put_on_disk(
            key_of({.kind = SubstituteKey::Kind::fallback, .path = "index.html"}),
            site::test::memory_asset("the application"));
    }

    static void expect(const std::string& answer, int status, std::string_view body) {
        EXPECT_EQ(statuses(answer), std::vector{status});
        EXPECT_TRUE(answer.ends_with("\r\n\r\n" + std::string(body))) << answer;
    }

    test::ConnectionHarness harness_;
    test::ConnectionHarness application_{nullptr, {.fallback_path = "index.html"}};
};

TEST_F(ConnectionMissingTest, SendsTheErrorOfTheDirectory) {
    EXPECT_EQ(harness_.receive(request("GET /users/7")), ActionKind::load);
    EXPECT_EQ(harness_.load_path(), "users/7");
    EXPECT_EQ(harness_.perform_one(), ActionKind::load);
    EXPECT_EQ(harness_.load_path(), key_of({.kind = SubstituteKey::Kind::error, .path = "users/"}));
    harness_.perform();
    expect(harness_.output(), 404, "no such user");
}

TEST_F(ConnectionMissingTest, SaysTheSameToHead) {
    expect(harness_.exchange(request("HEAD /users/7")), 404, "");
    EXPECT_TRUE(harness_.output().contains("\r\nContent-Length: 12\r\n"));
    // The same asset serves GET.
    expect(harness_.exchange(request("GET /users/7")), 404, "no such user");
    EXPECT_EQ(std::ranges::count(harness_.actions(), ActionKind::load), 2);
}

TEST_F(ConnectionMissingTest, SendsTheFallbackToWhoWantsAPage) {
    expect(application_.exchange(request("GET /users/7", accept_html)), 200, "the application");
    expect(application_.exchange(request("GET /users/7")), 200, "the application");
    expect(application_.exchange(request("HEAD /users/7")), 200, "");
    expect(harness_.exchange(request("GET /users/7", accept_html)), 404, "no such user");
}

TEST_F(ConnectionMissingTest, SendsTheErrorToWhoWantsSomethingElse) {
    expect(application_.exchange(request("GET /users/7", "Accept: application/json\r\n")), 404,
           "no such user");
    expect(application_.exchange(request("GET /users/app.js", "Accept: */*\r\n")), 404,
           "no such user");
}

TEST_F(ConnectionMissingTest, AFallbackHasConditionsAndRanges) {
    expect(application_.exchange(
               request("GET /users/7", std::string(accept_html) + "Range: bytes=4-6\r\n")),
           206, "app");
    expect(application_.exchange(
               request("GET /users/7", std::string(accept_html) + "If-None-Match: *\r\n")),
           304, "");
    const std::string refusal = application_.exchange(
        request("GET /users/7", std::string(accept_html) + "If-Match: \"other\"\r\n"));
    EXPECT_TRUE(refusal.starts_with("HTTP/1.1 412 ")) << refusal;
    EXPECT_FALSE(refusal.contains("the application")) << refusal;
}

// A scanner would take the page for a repository that lies open.
TEST_F(ConnectionMissingTest, WhatIsHiddenHasNoFallback) {
    expect(application_.exchange(request("GET /.git/config", accept_html)), 404, "nothing here");
}

// Routers put names with slashes into one segment, encoded.
TEST_F(ConnectionMissingTest, AnEncodedSlashLeadsToNothingLikeAnyOther) {
    expect(application_.exchange(request("GET /docs/a%2Fb?x", accept_html)), 200,
           "the application");
    expect(application_.exchange(request("GET /docs/a%2Fb.js", "Accept: */*\r\n")), 404,
           "nothing here");
    expect(harness_.exchange(request("GET /docs/a%2Fb", accept_html)), 404, "nothing here");
    EXPECT_EQ(statuses(harness_.exchange(request("GET /%2F/../../x"))), std::vector{404});
}

TEST_F(ConnectionMissingTest, SendsWhatTookThePlaceOfAFallbackThatIsGone) {
    application_.put_on_disk(key_of({.kind = SubstituteKey::Kind::fallback, .path = "index.html"}),
                             Asset::error(Status::not_found, memory_file("no application")));
    expect(application_.exchange(request("GET /users/7", accept_html)), 404, "no application");
}

TEST_F(ConnectionMissingTest, AllocatesNothingForWhatIsCached) {
    const std::string view = request("GET /users/7", accept_html);
    const std::string script = request("GET /users/app.js", "Accept: */*\r\n");
    const auto run = [&](int count) {
        for (int done = 0; done < count; ++done) {
            for (const std::string_view text : {std::string_view(view), std::string_view(script)}) {
                (void)application_.receive(text);
                application_.perform();
                application_.forget();
            }
        }
    };
    run(100);
    const auto before = torc::test::allocations_of_this_thread();
    run(100);
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc::worker
