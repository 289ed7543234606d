#include <torc/worker/connection.hpp>

#include "scripted_proactor.hpp"
#include "site/access/hashes.hpp"
#include "worker/connection_fixture.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using test::ActionKind;
using test::ok;
using test::request;
using test::statuses;

// "a:pw" and "a:wrong".
constexpr std::string_view right = "Authorization: Basic YTpwdw==\r\n";
constexpr std::string_view wrong = "Authorization: Basic YTp3cm9uZw==\r\n";

class ConnectionAccessTest : public test::ConnectionTest {
protected:
    void SetUp() override {
        harness_.services().access_control = &control_;
        area_.users = std::make_shared<const site::ProtectedArea>(
            "staff", std::make_shared<const site::UsersFile>(
                         *site::UsersFile::parse("a:" + std::string(site::test::bcrypt_hash))));
        harness_.area().access = &area_;
    }

    /// Checks the password that the connection wants checked; gives what it wants then.
    ActionKind check() {
        EXPECT_TRUE(control_.join(*harness_.wanted<Verify>().attempt, 0));
        control_.completed(proactor_.completion(proactor_.job().run()), harness_.services().now);
        EXPECT_NE(control_.take_ended(), nullptr);
        const ActionKind next = harness_.complete_check();
        EXPECT_EQ(control_.take_ended(), nullptr);
        return next;
    }
    void allow(const char* network) {
        area_ = {.addresses = {{*net::AddressRange::parse(network)}, {}}};
    }

    test::ScriptedProactor proactor_;
    AccessControl control_{proactor_, SecretKey{}};
    AreaAccess area_;
};

TEST_F(ConnectionAccessTest, AsksForAPasswordBeforeAnythingIsLookedUp) {
    for (const char* target : {"GET /a", "GET /absent", "HEAD /directory"}) {
        const std::string response = harness_.exchange(request(target));
        EXPECT_EQ(statuses(response), std::vector{401}) << target;
        EXPECT_TRUE(response.contains("\r\nWWW-Authenticate: Basic realm=\"staff\"")) << target;
    }
    EXPECT_EQ(harness_.last(), ActionKind::receive);
}

TEST_F(ConnectionAccessTest, WaitsForTheCheckOfAPassword) {
    EXPECT_EQ(harness_.receive(request("GET /a", right)), ActionKind::verify);
    EXPECT_EQ(harness_.connection().state(), State::loading);
    EXPECT_TRUE(harness_.connection().awaits_check());
    EXPECT_EQ(check(), ActionKind::send);
    EXPECT_FALSE(harness_.connection().awaits_check());
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok("12345"));
    EXPECT_EQ(harness_.exchange(request("GET /a", right)), ok("12345")) << "without another check";
}

TEST_F(ConnectionAccessTest, RefusesAWrongPassword) {
    EXPECT_EQ(harness_.receive(request("GET /a", wrong)), ActionKind::verify);
    EXPECT_EQ(check(), ActionKind::send);
    harness_.perform();
    EXPECT_EQ(statuses(harness_.output()), std::vector{401});
}

TEST_F(ConnectionAccessTest, TakesTwoAuthorizationFieldsForNone) {
    const std::string twice = std::string(right) + std::string(right);
    EXPECT_EQ(statuses(harness_.exchange(request("GET /a", twice))), std::vector{401});
}

TEST_F(ConnectionAccessTest, LoadsOnlyWhatIsGranted) {
    harness_.put_on_disk("slow", site::test::memory_asset("slow"));
    EXPECT_EQ(harness_.receive(request("GET /slow", right)), ActionKind::verify);
    EXPECT_EQ(check(), ActionKind::load);
    EXPECT_FALSE(harness_.connection().awaits_check());
    harness_.perform();
    EXPECT_EQ(harness_.output(), ok("slow"));
}

TEST_F(ConnectionAccessTest, SendsWhatCameBeforeAndThenWaits) {
    EXPECT_EQ(harness_.receive(request("OPTIONS /a") + request("GET /a", right) +
                               request("GET /b") + request("GET /b", right)),
              ActionKind::send);
    EXPECT_EQ(harness_.perform_one(), ActionKind::verify);
    EXPECT_EQ(check(), ActionKind::send);
    harness_.perform();
    EXPECT_EQ(statuses(harness_.output()), (std::vector{204, 200, 401, 200}));
}

TEST_F(ConnectionAccessTest, AsksForNoPasswordWhereTheMethodAloneDecides) {
    EXPECT_EQ(statuses(harness_.exchange(request("OPTIONS /a"))), std::vector{204});
    EXPECT_EQ(statuses(harness_.exchange(request("POST /a"))), std::vector{405});
}

TEST_F(ConnectionAccessTest, IsTooLateForACheckThatIsGivenUp) {
    EXPECT_EQ(harness_.receive(request("GET /a", right)), ActionKind::verify);
    EXPECT_EQ(harness_.give_up_check(), ActionKind::send);
    harness_.perform();
    EXPECT_EQ(statuses(harness_.output()), std::vector{503});
    EXPECT_EQ(harness_.receive(request("GET /a", right)), ActionKind::verify) << "the next one";
}

TEST_F(ConnectionAccessTest, IsRefusedToPeersOfOtherNetworks) {
    allow("192.0.2.0/24");
    EXPECT_EQ(statuses(harness_.exchange(request("GET /a"))), std::vector{403}) << "nobody knows";
    harness_.connection().set_peer(net::Address::parse("192.0.2.1"));
    EXPECT_EQ(harness_.exchange(request("GET /a")), ok("12345"));
    harness_.connection().set_peer(net::Address::parse("192.0.3.1"));
    for (const char* target : {"GET /a", "GET /absent", "OPTIONS /a", "POST /a"}) {
        EXPECT_EQ(statuses(harness_.exchange(request(target))), std::vector{403}) << target;
    }
}

}  // namespace
}  // namespace torc::worker
