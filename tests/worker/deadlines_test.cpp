#include <torc/worker/deadlines.hpp>

#include "worker/scripted_proactor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::noon;
using Consequence = Deadlines::Expired::Consequence;

class DeadlinesTest : public ::testing::Test {
protected:
    void TearDown() override {
        std::ranges::for_each(slots_, [](ConnectionSlot* slot) { slot->unlink(); });
    }

    /// A connection that has just come, and has sent so much.
    ConnectionSlot& connect(std::string_view bytes = "") {
        ConnectionSlot& slot = *connections_.acquire({}, services_);
        slots_.push_back(&slot);
        if (!bytes.empty()) {
            (void)slot.connection->on_received(bytes);
        }
        return slot;
    }

    const config::Settings settings_ = [] {
        config::Settings settings;
        settings.timeouts.idle = 10s;
        settings.timeouts.request = 20s;
        settings.timeouts.load = 5s;
        return settings;
    }();
    test::ScriptedProactor proactor_;
    site::CacheBudgets budgets_{site::CacheLimits{}};
    site::Site site_{{}, budgets_};
    Hosting hosting_{HostedSiteRef(new HostedSite(site_, {}, SecretKey{}))};
    ResponseBatchPool batches_;
    Services services_{.hosting = hosting_, .batches = batches_, .now = noon};
    ConnectionTable connections_{8};
    Deadlines deadlines_{proactor_, settings_};
    std::vector<ConnectionSlot*> slots_;
};

TEST_F(DeadlinesTest, EndsWhoAsksForNothing) {
    ConnectionSlot& slot = connect();
    deadlines_.start(slot, noon);
    EXPECT_EQ(deadlines_.next(), noon + 10s);
    EXPECT_FALSE(deadlines_.take_expired(noon + 10s - 1ns));
    const auto expired = deadlines_.take_expired(noon + 10s);
    ASSERT_TRUE(expired);
    EXPECT_EQ(expired->slot, &slot);
    EXPECT_EQ(expired->consequence, Consequence::end);
    EXPECT_EQ(deadlines_.next(), never);
    EXPECT_FALSE(deadlines_.take_expired(noon + 1h));
}

TEST_F(DeadlinesTest, TimesOutARequestFromItsFirstByte) {
    ConnectionSlot& slot = connect("GET ");
    deadlines_.start(slot, noon);
    (void)slot.connection->on_received("/");
    deadlines_.start(slot, noon + 15s);
    const auto expired = deadlines_.take_expired(noon + 20s);
    ASSERT_TRUE(expired);
    EXPECT_EQ(expired->consequence, Consequence::time_out_request);
}

TEST_F(DeadlinesTest, ARequestHasItsOwnTimeHoweverLongTheBodyBeforeItTook) {
    ConnectionSlot& slot = connect();
    const Action refusal =
        slot.connection->on_received("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo");
    const msghdr& message = *std::get<Send>(refusal).message;
    ASSERT_EQ(message.msg_iovlen, 1U);
    (void)slot.connection->on_sent(message.msg_iov[0].iov_len);
    deadlines_.start(slot, noon);
    EXPECT_EQ(deadlines_.next(), noon + 20s);
    (void)slot.connection->on_received("dyGET ");
    deadlines_.start(slot, noon + 15s);
    EXPECT_EQ(deadlines_.next(), noon + 35s);
    (void)slot.connection->on_received("/");
    deadlines_.start(slot, noon + 30s);
    EXPECT_EQ(deadlines_.next(), noon + 35s);
}

TEST_F(DeadlinesTest, GivesUpALoad) {
    ConnectionSlot& slot = connect("GET /absent HTTP/1.1\r\nHost: a\r\n\r\n");
    deadlines_.start(slot, noon);
    EXPECT_EQ(deadlines_.loading().first(), &slot);
    const auto expired = deadlines_.take_expired(noon + 5s);
    ASSERT_TRUE(expired);
    EXPECT_EQ(expired->consequence, Consequence::give_up_load);
}

TEST_F(DeadlinesTest, InADrainWhoHasAskedForNothingGetsAMoment) {
    ConnectionSlot& slot = connect();
    deadlines_.begin_graces();
    deadlines_.start(slot, noon);
    EXPECT_EQ(deadlines_.first_idle(), nullptr);
    EXPECT_EQ(deadlines_.next(), noon + 1s);
    EXPECT_EQ(deadlines_.take_expired(noon + 1s)->consequence, Consequence::end);
}

TEST_F(DeadlinesTest, InADrainAProxyThatHasSentNothingGetsAMomentToo) {
    ConnectionSlot& silent = connect();
    (void)silent.connection->on_opened_by_proxy();
    deadlines_.start(silent, noon);
    EXPECT_EQ(deadlines_.next(), noon + 20s) << "as long as for a request";
    ConnectionSlot& speaking = connect();
    (void)speaking.connection->on_opened_by_proxy();
    deadlines_.start(speaking, noon);
    (void)speaking.connection->on_received("PROXY ");
    deadlines_.start(speaking, noon + 1s);
    deadlines_.begin_graces();
    ASSERT_EQ(deadlines_.first_idle(), &silent);
    deadlines_.start(silent, noon + 2s);
    EXPECT_EQ(deadlines_.first_idle(), nullptr) << "the other one has begun";
    EXPECT_EQ(deadlines_.next(), noon + 3s);
    const auto expired = deadlines_.take_expired(noon + 3s);
    ASSERT_TRUE(expired);
    EXPECT_EQ(expired->slot, &silent);
    EXPECT_EQ(expired->consequence, Consequence::end);
    EXPECT_EQ(deadlines_.next(), noon + 21s) << "from its first byte";
}

TEST_F(DeadlinesTest, WhoIsIdleIsSparedBeforeWhoHasBegunARequest) {
    ConnectionSlot& asking = connect("GET ");
    deadlines_.start(asking, noon);
    ConnectionSlot& idle = connect();
    deadlines_.start(idle, noon + 1s);
    EXPECT_EQ(deadlines_.find_longest_waiting(noon + 2s, 250ms), &idle);
    EXPECT_EQ(deadlines_.find_longest_waiting(noon + 1s + 249ms, 250ms), &asking)
        << "one that has just come is about to ask";
}

TEST_F(DeadlinesTest, NobodyCanBeSparedWhereAllHaveJustCome) {
    deadlines_.start(connect(), noon);
    EXPECT_EQ(deadlines_.find_longest_waiting(noon + 249ms, 250ms), nullptr);
}

TEST_F(DeadlinesTest, OfThoseThatLoadOneWhosePeerHasEndedItsStreamIsSparedFirst) {
    ConnectionSlot& first = connect("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    deadlines_.start(first, noon);
    ConnectionSlot& second = connect("GET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    deadlines_.start(second, noon);
    EXPECT_EQ(deadlines_.find_longest_loading(noon + 249ms, 250ms), nullptr);
    EXPECT_EQ(deadlines_.find_longest_loading(noon + 250ms, 250ms), &first);
    second.is_half_closed = true;
    EXPECT_EQ(deadlines_.find_longest_loading(noon + 250ms, 250ms), &second);
}

}  // namespace
}  // namespace torc::worker
