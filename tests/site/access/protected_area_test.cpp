#include <torc/site/access/protected_area.hpp>

#include "site/access/hashes.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace torc::site {
namespace {

TEST(ProtectedArea, AsksForThePasswordOfItsRealm) {
    const auto users =
        std::make_shared<const UsersFile>(*UsersFile::parse("a:" + std::string(test::bcrypt_hash)));
    const ProtectedArea area("staff", users);
    EXPECT_EQ(area.challenge(), "WWW-Authenticate: Basic realm=\"staff\", charset=\"UTF-8\"\r\n");
    EXPECT_EQ(&area.users(), users.get());
}

}  // namespace
}  // namespace torc::site
