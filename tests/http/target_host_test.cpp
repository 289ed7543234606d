#include <torc/http/framing.hpp>
#include <torc/http/request_parser.hpp>
#include <torc/http/target.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::http {
namespace {

class HostTest : public ::testing::Test {
protected:
    /// `start`: a request line and fields, without the line end of the last.
    std::string_view host_in(std::string_view start) {
        text_ = std::string(start) + "\r\n\r\n";
        EXPECT_EQ(parse_request(text_, 0, request_).state, ParseState::parsed) << start;
        EXPECT_TRUE(determine_framing(request_)) << start;
        return host_of(request_);
    }

    std::string text_;
    Request request_;
};

TEST_F(HostTest, IsThatOfTheHostFieldWithoutThePort) {
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: example.org"), "example.org");
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: Example.org.:8080"), "Example.org.");
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: example.org:"), "example.org");
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: [::1]"), "[::1]");
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost: [2001:db8::1]:80"), "[2001:db8::1]");
    EXPECT_EQ(host_in("OPTIONS * HTTP/1.1\r\nHost: a:80"), "a");
}

TEST_F(HostTest, IsThatOfTheTargetInAbsoluteForm) {
    EXPECT_EQ(host_in("GET http://example.org:80/a:b HTTP/1.1\r\nHost: other.example"),
              "example.org");
    EXPECT_EQ(host_in("GET HTTP://[::1]:80?a HTTP/1.1\r\nHost: other.example"), "[::1]");
    EXPECT_EQ(host_in("GET http://example.org HTTP/1.0"), "example.org");
    EXPECT_EQ(host_in("GET https://example.org/ HTTP/1.1\r\nHost: other.example"), "example.org");
}

TEST_F(HostTest, IsEmptyWhenTheRequestNamesNone) {
    EXPECT_EQ(host_in("GET / HTTP/1.0"), "");
    EXPECT_EQ(host_in("GET / HTTP/1.1\r\nHost:"), "");
}

TEST_F(HostTest, IsEmptyWhenTheTargetHasNoValidOne) {
    EXPECT_EQ(host_in("GET http://a@b/ HTTP/1.1\r\nHost: example.org"), "");
    EXPECT_EQ(host_in("GET http:///a HTTP/1.1\r\nHost: example.org"), "");
}

}  // namespace
}  // namespace torc::http
