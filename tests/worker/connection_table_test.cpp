#include <torc/worker/connection_table.hpp>

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace torc::worker {
namespace {

class ConnectionTableTest : public ::testing::Test {
protected:
    site::CacheBudgets budgets_{site::CacheLimits{}};
    site::Site site_{{}, budgets_};
    Hosting hosting_{HostedSiteRef(new HostedSite(site_, {}, SecretKey{}))};
    ResponseBatchPool batches_;
    Services services_{.hosting = hosting_, .batches = batches_};
};

TEST_F(ConnectionTableTest, GivesASlotWithAFreshConnection) {
    ConnectionTable table(1);
    ConnectionSlot* slot = table.acquire({.socket = 7, .listener = 2}, services_);
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(slot->socket, 7);
    EXPECT_EQ(slot->listener, 2U);
    EXPECT_FALSE(slot->is_busy);
    EXPECT_FALSE(slot->is_ending);
    ASSERT_TRUE(slot->connection);
    EXPECT_TRUE(slot->connection->is_fresh());
    EXPECT_EQ(&table.at(slot->index), slot);
    EXPECT_EQ(table.size(), 1U);
    table.release(*slot);
    EXPECT_EQ(table.size(), 0U);
}

TEST_F(ConnectionTableTest, GivesNoMoreSlotsThanItHas) {
    for (const std::uint32_t slots_max : {1U, 63U, 64U, 65U, 200U}) {
        ConnectionTable table(slots_max);
        std::vector<ConnectionSlot*> taken;
        std::set<std::uint32_t> indexes;
        while (ConnectionSlot* slot = table.acquire({.socket = 1}, services_)) {
            taken.push_back(slot);
            indexes.insert(slot->index);
        }
        EXPECT_EQ(taken.size(), slots_max);
        EXPECT_EQ(indexes.size(), slots_max);
        EXPECT_EQ(table.size(), slots_max);
        table.release(*taken.back());
        EXPECT_EQ(table.acquire({.socket = 1}, services_), taken.back());
        EXPECT_EQ(table.acquire({.socket = 1}, services_), nullptr);
        for (ConnectionSlot* slot : taken) {
            table.release(*slot);
        }
    }
}

TEST_F(ConnectionTableTest, SlotsStayWhereTheyAre) {
    ConnectionTable table(1000);
    ConnectionSlot* first = table.acquire({.socket = 1}, services_);
    std::vector<ConnectionSlot*> others(999);
    for (ConnectionSlot*& slot : others) {
        slot = table.acquire({.socket = 2}, services_);
    }
    EXPECT_EQ(&table.at(first->index), first);
    EXPECT_EQ(first->socket, 1);
    table.release(*first);
    for (ConnectionSlot* slot : others) {
        table.release(*slot);
    }
}

TEST_F(ConnectionTableTest, ASlotThatIsGivenAgainHasAnotherGeneration) {
    ConnectionTable table(1);
    ConnectionSlot* slot = table.acquire({.socket = 1}, services_);
    const std::uint32_t generation = slot->generation;
    table.release(*slot);
    ASSERT_EQ(table.acquire({.socket = 2}, services_), slot);
    EXPECT_NE(slot->generation, generation);
    EXPECT_EQ(slot->socket, 2);
    table.release(*slot);
}

TEST_F(ConnectionTableTest, GenerationsFitIntoAToken) {
    ConnectionTable table(1);
    ConnectionSlot* slot = table.acquire({.socket = 1}, services_);
    slot->generation = 0xff'ffff;
    table.release(*slot);
    slot = table.acquire({.socket = 1}, services_);
    EXPECT_EQ(slot->generation, 0U);
    table.release(*slot);
}

TEST_F(ConnectionTableTest, ReleaseTakesTheSlotOutOfItsDeadlineList) {
    ConnectionTable table(1);
    DeadlineList<ConnectionSlot> list(std::chrono::seconds(1));
    ConnectionSlot* slot = table.acquire({.socket = 1}, services_);
    list.start(*slot, MonotonicTime());
    table.release(*slot);
    EXPECT_EQ(list.first(), nullptr);
}

TEST_F(ConnectionTableTest, VisitsEveryTakenSlotOnce) {
    ConnectionTable table(100);
    std::vector<ConnectionSlot*> slots(100);
    for (ConnectionSlot*& slot : slots) {
        slot = table.acquire({.socket = 1}, services_);
    }
    for (std::size_t index = 0; index < slots.size(); index += 2) {
        table.release(*slots[index]);
    }
    std::set<std::uint32_t> visited;
    const auto visit = [&](ConnectionSlot& slot) {
        EXPECT_TRUE(visited.insert(slot.index).second);
    };
    const std::uint32_t next = table.visit(0, 60, visit);
    EXPECT_EQ(next, 60U);
    EXPECT_EQ(visited.size(), 30U);
    EXPECT_EQ(table.visit(next, 60, visit), 0U);
    EXPECT_EQ(visited.size(), 50U);
    for (std::size_t index = 1; index < slots.size(); index += 2) {
        EXPECT_TRUE(visited.contains(slots[index]->index));
        table.release(*slots[index]);
    }
}

TEST_F(ConnectionTableTest, AllocatesOnlyForMoreSlotsThanEverBefore) {
    ConnectionTable table(1000);
    std::vector<ConnectionSlot*> slots(1000);
    const auto take_and_release_all = [&] {
        for (ConnectionSlot*& slot : slots) {
            slot = table.acquire({.socket = 1}, services_);
        }
        for (ConnectionSlot* slot : slots) {
            table.release(*slot);
        }
    };
    take_and_release_all();
    const auto before = torc::test::allocations_of_this_thread();
    take_and_release_all();
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

using ConnectionTableDeathTest = ConnectionTableTest;

TEST_F(ConnectionTableDeathTest, DoesNotTakeBackASlotWithAnOperationInFlight) {
    EXPECT_DEATH(
        {
            ConnectionTable table(1);
            ConnectionSlot* slot = table.acquire({.socket = 1}, services_);
            slot->is_busy = true;
            table.release(*slot);
        },
        "is_busy");
}

}  // namespace
}  // namespace torc::worker
