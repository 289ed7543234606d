#include <torc/http/status.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace torc::http {
namespace {

TEST(Status, HasALineOfItsCodeAndItsPhrase) {
    for (const Status status : all_statuses) {
        EXPECT_EQ(status_line(status), "HTTP/1.1 " + std::to_string(code(status)) + " " +
                                           std::string(reason_phrase(status)) + "\r\n");
        EXPECT_FALSE(reason_phrase(status).empty());
    }
}

TEST(Status, HasAPlaceAmongAll) {
    for (std::size_t i = 0; i < all_statuses.size(); ++i) {
        EXPECT_EQ(index_of(all_statuses[i]), i);
    }
}

TEST(Status, NamesThePhraseOfRfc9110) {
    EXPECT_EQ(reason_phrase(Status::ok), "OK");
    EXPECT_EQ(reason_phrase(Status::not_found), "Not Found");
    EXPECT_EQ(reason_phrase(Status::http_version_not_supported), "HTTP Version Not Supported");
}

}  // namespace
}  // namespace torc::http
