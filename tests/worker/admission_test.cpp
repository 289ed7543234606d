#include <torc/base/limits.hpp>
#include <torc/io/backend.hpp>
#include <torc/worker/admission.hpp>

#include "worker/reports.hpp"
#include "worker/scripted_proactor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using Sockets = std::vector<int>;

/// Longer than a connection counts as one that has just come.
constexpr auto a_while = 1s;
/// When room is looked for again.
constexpr auto a_moment = 250ms;

/// Plays the worker. Sockets are numbers beyond those of any descriptor.
class AdmissionTest : public ::testing::Test, protected Admission::Host {
protected:
    void SetUp() override { make(2); }
    void TearDown() override {
        std::ranges::for_each(slots_, [](ConnectionSlot* slot) { slot->unlink(); });
    }

    /// Begins anew, with so many slots and the spare ones.
    void make(std::uint32_t connections_max) {
        connections_.emplace(connections_max + limits::connections_spare);
        services_.settings = &settings_;
        admission_.emplace(Admission::Parts{.host = *this,
                                            .proactor = proactor_,
                                            .reports = reports_.sink,
                                            .services = services_,
                                            .connections = *connections_,
                                            .deadlines = deadlines_,
                                            .shutdown = shutdown_,
                                            .connections_max = connections_max,
                                            .balance = balance_});
    }

    void begin(ConnectionSlot& slot) override {
        slot.is_busy = true;
        begun_.push_back(slot.socket);
        slots_.push_back(&slot);
        if (can_be_spared_) {
            deadlines_.start(slot, services_.now);
        }
    }
    void end(ConnectionSlot& slot) override {
        slot.unlink();
        slot.is_ending = true;
        admission_->on_ending();
        ended_.push_back(slot.socket);
    }
    void end_gone_peers() override {}

    /// What was in flight on the connection has completed.
    void complete(ConnectionSlot& slot) {
        slot.is_busy = false;
        admission_->close(slot);
        connections_->release(slot);
    }
    /// Lets in connections until every slot is taken, by some that can't be spared.
    void fill() {
        can_be_spared_ = false;
        while (connections_->free_slots() > 0) {
            admission_->admit({.socket = next_socket_++});
        }
    }
    void cut_off() {
        shutdown_.on_order(Stop::now, services_.now);
        shutdown_.on_drain_begun(ListenersAfterwards::closed, services_.now);
        shutdown_.on_listeners_closed();
        shutdown_.on_cut_off_begun();
    }

    config::Settings settings_;
    test::Reports reports_;
    test::ScriptedProactor proactor_;
    site::CacheBudgets budgets_{site::CacheLimits{}};
    site::Site site_{{}, budgets_};
    Hosting hosting_{HostedSiteRef(new HostedSite(site_, {}, SecretKey{}))};
    ResponseBatchPool batches_;
    Services services_{.hosting = hosting_, .batches = batches_, .now = test::noon};
    Deadlines deadlines_{proactor_, settings_};
    Shutdown shutdown_{settings_.timeouts};
    Balance* balance_ = nullptr;
    std::optional<ConnectionTable> connections_;
    std::optional<Admission> admission_;
    bool can_be_spared_ = true;
    int next_socket_ = 1'000'000;
    Sockets begun_;
    Sockets ended_;
    std::vector<ConnectionSlot*> slots_;
};

TEST_F(AdmissionTest, GivesASlotToWhoComes) {
    admission_->admit({.socket = next_socket_, .listener = 2});
    EXPECT_EQ(begun_, Sockets{next_socket_});
    EXPECT_EQ(slots_.front()->listener, 2U);
    EXPECT_EQ(ended_, Sockets());
    EXPECT_EQ(admission_->next_deadline(), never);
}

TEST_F(AdmissionTest, EndsWhoHasWaitedLongestForANewOne) {
    admission_->admit({.socket = 1'000'000});
    services_.now += 1ms;
    admission_->admit({.socket = 1'000'001});
    services_.now += a_while;
    admission_->admit({.socket = 1'000'002});
    EXPECT_EQ(ended_, Sockets{1'000'000});
    EXPECT_EQ(begun_.size(), 3U) << "it need not wait until that one is closed";
    EXPECT_EQ(admission_->next_deadline(), never);
}

TEST_F(AdmissionTest, LetsInWhoComesWhileAllHaveJustCome) {
    for (int socket = 1'000'000; socket < 1'000'003; ++socket) {
        admission_->admit({.socket = socket});
    }
    EXPECT_EQ(begun_.size(), 3U);
    EXPECT_EQ(ended_, Sockets());
    EXPECT_EQ(admission_->next_deadline(), services_.now + a_moment);
    services_.now += a_moment;
    admission_->expire();
    EXPECT_EQ(ended_, Sockets{1'000'000}) << "room is made up for then";
    EXPECT_EQ(admission_->next_deadline(), never);
}

TEST_F(AdmissionTest, ParksWhoComesWhenEverySlotIsTaken) {
    fill();
    const std::size_t slots = begun_.size();
    admission_->admit({.socket = next_socket_});
    EXPECT_EQ(begun_.size(), slots);
    EXPECT_EQ(proactor_.closed_sockets(), Sockets());
    complete(*slots_.front());
    admission_->serve_parked();
    EXPECT_EQ(begun_.back(), next_socket_);
}

TEST_F(AdmissionTest, RefusesWhoIsParkedOnceItIsClearThatNobodyCanBeSpared) {
    fill();
    admission_->admit({.socket = next_socket_});
    for (int round = 0; round < 9; ++round) {
        ASSERT_EQ(admission_->next_deadline(), services_.now + a_moment);
        services_.now += a_moment;
        admission_->expire();
        EXPECT_EQ(proactor_.closed_sockets(), Sockets());
    }
    EXPECT_TRUE(reports_.texts().empty());
    services_.now += a_moment;
    admission_->expire();
    EXPECT_EQ(proactor_.closed_sockets(), Sockets{next_socket_});
    ASSERT_EQ(reports_.texts().size(), 1U);
    EXPECT_TRUE(
        reports_.texts().front().starts_with("connections are refused: this worker has 66"));
}

TEST_F(AdmissionTest, RefusesTheLongestParkedWhenTooManyAre) {
    fill();
    const int first = next_socket_;
    for (int count = 0; count < 16; ++count) {
        admission_->admit({.socket = next_socket_++});
    }
    EXPECT_EQ(proactor_.closed_sockets(), Sockets());
    admission_->admit({.socket = next_socket_});
    EXPECT_EQ(proactor_.closed_sockets(), Sockets{first});
}

TEST_F(AdmissionTest, EndsAsManyAsWaitWithoutADescriptor) {
    make(8);
    for (int count = 0; count < 5; ++count) {
        admission_->admit({.socket = next_socket_++});
    }
    services_.now += a_while;
    admission_->make_room_for(2);
    admission_->make_room_for(2);
    EXPECT_EQ(ended_.size(), 2U) << "those who wait are told of again until the two are closed";
    complete(*slots_[0]);
    admission_->make_room_for(2);
    EXPECT_EQ(ended_.size(), 3U);
    admission_->forget_evictions();
    admission_->make_room_for(2);
    EXPECT_EQ(ended_.size(), 5U);
}

TEST_F(AdmissionTest, CutsOffWhoComesWhenAllAre) {
    fill();
    admission_->admit({.socket = next_socket_});
    const std::size_t slots = begun_.size();
    cut_off();
    EXPECT_FALSE(shutdown_.has_unfinished_connections());
    admission_->admit({.socket = next_socket_ + 1});
    EXPECT_EQ(proactor_.closed_sockets(), Sockets{next_socket_ + 1});
    EXPECT_TRUE(shutdown_.has_unfinished_connections());
    complete(*slots_.front());
    admission_->serve_parked();
    EXPECT_EQ(proactor_.closed_sockets().back(), next_socket_);
    EXPECT_EQ(begun_.size(), slots);
}

class AdmissionBalanceTest : public AdmissionTest {
protected:
    void SetUp() override {
        balance_ = &workers_;
        make(8);
        mailboxes_[1].open(*proactor_of_other_);
    }

    std::unique_ptr<io::Proactor> proactor_of_other_ =
        *io::make_proactor(io::Backend::epoll, {.connections_max = 16});
    std::vector<Mailbox> mailboxes_ = std::vector<Mailbox>(2);
    Balance workers_{mailboxes_};
};

TEST_F(AdmissionBalanceTest, HandsOverToAWorkerThatHasFewer) {
    admission_->admit({.socket = 1'000'000});
    EXPECT_EQ(workers_.connections(0), 1U);
    constexpr net::Accepted second{.socket = 1'000'001, .listener = 2};
    admission_->admit(second);
    EXPECT_EQ(begun_, Sockets{1'000'000});
    Mail mail;
    mailboxes_[1].take(mail);
    EXPECT_EQ(mail.connections, std::vector{second});
}

TEST_F(AdmissionBalanceTest, HandsNothingOverInADrain) {
    shutdown_.on_order(Stop::drain, services_.now);
    shutdown_.on_drain_begun(ListenersAfterwards::closed, services_.now);
    admission_->admit({.socket = 1'000'000});
    admission_->admit({.socket = 1'000'001});
    EXPECT_EQ(begun_.size(), 2U);
    EXPECT_EQ(workers_.connections(0), 2U);
}

TEST_F(AdmissionBalanceTest, TakesOverWhatOthersHaveCountedIn) {
    ASSERT_TRUE(workers_.give({.socket = 1'000'000}));
    admission_->take_over({.socket = 1'000'000});
    EXPECT_EQ(begun_, Sockets{1'000'000});
    EXPECT_EQ(workers_.connections(0), 0U) << "it was given to the other worker";
    admission_->admit({.socket = 1'000'001});
    EXPECT_EQ(workers_.connections(0), 1U);
    complete(*slots_.back());
    EXPECT_EQ(workers_.connections(0), 0U);
}

}  // namespace
}  // namespace torc::worker
