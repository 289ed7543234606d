#include <torc/site/access/verified_credentials.hpp>

#include "site/access/hashes.hpp"
#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace torc::site {
namespace {

using Verdict = VerifiedCredentials::Verdict;

constexpr MonotonicTime noon{std::chrono::hours(12)};
constexpr auto moment = std::chrono::nanoseconds(1);

class VerifiedCredentialsTest : public ::testing::Test {
protected:
    [[nodiscard]] static UsersFile users(const std::string& name) {
        return *UsersFile::parse(name + ":" + std::string(test::bcrypt_hash));
    }
    [[nodiscard]] std::uint64_t key_of(std::string_view user, std::string_view password) const {
        return verified_.key_of(staff_, {.user = user, .password = password});
    }

    UsersFile staff_ = users("a");
    VerifiedCredentials verified_{SecretKey{.first = 1, .second = 2}};
};

TEST_F(VerifiedCredentialsTest, TellsCredentialsApart) {
    EXPECT_EQ(key_of("a", "pw"), key_of("a", "pw"));
    EXPECT_NE(key_of("a", "pw"), key_of("a", "pW"));
    EXPECT_NE(key_of("a", "pw"), key_of("b", "pw"));
    EXPECT_NE(key_of("a", "pw"), key_of("ap", "w"));
    EXPECT_NE(key_of("a", ":b"), key_of("a", "b"));
}

TEST_F(VerifiedCredentialsTest, TellsUsersFilesApart) {
    EXPECT_NE(verified_.key_of(users("b"), {.user = "a", .password = "pw"}), key_of("a", "pw"));
    EXPECT_EQ(verified_.key_of(users("a"), {.user = "a", .password = "pw"}), key_of("a", "pw"))
        << "it was loaded again as it was";
}

TEST_F(VerifiedCredentialsTest, HasKeysThatNobodyCanForetell) {
    const VerifiedCredentials other(SecretKey{.first = 1, .second = 3});
    EXPECT_NE(other.key_of(staff_, {.user = "a", .password = "pw"}), key_of("a", "pw"));
}

TEST_F(VerifiedCredentialsTest, KnowsNothingAtFirst) {
    EXPECT_EQ(verified_.find(key_of("a", "pw"), noon), Verdict::unknown);
    EXPECT_EQ(verified_.find(0, noon), Verdict::unknown);
}

TEST_F(VerifiedCredentialsTest, RemembersRightOnesForFiveMinutesAfterTheLastRequest) {
    const std::uint64_t key = key_of("a", "pw");
    verified_.note(key, Verdict::right, noon);
    const MonotonicTime later = noon + VerifiedCredentials::right_for - moment;
    EXPECT_EQ(verified_.find(key, later), Verdict::right);
    EXPECT_EQ(verified_.find(key, later + VerifiedCredentials::right_for - moment), Verdict::right);
    EXPECT_EQ(verified_.find(key, later + 2 * VerifiedCredentials::right_for), Verdict::unknown);
}

TEST_F(VerifiedCredentialsTest, RemembersWrongOnesForASecondAndNoLonger) {
    const std::uint64_t key = key_of("a", "guess");
    verified_.note(key, Verdict::wrong, noon);
    const MonotonicTime later = noon + VerifiedCredentials::wrong_for - moment;
    EXPECT_EQ(verified_.find(key, later), Verdict::wrong);
    EXPECT_EQ(verified_.find(key, later + moment), Verdict::unknown);
}

TEST_F(VerifiedCredentialsTest, ForgetsNoneThatIsUsedForManyGuesses) {
    const std::uint64_t key = key_of("a", "pw");
    verified_.note(key, Verdict::right, noon);
    for (int guess = 0; guess < 100'000; ++guess) {
        verified_.note(key_of("a", std::to_string(guess)), Verdict::wrong, noon);
        ASSERT_EQ(verified_.find(key, noon), Verdict::right) << guess;
    }
}

TEST_F(VerifiedCredentialsTest, AllocatesNothingForARequest) {
    verified_.note(key_of("a", "pw"), Verdict::right, noon);
    const auto before = torc::test::allocations_of_this_thread();
    EXPECT_EQ(verified_.find(key_of("a", "pw"), noon), Verdict::right);
    verified_.note(key_of("a", "other"), Verdict::wrong, noon);
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
}

}  // namespace
}  // namespace torc::site
