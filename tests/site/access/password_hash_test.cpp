#include <torc/site/access/password_hash.hpp>

#include "site/access/hashes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::site {
namespace {

using Scheme = HashCost::Scheme;

std::string error_of(std::string_view text) {
    const auto hash = PasswordHash::parse(text);
    return hash ? "" : hash.error();
}

HashCost cost_of(std::string_view text) {
    const auto hash = PasswordHash::parse(text);
    EXPECT_TRUE(hash) << hash.error();
    return hash ? hash->cost() : HashCost{};
}

std::string with(std::string_view text, std::string_view before, std::string_view after) {
    std::string changed(text);
    return changed.replace(changed.find(before), before.size(), after);
}

TEST(PasswordHash, IsThatOfOnePassword) {
    for (const std::string_view text :
         {test::bcrypt_hash, test::yescrypt_hash, test::sha512_hash, test::sha256_hash}) {
        const auto hash = PasswordHash::parse(text);
        ASSERT_TRUE(hash) << hash.error();
        EXPECT_EQ(hash->check("pw"), PasswordMatch::equal) << text;
        EXPECT_EQ(hash->check("Pw"), PasswordMatch::different) << text;
        EXPECT_EQ(hash->check(""), PasswordMatch::different) << text;
        EXPECT_EQ(hash->check(std::string(511, 'p').c_str()), PasswordMatch::different) << text;
    }
}

TEST(PasswordHash, OfBcryptHasSeveralPrefixes) {
    for (const char* prefix : {"$2a$", "$2b$"}) {
        const auto hash = PasswordHash::parse(with(test::bcrypt_hash, "$2y$", prefix));
        ASSERT_TRUE(hash) << hash.error();
        EXPECT_EQ(hash->cost(), cost_of(test::bcrypt_hash));
    }
    EXPECT_NE(error_of(with(test::bcrypt_hash, "$2y$", "$2x$")), "");
}

TEST(PasswordHash, TellsWhatACheckCosts) {
    EXPECT_EQ(cost_of(test::bcrypt_hash), (HashCost{Scheme::bcrypt, 5}));
    EXPECT_EQ(cost_of(with(test::bcrypt_hash, "$05$", "$14$")), (HashCost{Scheme::bcrypt, 14}));
    EXPECT_EQ(cost_of(test::yescrypt_hash), (HashCost{Scheme::yescrypt, 12})) << "4 MiB";
    EXPECT_EQ(cost_of(with(test::yescrypt_hash, "j7T", "j9T")), (HashCost{Scheme::yescrypt, 14}));
    EXPECT_EQ(cost_of(test::sha512_hash), (HashCost{Scheme::sha512_crypt, 1000}));
    EXPECT_EQ(cost_of(with(test::sha256_hash, "rounds=1000$", "")),
              (HashCost{Scheme::sha256_crypt, 5000}));
}

TEST(PasswordHash, IsRefusedWhenAnybodyCouldKeepAProcessorBusyWithIt) {
    EXPECT_TRUE(
        error_of(with(test::bcrypt_hash, "$05$", "$15$")).starts_with("14 of bcrypt's cost"));
    EXPECT_TRUE(
        error_of(with(test::bcrypt_hash, "$05$", "$31$")).starts_with("14 of bcrypt's cost"));
    EXPECT_EQ(error_of(with(test::yescrypt_hash, "j7T", "jBT")), "");
    EXPECT_TRUE(error_of(with(test::yescrypt_hash, "j7T", "jCT")).starts_with("16 of yescrypt's"));
    EXPECT_EQ(error_of(with(test::sha512_hash, "=1000", "=2000000")), "");
    EXPECT_TRUE(error_of(with(test::sha512_hash, "=1000", "=2000001"))
                    .starts_with("2000000 of SHA-crypt's rounds"));
    EXPECT_NE(error_of(with(test::sha512_hash, "=1000", "=99999999999")), "");
}

TEST(PasswordHash, IsRefusedWhenItWasCutOrChanged) {
    for (const std::string_view text :
         {test::bcrypt_hash, test::yescrypt_hash, test::sha512_hash, test::sha256_hash}) {
        const std::string changed = std::string(text.substr(0, text.size() - 1)) + "!";
        for (const std::string& broken :
             {std::string(text.substr(0, text.size() - 1)), std::string(text) + "a", changed,
              std::string(text) + ":x", std::string(text.substr(0, text.find('$', 4)))}) {
            EXPECT_TRUE(error_of(broken).contains("was cut or changed")) << broken;
        }
    }
    for (const char* cost : {"$5$", "$005$", "$0x$", "$03$", "$-5$", "$$"}) {
        EXPECT_TRUE(error_of(with(test::bcrypt_hash, "$05$", cost)).contains("cut or changed"))
            << cost;
    }
    for (const char* rounds : {"=999$", "=01000$", "=$", "=x$", "=1000"}) {
        EXPECT_TRUE(error_of(with(test::sha512_hash, "=1000$", rounds)).contains("cut or changed"))
            << rounds;
    }
}

TEST(PasswordHash, OfYescryptHasTheParametersOfMkpasswd) {
    for (const char* parameters : {"j7U", "/7T", "j7T/", "7T", "jT", ""}) {
        EXPECT_TRUE(error_of(with(test::yescrypt_hash, "j7T", parameters))
                        .contains("parameters that mkpasswd does not use"))
            << parameters;
    }
}

TEST(PasswordHash, IsRefusedWhenItIsGuessedInNoTime) {
    EXPECT_TRUE(error_of("{SHA}GpHWL3ymc5liWkNopqtdSjuqYHM=").starts_with("SHA-1"));
    EXPECT_TRUE(error_of("$apr1$OYAB/T/r$TedzWZHZ2F4u2JHWO.j54/").starts_with("MD5"));
    EXPECT_TRUE(error_of("$1$OYAB/T/r$TedzWZHZ2F4u2JHWO.j54/").starts_with("MD5"));
    EXPECT_TRUE(error_of("089QXEgQzvQjQ").contains("DES"));
}

TEST(PasswordHash, IsRefusedWhenItIsNoneWithoutRepeatingWhatMayBeThePassword) {
    for (const char* text : {"correct horse battery staple", "hunter2", "$7$CU..../...."}) {
        EXPECT_NE(error_of(text), "") << text;
        EXPECT_FALSE(error_of(text).contains(text)) << text;
        EXPECT_TRUE(error_of(text).contains("htpasswd -B")) << text;
    }
    EXPECT_TRUE(error_of("").starts_with("no hash behind the colon"));
}

}  // namespace
}  // namespace torc::site
