#include <torc/site/response/responder.hpp>

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using test::error_fields;
using test::page_answer;
using test::ResponderTest;

class ResponderRedirectTest : public ResponderTest {
protected:
    std::string redirect_to_slash(std::string_view method, std::string_view target,
                                  Persistence persistence = Persistence::keep_alive) {
        std::array<char, limits::request_line_bytes_default> scratch;
        const auto resolved = http::resolve_target(target, scratch);
        return respond(std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n",
                       *Asset::redirect(std::string(resolved->path) + "/"), persistence);
    }

    /// Location when a request with this target is redirected to its slash.
    std::string location(std::string_view target) {
        return location_in(redirect_to_slash("GET", target));
    }
    /// The same when it is redirected to `path`.
    std::string location(std::string_view target, std::string_view path) {
        return location_in(respond("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n",
                                   *Asset::redirect(std::string(path))));
    }
    static std::string location_in(const std::string& answer) {
        constexpr std::string_view name = "\r\nLocation: ";
        const std::size_t begin = answer.find(name) + name.size();
        return answer.substr(begin, answer.find("\r\n", begin) - begin);
    }
};

TEST_F(ResponderRedirectTest, LeadsToTheSlash) {
    EXPECT_EQ(redirect_to_slash("GET", "/a/b"),
              "HTTP/1.1 301 Moved Permanently\r\n" +
                  error_fields("301 Moved Permanently", "Vary: Accept\r\n") + "Location: b/\r\n" +
                  page_answer("301 Moved Permanently"));
    EXPECT_EQ(answer_.status, http::Status::moved_permanently);
    EXPECT_EQ(answer_.body, http::ByteRange{});
}

TEST_F(ResponderRedirectTest, HasNoPageForHead) {
    const std::string answer = redirect_to_slash("HEAD", "/a");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
    EXPECT_EQ(answer_.content_bytes, 0U);
}

// A proxy in front may have taken off a prefix, which the client's URL still has.
TEST_F(ResponderRedirectTest, IsRelativeToTheTarget) {
    EXPECT_EQ(location("/dir"), "dir/");
    EXPECT_EQ(location("/a/b/dir"), "dir/");
    EXPECT_EQ(location("/a/page.html", "a/page"), "page");
    EXPECT_EQ(location("/index.html", ""), "./");
    EXPECT_EQ(location("/a/b/index.html", "a/b/"), "./");
    EXPECT_EQ(location("/page/", "page"), "../page");
    EXPECT_EQ(location("/a/b%20c/", "a/b c"), "../b%20c");
    EXPECT_EQ(location("http://example.org/a/dir"), "dir/");
}

// "a:b/" would be a URI with the scheme "a".
TEST_F(ResponderRedirectTest, DoesNotMakeASchemeOfWhatIsBeforeAColon) {
    EXPECT_EQ(location("/a:b"), "./a:b/");
    EXPECT_EQ(location("/x/javascript:alert(1)"), "./javascript:alert(1)/");
    EXPECT_EQ(location("/http:.html", "http:"), "./http:");
    EXPECT_EQ(location("/a:b/", "a:b"), "../a:b");
}

TEST_F(ResponderRedirectTest, EncodesWhatAPathCannotHold) {
    EXPECT_EQ(location("/a%20b"), "a%20b/");
    EXPECT_EQ(location("/100%25"), "100%25/");
    EXPECT_EQ(location("/what%3F"), "what%3F/");
    EXPECT_EQ(location("/%23"), "%23/");
    EXPECT_EQ(location("/%22quoted%22%3C%3E"), "%22quoted%22%3C%3E/");
    EXPECT_EQ(location("/line%0D%0Abreak"), "line%0D%0Abreak/");
}

TEST_F(ResponderRedirectTest, EncodesOctetsThatAreNotUtf8) {
    EXPECT_EQ(location("/%FF%80"), "%FF%80/");
    EXPECT_EQ(location("/\xFF"), "%FF/");
    EXPECT_EQ(location("/%C3%A4"), "%C3%A4/");
}

TEST_F(ResponderRedirectTest, LeavesPlainCharactersAsTheyAre) {
    EXPECT_EQ(location("/A-z.0_9~!$&'()*+,;=@"), "A-z.0_9~!$&'()*+,;=@/");
    EXPECT_EQ(location("/%41"), "A/");
}

// Which of the client's segments a reference is relative to can't be told then.
TEST_F(ResponderRedirectTest, IsAnAbsolutePathWhenSegmentsWereRemoved) {
    EXPECT_EQ(location("/a/./b/../c"), "/a/c/");
    EXPECT_EQ(location("/a//c"), "/a/c/");
    EXPECT_EQ(location("/a/x/%2E%2E/", "a"), "/a");
    EXPECT_EQ(location("/page//", "page"), "/page");
}

TEST_F(ResponderRedirectTest, NeverLeadsToAnotherHost) {
    EXPECT_EQ(location("//evil.example"), "/evil.example/");
    EXPECT_EQ(location("/a/..//evil.example"), "/evil.example/");
    EXPECT_EQ(location("//evil.example/", "evil.example"), "/evil.example");
    EXPECT_EQ(location("/\\evil.example"), "%5Cevil.example/");
    EXPECT_EQ(location("/%5C%5Cevil.example"), "%5C%5Cevil.example/");
    EXPECT_EQ(location("/%09/evil.example"), "evil.example/");
    EXPECT_EQ(location("/%09"), "%09/");
    EXPECT_EQ(location("http://evil.example/a"), "a/");
    EXPECT_EQ(location("http://evil.example//a"), "/a/");
}

TEST_F(ResponderRedirectTest, KeepsTheQueryAsItCame) {
    EXPECT_EQ(location("/a?b=%20&c=/d?e"), "a/?b=%20&c=/d?e");
    EXPECT_EQ(location("/a?"), "a/?");
    EXPECT_EQ(location("/a?\"\xFF"), "a/?%22%FF");
}

TEST_F(ResponderRedirectTest, HasRoomForTheLongestTarget) {
    constexpr std::size_t overhead = std::string_view("GET  HTTP/1.1\r\n").size();
    for (const char filler : {'\xFF', '"', '\\'}) {
        for (const bool is_query : {false, true}) {
            std::string target = is_query ? "/a?" : "/a";
            target.resize(limits::request_line_bytes_default - overhead, filler);
            const std::string answer =
                redirect_to_slash("GET", target, Persistence::keep_alive_stated);
            EXPECT_GT(answer.size(), 3 * (target.size() - 3));
        }
    }
}

}  // namespace
}  // namespace torc::site
