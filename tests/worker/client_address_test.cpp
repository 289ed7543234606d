#include <torc/http/request_parser.hpp>
#include <torc/worker/client_address.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

net::AddressRange range(const char* text) {
    return *net::AddressRange::parse(text);
}

class ClientAddress : public ::testing::Test {
protected:
    /// Of a request with these lines of fields that came from `peer`; "unix:": from a Unix-domain
    /// socket.
    std::string client(const std::vector<std::string>& lines,
                       const std::string& peer = "10.0.0.1") {
        head_ = "GET / HTTP/1.1\r\nHost: a\r\n";
        for (const std::string& line : lines) {
            head_ += line + "\r\n";
        }
        head_ += "\r\n";
        EXPECT_EQ(http::parse_request(head_, 0, request_, {}).state, http::ParseState::parsed);
        const auto found = find_client(request_, net::Address::parse(peer), trusted_);
        return found ? found->text() : "unix:";
    }

    net::TrustedPeers trusted_{.networks = {range("10.0.0.0/8"), range("2001:db8::/32")},
                               .includes_unix = false};
    std::string head_;
    http::Request request_;
};

TEST_F(ClientAddress, IsThePeersWithoutTheField) {
    EXPECT_EQ(client({}), "10.0.0.1");
    EXPECT_EQ(client({}, "unix:"), "unix:");
}

TEST_F(ClientAddress, IsTheRightmostThatIsNotTrusted) {
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1"}), "192.0.2.1");
    EXPECT_EQ(client({"X-Forwarded-For: 203.0.113.9, 192.0.2.1"}), "192.0.2.1")
        << "what stands before that is the client's own invention";
    EXPECT_EQ(client({"X-Forwarded-For: 203.0.113.9, 192.0.2.1, 10.0.0.7, 2001:db8::7"}),
              "192.0.2.1");
    EXPECT_EQ(client({"X-Forwarded-For: 10.0.0.9,10.0.0.7"}), "10.0.0.9") << "all are trusted";
}

TEST_F(ClientAddress, IsFoundInAllFieldsAsInOne) {
    EXPECT_EQ(client({"X-Forwarded-For: 203.0.113.9", "x-forwarded-for: 192.0.2.1",
                      "X-FORWARDED-FOR: 10.0.0.7"}),
              "192.0.2.1");
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1", "X-Forwarded-For:"}), "192.0.2.1");
}

TEST_F(ClientAddress, IsThePeersUnlessThatIsTrusted) {
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1"}, "203.0.113.1"), "203.0.113.1");
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1"}, "unix:"), "unix:");
    trusted_.includes_unix = true;
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1"}, "unix:"), "192.0.2.1");
    trusted_ = {};
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1"}), "10.0.0.1") << "nobody is trusted";
}

TEST_F(ClientAddress, IsTheLastValidOneBeforeGarbage) {
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1, unknown"}), "10.0.0.1");
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1, _hidden, 10.0.0.7"}), "10.0.0.7");
    for (const char* const garbage : {"1.2.3", "1.2.3.4.5", "::1::", "[::1", "::1]", "1.2.3.4:",
                                      "1.2.3.4:x", "[::1]x", "[::1]:99999x", "a b", "%31"}) {
        EXPECT_EQ(client({std::string("X-Forwarded-For: 192.0.2.1, ") + garbage}), "10.0.0.1")
            << garbage;
    }
}

TEST_F(ClientAddress, MayHaveAPort) {
    EXPECT_EQ(client({"X-Forwarded-For: 192.0.2.1:4711"}), "192.0.2.1");
    EXPECT_EQ(client({"X-Forwarded-For: [2001:db9::1]:4711"}), "2001:db9::1");
    EXPECT_EQ(client({"X-Forwarded-For: [2001:db9::1]"}), "2001:db9::1");
    EXPECT_EQ(client({"X-Forwarded-For: 2001:db9::1"}), "2001:db9::1");
}

TEST_F(ClientAddress, IsOnlyInTheFieldOfThatName) {
    EXPECT_EQ(
        client({"X-Forwarded-Foo: 192.0.2.1", "X-Real-IP: 192.0.2.1", "Forwarded: for=192.0.2.1"}),
        "10.0.0.1");
}

}  // namespace
}  // namespace torc::worker
