// Connections that a proxy makes for its clients: they begin with a PROXY header.

#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace torc::worker {
namespace {

using test::ActionKind;
using test::ok;
using test::request;

const std::string header = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 80\r\n";

class ConnectionProxyTest : public test::ConnectionTest {
protected:
    ConnectionProxyTest() { harness_.connect_by_proxy(); }
};

TEST_F(ConnectionProxyTest, AwaitsTheHeaderAsLongAsARequest) {
    EXPECT_EQ(harness_.last(), ActionKind::receive);
    EXPECT_EQ(harness_.connection().state(), State::receiving);
}

TEST_F(ConnectionProxyTest, GivesTheHeaderAndThenServesWhatCameWithIt) {
    ASSERT_EQ(harness_.receive(header + request("GET /a")), ActionKind::introduce);
    const net::ProxyHeader& found = *harness_.wanted<Introduce>().header;
    ASSERT_TRUE(found.client);
    EXPECT_EQ(found.client->host_and_port(), "192.0.2.7:4711");
    EXPECT_EQ(harness_.introduce(), ActionKind::send);
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok("12345"));
    EXPECT_EQ(harness_.exchange(request("GET /b")), ok("b")) << "without another header";
}

TEST_F(ConnectionProxyTest, IsIdleBehindAHeaderAlone) {
    ASSERT_EQ(harness_.receive(header), ActionKind::introduce);
    EXPECT_EQ(harness_.introduce(), ActionKind::receive);
    EXPECT_EQ(harness_.connection().state(), State::idle);
    EXPECT_EQ(harness_.exchange(request("GET /a")), ok("12345"));
}

TEST_F(ConnectionProxyTest, TakesTheHeaderHoweverItIsCut) {
    const std::string stream = header + request("GET /a");
    for (std::size_t cut = 1; cut < stream.size(); ++cut) {
        harness_.connect_by_proxy();
        if (harness_.receive(stream.substr(0, cut)) == ActionKind::introduce) {
            (void)harness_.introduce();
        }
        if (harness_.receive(stream.substr(cut)) == ActionKind::introduce) {
            (void)harness_.introduce();
        }
        harness_.perform();
        EXPECT_EQ(harness_.output(), ok("12345")) << cut;
    }
}

TEST_F(ConnectionProxyTest, TellsWhatIsMalformedAndSendsNothing) {
    ASSERT_EQ(harness_.receive(request("GET /a")), ActionKind::introduce);
    EXPECT_EQ(harness_.wanted<Introduce>().header->state, net::ProxyHeader::State::malformed);
    EXPECT_EQ(harness_.output(), "");
}

TEST_F(ConnectionProxyTest, ClosesInSilenceWhenTheHeaderStaysOut) {
    (void)harness_.receive(header.substr(0, 5));
    harness_.connection().on_time_out();
    EXPECT_EQ(harness_.end_of_input(), ActionKind::close);
    EXPECT_EQ(harness_.output(), "") << "it is no request that a 408 could be for";
}

TEST_F(ConnectionProxyTest, TimesOutARequestBehindTheHeader) {
    (void)harness_.receive(header + "GET");
    (void)harness_.introduce();
    EXPECT_EQ(harness_.connection().state(), State::receiving);
    harness_.connection().on_time_out();
    EXPECT_EQ(harness_.end_of_input(), ActionKind::send);
}

}  // namespace
}  // namespace torc::worker
