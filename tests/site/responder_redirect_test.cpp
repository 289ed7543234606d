#include <torc/site/responder.hpp>

#include "site/assets.hpp"
#include "site/responder_fixture.hpp"

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

    /// Where a redirect to the slash leads for a request with this target.
    std::string location(std::string_view target) {
        const std::string answer = redirect_to_slash("GET", target);
        constexpr std::string_view name = "\r\nLocation: ";
        const std::size_t begin = answer.find(name) + name.size();
        return answer.substr(begin, answer.find("\r\n", begin) - begin);
    }
};

TEST_F(ResponderRedirectTest, LeadsToTheSlash) {
    EXPECT_EQ(redirect_to_slash("GET", "/a/b"),
              "HTTP/1.1 301 Moved Permanently\r\n" + error_fields("301 Moved Permanently") +
                  "Location: /a/b/\r\n" + page_answer("301 Moved Permanently"));
    EXPECT_EQ(answer_.status, http::Status::moved_permanently);
    EXPECT_EQ(answer_.body, http::ByteRange{});
}

TEST_F(ResponderRedirectTest, HasNoPageForHead) {
    const std::string answer = redirect_to_slash("HEAD", "/a");
    EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
    EXPECT_EQ(answer_.content_bytes, 0U);
}

TEST_F(ResponderRedirectTest, EncodesWhatAPathCannotHold) {
    EXPECT_EQ(location("/a%20b"), "/a%20b/");
    EXPECT_EQ(location("/100%25"), "/100%25/");
    EXPECT_EQ(location("/what%3F"), "/what%3F/");
    EXPECT_EQ(location("/%23"), "/%23/");
    EXPECT_EQ(location("/%22quoted%22%3C%3E"), "/%22quoted%22%3C%3E/");
    EXPECT_EQ(location("/line%0D%0Abreak"), "/line%0D%0Abreak/");
}

TEST_F(ResponderRedirectTest, EncodesOctetsThatAreNotUtf8) {
    EXPECT_EQ(location("/%FF%80"), "/%FF%80/");
    EXPECT_EQ(location("/\xFF"), "/%FF/");
    EXPECT_EQ(location("/%C3%A4"), "/%C3%A4/");
}

TEST_F(ResponderRedirectTest, LeavesPlainCharactersAsTheyAre) {
    EXPECT_EQ(location("/A-z.0_9~!$&'()*+,;=:@"), "/A-z.0_9~!$&'()*+,;=:@/");
    EXPECT_EQ(location("/%41"), "/A/");
}

TEST_F(ResponderRedirectTest, NormalisesThePath) {
    EXPECT_EQ(location("/a/./b/../c"), "/a/c/");
}

TEST_F(ResponderRedirectTest, NeverLeadsToAnotherHost) {
    EXPECT_EQ(location("//evil.example"), "/evil.example/");
    EXPECT_EQ(location("/a/..//evil.example"), "/evil.example/");
    EXPECT_EQ(location("/\\evil.example"), "/%5Cevil.example/");
    EXPECT_EQ(location("/%5C%5Cevil.example"), "/%5C%5Cevil.example/");
    EXPECT_EQ(location("/%09/evil.example"), "/%09/evil.example/");
    EXPECT_EQ(location("http://evil.example/a"), "/a/");
}

TEST_F(ResponderRedirectTest, KeepsTheQueryAsItCame) {
    EXPECT_EQ(location("/a?b=%20&c=/d?e"), "/a/?b=%20&c=/d?e");
    EXPECT_EQ(location("/a?"), "/a/?");
    EXPECT_EQ(location("/a?\"\xFF"), "/a/?%22%FF");
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
