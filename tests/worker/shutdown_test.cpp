#include <torc/worker/shutdown.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using Phase = Shutdown::Phase;
using Remaining = Shutdown::Remaining;
using Step = Shutdown::Step;

constexpr MonotonicTime noon{12h};

/// A shutdown, and the worker that does what it says.
class ShutdownTest : public ::testing::Test {
protected:
    /// One iteration of the loop, at `now`; in it all steps are taken.
    void iterate(MonotonicTime now, Remaining remaining = Remaining::clients) {
        for (Step step = shutdown_.due_step(now); step != Step::none;
             step = shutdown_.due_step(now)) {
            switch (step) {
                case Step::none:
                    break;
                case Step::begin_drain:
                    ++drains_;
                    shutdown_.on_drain_begun(listeners_, now);
                    break;
                case Step::close_listeners:
                    ++closed_listeners_;
                    shutdown_.on_listeners_closed();
                    break;
                case Step::begin_cut_off:
                    shutdown_.on_cut_off_begun();
                    break;
            }
        }
        static_cast<void>(shutdown_.ends_idle(now));
        shutdown_.on_remaining(remaining, now);
    }
    void close_listeners() {
        shutdown_.on_order(Stop::drain, noon);
        iterate(noon);
        iterate(noon + 250ms);
        ASSERT_EQ(shutdown_.phase(), Phase::listeners_closed);
    }
    /// Cuts off at `now` with connections in slots that take two iterations.
    void cut_off(MonotonicTime now) {
        shutdown_.on_order(Stop::now, now);
        iterate(now);
        shutdown_.on_cut_off(512, now);
        EXPECT_EQ(shutdown_.next_cut_off(), 512U);
        EXPECT_EQ(shutdown_.next_deadline(), MonotonicTime::min()) << "the next iteration goes on";
        shutdown_.on_cut_off(0, now);
        EXPECT_EQ(shutdown_.next_cut_off(), std::nullopt);
    }

    Shutdown shutdown_{config::Timeouts{}};
    ListenersAfterwards listeners_ = ListenersAfterwards::closed;
    int drains_ = 0;
    int closed_listeners_ = 0;
};

TEST_F(ShutdownTest, RunsUntilItIsTold) {
    iterate(noon, Remaining::nothing);
    shutdown_.on_order(Stop::no, noon);
    iterate(noon + 1000h, Remaining::nothing);
    EXPECT_EQ(shutdown_.phase(), Phase::running);
    EXPECT_EQ(shutdown_.next_deadline(), never);
    EXPECT_EQ(drains_, 0);
}

TEST_F(ShutdownTest, ADrainKeepsTheListenersForAMoment) {
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon, Remaining::nothing);
    EXPECT_EQ(shutdown_.phase(), Phase::draining);
    EXPECT_EQ(shutdown_.next_deadline(), noon + 250ms);
    iterate(noon + 249ms, Remaining::nothing);
    EXPECT_EQ(shutdown_.phase(), Phase::draining) << "though nothing is in flight";
    EXPECT_EQ(closed_listeners_, 0);
    iterate(noon + 250ms);
    EXPECT_EQ(shutdown_.phase(), Phase::listeners_closed);
    EXPECT_EQ(drains_, 1);
    EXPECT_EQ(closed_listeners_, 1);
    EXPECT_TRUE(shutdown_.is_draining());
    EXPECT_EQ(shutdown_.next_deadline(), noon + 2s) << "when idle ones are closed";
    iterate(noon + 2s);
    EXPECT_EQ(shutdown_.next_deadline(), noon + 30s);
}

TEST_F(ShutdownTest, AStepThatCouldNotBeTakenStaysDue) {
    shutdown_.on_order(Stop::drain, noon);
    EXPECT_EQ(shutdown_.due_step(noon), Step::begin_drain);
    EXPECT_EQ(shutdown_.due_step(noon + 1s), Step::begin_drain);
    shutdown_.on_drain_begun(listeners_, noon + 1s);
    EXPECT_EQ(shutdown_.due_step(noon + 1s), Step::none);
    EXPECT_EQ(shutdown_.due_step(noon + 2s), Step::close_listeners);
    EXPECT_EQ(shutdown_.due_step(noon + 3s), Step::close_listeners);
}

TEST_F(ShutdownTest, IdleConnectionsMayAskOnceMoreForAWhile) {
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon);
    EXPECT_FALSE(shutdown_.ends_idle(noon + 1999ms));
    EXPECT_TRUE(shutdown_.ends_idle(noon + 2s));
    EXPECT_TRUE(shutdown_.ends_idle(noon + 3s));
}

TEST_F(ShutdownTest, WhoWaitsForTheEndWaitsForNoIdleConnection) {
    shutdown_.on_order(Stop::drain_at_once, noon);
    iterate(noon);
    EXPECT_TRUE(shutdown_.ends_idle(noon));
    EXPECT_TRUE(shutdown_.is_draining());
}

TEST_F(ShutdownTest, ServesAsBeforeUntilItsDelayIsOver) {
    config::Timeouts timeouts;
    timeouts.drain_delay = 5s;
    shutdown_.set_timeouts(timeouts);
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon, Remaining::nothing);
    EXPECT_EQ(shutdown_.phase(), Phase::running);
    EXPECT_EQ(shutdown_.next_deadline(), noon + 5s);
    iterate(noon + 5s);
    EXPECT_EQ(shutdown_.phase(), Phase::draining);
}

TEST_F(ShutdownTest, AMoreUrgentOrderHasNoDelay) {
    for (const Stop order : {Stop::drain_at_once, Stop::now}) {
        config::Timeouts timeouts;
        timeouts.drain_delay = 5s;
        Shutdown shutdown(timeouts);
        shutdown.on_order(Stop::drain, noon);
        EXPECT_EQ(shutdown.due_step(noon + 1s), Step::none);
        shutdown.on_order(order, noon + 1s);
        EXPECT_EQ(shutdown.due_step(noon + 1s), Step::begin_drain);
    }
}

TEST_F(ShutdownTest, LeavesListenersAtOnceToWhoHasTakenOver) {
    listeners_ = ListenersAfterwards::kept;
    shutdown_.on_order(Stop::hand_over, noon);
    iterate(noon);
    EXPECT_EQ(shutdown_.phase(), Phase::listeners_closed);
    EXPECT_FALSE(shutdown_.ends_idle(noon + 59min)) << "nobody waits for that";
    EXPECT_EQ(shutdown_.next_deadline(), noon + 1h);
    iterate(noon + 1h);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
}

TEST_F(ShutdownTest, AStopHurriesWhoHasHandedOver) {
    listeners_ = ListenersAfterwards::kept;
    shutdown_.on_order(Stop::hand_over, noon);
    iterate(noon);
    shutdown_.on_order(Stop::drain, noon + 1min);
    iterate(noon + 1min);
    EXPECT_TRUE(shutdown_.ends_idle(noon + 1min + 2s));
    iterate(noon + 1min + 30s);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
}

TEST_F(ShutdownTest, ServesOnBesideALongResponseWhenTheNextProcessWaitsForTheEnd) {
    listeners_ = ListenersAfterwards::kept;
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon, Remaining::clients);
    iterate(noon + 10s, Remaining::clients);
    EXPECT_EQ(shutdown_.phase(), Phase::draining);
    EXPECT_TRUE(shutdown_.serves_late_clients());
    shutdown_.on_early_clients_gone(noon + 11s);
    iterate(noon + 11s, Remaining::clients);
    EXPECT_EQ(shutdown_.phase(), Phase::listeners_closed) << "nothing is left from before";
    EXPECT_FALSE(shutdown_.serves_late_clients());
    EXPECT_FALSE(shutdown_.has_left());
    iterate(noon + 11s, Remaining::nothing);
    EXPECT_TRUE(shutdown_.has_left());
}

TEST_F(ShutdownTest, StopsServingOnBeforeItCutsOff) {
    listeners_ = ListenersAfterwards::kept;
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon);
    iterate(noon + 28s);
    EXPECT_EQ(shutdown_.phase(), Phase::draining);
    iterate(noon + 29s);
    EXPECT_EQ(shutdown_.phase(), Phase::listeners_closed);
    iterate(noon + 30s);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
}

TEST_F(ShutdownTest, LeavesOnceNothingIsInFlight) {
    close_listeners();
    iterate(noon + 1s, Remaining::clients);
    EXPECT_FALSE(shutdown_.has_left());
    iterate(noon + 2s, Remaining::nothing);
    EXPECT_TRUE(shutdown_.has_left());
    EXPECT_FALSE(shutdown_.has_unfinished_connections());
}

TEST_F(ShutdownTest, WaitsForLoadsAloneButAMoment) {
    close_listeners();
    iterate(noon + 1s, Remaining::loads);
    EXPECT_EQ(shutdown_.next_deadline(), noon + 1s + 250ms);
    iterate(noon + 1s + 249ms, Remaining::loads);
    EXPECT_FALSE(shutdown_.has_left());
    iterate(noon + 1s + 250ms, Remaining::loads);
    EXPECT_TRUE(shutdown_.has_left());
}

TEST_F(ShutdownTest, TheMomentForLoadsBeginsWhenTheLastClientHasGone) {
    close_listeners();
    iterate(noon + 1s, Remaining::loads);
    iterate(noon + 1s + 100ms, Remaining::clients);
    iterate(noon + 2s, Remaining::loads);
    EXPECT_FALSE(shutdown_.has_left());
    iterate(noon + 2s + 250ms, Remaining::loads);
    EXPECT_TRUE(shutdown_.has_left());
}

TEST_F(ShutdownTest, CutsOffWhenTheDrainTakesTooLong) {
    close_listeners();
    iterate(noon + 29s);
    EXPECT_EQ(shutdown_.next_cut_off(), std::nullopt);
    iterate(noon + 30s);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
    EXPECT_EQ(shutdown_.next_cut_off(), 0U);
    EXPECT_EQ(closed_listeners_, 1) << "they were closed before";
}

TEST_F(ShutdownTest, CutsOffAtOnceWhenToldSo) {
    cut_off(noon);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
    EXPECT_FALSE(shutdown_.is_draining());
    EXPECT_EQ(drains_, 1);
    EXPECT_EQ(closed_listeners_, 1);
}

TEST_F(ShutdownTest, ASecondOrderEndsTheDrain) {
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon);
    cut_off(noon + 100ms);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
    EXPECT_EQ(closed_listeners_, 1);
}

TEST_F(ShutdownTest, ALessUrgentOrderChangesNothing) {
    shutdown_.on_order(Stop::now, noon);
    shutdown_.on_order(Stop::drain, noon);
    iterate(noon);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
}

TEST_F(ShutdownTest, LeavesBehindWhatDoesNotEndAfterItWasCutOff) {
    cut_off(noon);
    EXPECT_EQ(shutdown_.next_deadline(), noon + 1s);
    iterate(noon + 999ms);
    EXPECT_FALSE(shutdown_.has_left());
    iterate(noon + 1s);
    EXPECT_TRUE(shutdown_.has_left());
}

TEST_F(ShutdownTest, WaitsForTheOthersUntilAllAreShutDown) {
    shutdown_.on_order(Stop::now, noon);
    iterate(noon);
    shutdown_.on_cut_off(512, noon);
    iterate(noon + 10s);
    EXPECT_EQ(shutdown_.phase(), Phase::cutting_off);
}

TEST_F(ShutdownTest, RemembersThatAConnectionDidNotFinish) {
    shutdown_.on_order(Stop::now, noon);
    iterate(noon);
    shutdown_.on_unfinished_connection();
    shutdown_.on_cut_off(0, noon);
    iterate(noon, Remaining::nothing);
    EXPECT_TRUE(shutdown_.has_left());
    EXPECT_TRUE(shutdown_.has_unfinished_connections());
}

}  // namespace
}  // namespace torc::worker
