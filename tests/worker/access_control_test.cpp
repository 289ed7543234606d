#include <torc/worker/access_control.hpp>
#include <torc/worker/operation.hpp>

#include "scripted_proactor.hpp"
#include "site/access/hashes.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {
namespace {

using test::noon;
using test::ScriptedProactor;

constexpr std::uint64_t here = 1;
constexpr std::uint64_t elsewhere = 2;

std::shared_ptr<const site::ProtectedArea> make_area(std::string_view comment = "") {
    const std::string text = std::string(comment) + "a:" + std::string(site::test::bcrypt_hash);
    return std::make_shared<const site::ProtectedArea>(
        "staff", std::make_shared<const site::UsersFile>(*site::UsersFile::parse(text)));
}

class AccessControlTest : public ::testing::Test {
protected:
    AccessAttempt attempt(std::string_view password, std::uint64_t network = here,
                          std::string_view user = "a") {
        return {
            .area = area_, .credentials = {.user = user, .password = password}, .network = network};
    }
    [[nodiscard]] bool join(std::string_view password, AccessControl::Waiter waiter,
                            std::uint64_t network = here) {
        return access_.join(attempt(password, network), waiter);
    }
    /// Ends the check under way as the job itself does.
    std::optional<AccessControl::Checked> complete() { return complete(proactor_.job().run()); }
    std::optional<AccessControl::Checked> complete(std::int32_t result) {
        access_.completed(proactor_.completion(result), noon);
        const AccessControl::Checked* const checked = access_.take_ended();
        const auto copy = checked != nullptr ? std::optional(*checked) : std::nullopt;
        EXPECT_EQ(access_.take_ended(), nullptr);
        return copy;
    }
    Access check(const AccessAttempt& attempt) {
        EXPECT_TRUE(access_.join(attempt, 0));
        return complete()->access;
    }
    void fail(int times, std::uint64_t network = here) {
        for (int count = 0; count < times; ++count) {
            EXPECT_EQ(check(attempt("guess" + std::to_string(count), network)), Access::denied);
        }
    }

    ScriptedProactor proactor_;
    std::shared_ptr<const site::ProtectedArea> area_ = make_area();
    AccessControl access_{proactor_, SecretKey{.first = 1, .second = 2}};
};

TEST_F(AccessControlTest, ChecksAPasswordOnAThread) {
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::unchecked);
    EXPECT_FALSE(access_.is_busy());
    ASSERT_TRUE(join("pw", 7));
    EXPECT_EQ(proactor_.last(), Operation::password_check);
    EXPECT_EQ(proactor_.lane(), Lane::passwords);
    EXPECT_TRUE(access_.is_busy());
    EXPECT_EQ(access_.take_ended(), nullptr);
    const auto checked = complete();
    ASSERT_TRUE(checked);
    EXPECT_EQ(checked->access, Access::granted);
    EXPECT_EQ(checked->waiters, std::vector<AccessControl::Waiter>{7});
    EXPECT_FALSE(access_.is_busy());
}

TEST_F(AccessControlTest, GrantsWhatWasRightWithoutAnotherCheck) {
    EXPECT_EQ(check(attempt("pw")), Access::granted);
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::granted);
    EXPECT_EQ(access_.find(attempt("pw", elsewhere), noon), Access::granted);
    EXPECT_EQ(access_.find(attempt("pw2"), noon), Access::unchecked);
    EXPECT_EQ(access_.find(attempt("pw"), noon + std::chrono::hours(1)), Access::unchecked);
}

TEST_F(AccessControlTest, DeniesAWrongPasswordAndAnUnknownUser) {
    EXPECT_EQ(check(attempt("wrong")), Access::denied);
    EXPECT_EQ(access_.find(attempt("wrong"), noon), Access::denied);
    EXPECT_EQ(access_.find(attempt("wrong"), noon + std::chrono::seconds(1)), Access::unchecked);
    EXPECT_EQ(check(attempt("pw", here, "b")), Access::denied) << "with the hash of another user";
}

TEST_F(AccessControlTest, GrantsNothingByAnotherUsersFile) {
    EXPECT_EQ(check(attempt("pw")), Access::granted);
    area_ = make_area("# changed\n");
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::unchecked);
    area_ = make_area();
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::granted) << "the file is as it was";
}

TEST_F(AccessControlTest, ChecksOnceForAllWhoWait) {
    for (AccessControl::Waiter waiter = 0; waiter < 1000; ++waiter) {
        ASSERT_TRUE(join("pw", waiter));
    }
    EXPECT_EQ(proactor_.started(), 1);
    EXPECT_EQ(complete()->waiters.size(), 1000U);
    EXPECT_EQ(proactor_.started(), 1);
}

TEST_F(AccessControlTest, ChecksOneAfterTheOther) {
    ASSERT_TRUE(join("first", 1));
    ASSERT_TRUE(join("pw", 2));
    ASSERT_TRUE(join("pw", 3));
    EXPECT_EQ(proactor_.started(), 1);
    const auto first = complete();
    EXPECT_EQ(first->access, Access::denied);
    EXPECT_EQ(first->waiters, std::vector<AccessControl::Waiter>{1});
    EXPECT_EQ(proactor_.started(), 2);
    const auto second = complete();
    EXPECT_EQ(second->access, Access::granted);
    EXPECT_EQ(second->waiters, (std::vector<AccessControl::Waiter>{2, 3}));
}

TEST_F(AccessControlTest, KeepsAnAreaForAsLongAsItIsChecked) {
    ASSERT_TRUE(join("pw", 1));
    area_.reset();
    EXPECT_EQ(complete()->access, Access::granted);
}

TEST_F(AccessControlTest, LetsNoMoreChecksWaitThanItMay) {
    for (std::size_t count = 0; count < AccessControl::checks_max; ++count) {
        ASSERT_TRUE(join(std::to_string(count), count, count));
    }
    EXPECT_FALSE(join("one more", 99));
    EXPECT_TRUE(join("0", 99)) << "it is under way";
    (void)complete(0);
    EXPECT_TRUE(join("one more", 99));
}

TEST_F(AccessControlTest, KeepsAClientWaitingThatWasWrongTooOften) {
    fail(FailureLimit::failures_max);
    EXPECT_EQ(access_.find(attempt("another guess"), noon), Access::throttled);
    EXPECT_EQ(access_.find(attempt("another guess", elsewhere), noon), Access::unchecked);
    EXPECT_EQ(access_.find(attempt("another guess"), noon + FailureLimit::forgiven_after),
              Access::unchecked);
}

TEST_F(AccessControlTest, GrantsWhatWasRightToAClientThatIsKeptWaiting) {
    EXPECT_EQ(check(attempt("pw")), Access::granted);
    fail(FailureLimit::failures_max);
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::granted);
}

TEST_F(AccessControlTest, MakesNoMoreChecksForAClientThanItMayFail) {
    for (std::size_t count = 0; count < AccessControl::checks_max - 1; ++count) {
        ASSERT_TRUE(join(std::to_string(count), count));
    }
    ASSERT_TRUE(join("pw", 99, elsewhere));
    for (int count = 1; count < FailureLimit::failures_max; ++count) {
        EXPECT_EQ(complete(0)->access, Access::denied);
    }
    access_.completed(proactor_.completion(0), noon);
    EXPECT_EQ(proactor_.started(), FailureLimit::failures_max + 1) << "that of the other client";
    std::size_t throttled = 0;
    while (const auto* const checked = access_.take_ended()) {
        throttled += checked->access == Access::throttled ? 1 : 0;
    }
    EXPECT_EQ(throttled, AccessControl::checks_max - 1 - FailureLimit::failures_max);
    EXPECT_EQ(complete()->waiters, std::vector<AccessControl::Waiter>{99});
    EXPECT_FALSE(access_.is_busy());
}

TEST_F(AccessControlTest, TakesACheckThatFailsForNoVerdict) {
    for (const int error : {ENOMEM, ECANCELED, EBUSY}) {
        for (int count = 0; count < FailureLimit::failures_max; ++count) {
            ASSERT_TRUE(join("pw", 1));
            EXPECT_EQ(complete(-error)->access, Access::overloaded);
            EXPECT_EQ(access_.find(attempt("pw"), noon), Access::unchecked);
        }
    }
}

TEST_F(AccessControlTest, TellsThoseWhoWaitedWhatCameOfTheCheck) {
    ASSERT_TRUE(join("pw", 1));
    access_.completed(proactor_.completion(-ENOMEM), noon);
    ASSERT_NE(access_.take_ended(), nullptr);
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::overloaded);
    EXPECT_EQ(access_.find(attempt("other"), noon), Access::unchecked);
    ASSERT_EQ(access_.take_ended(), nullptr);
    EXPECT_EQ(access_.find(attempt("pw"), noon), Access::unchecked);
}

TEST_F(AccessControlTest, LooksAnAttemptUpWithoutAllocating) {
    EXPECT_EQ(check(attempt("pw")), Access::granted);
    const AccessAttempt known = attempt("pw");
    const AccessAttempt unknown = attempt("unknown");
    const auto before = torc::test::allocations_of_this_thread();
    EXPECT_EQ(access_.find(known, noon), Access::granted);
    EXPECT_EQ(access_.find(unknown, noon), Access::unchecked);
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc::worker
