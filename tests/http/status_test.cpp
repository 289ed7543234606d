#include <torc/http/status.hpp>

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace torc::http {
namespace {

constexpr auto statuses = std::to_array<Status>({
    Status::continue_,
    Status::ok,
    Status::no_content,
    Status::partial_content,
    Status::moved_permanently,
    Status::found,
    Status::not_modified,
    Status::temporary_redirect,
    Status::permanent_redirect,
    Status::bad_request,
    Status::unauthorized,
    Status::forbidden,
    Status::not_found,
    Status::method_not_allowed,
    Status::not_acceptable,
    Status::request_timeout,
    Status::precondition_failed,
    Status::uri_too_long,
    Status::range_not_satisfiable,
    Status::expectation_failed,
    Status::misdirected_request,
    Status::too_many_requests,
    Status::request_header_fields_too_large,
    Status::internal_server_error,
    Status::not_implemented,
    Status::service_unavailable,
    Status::http_version_not_supported,
});

TEST(Status, HasALineOfItsCodeAndItsPhrase) {
    for (const Status status : statuses) {
        EXPECT_EQ(status_line(status), "HTTP/1.1 " + std::to_string(code(status)) + " " +
                                           std::string(reason_phrase(status)) + "\r\n");
        EXPECT_FALSE(reason_phrase(status).empty());
    }
}

TEST(Status, NamesThePhraseOfRfc9110) {
    EXPECT_EQ(reason_phrase(Status::ok), "OK");
    EXPECT_EQ(reason_phrase(Status::not_found), "Not Found");
    EXPECT_EQ(reason_phrase(Status::http_version_not_supported), "HTTP Version Not Supported");
}

}  // namespace
}  // namespace torc::http
