#include <torc/base/limits.hpp>
#include <torc/http/target.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

// Targets of requests whose methods name no file.

namespace torc::http {
namespace {

using test::ParsedHead;

/// Whether the request "METHOD TARGET" passes check_target_form; the status when not.
std::optional<Status> form_problem(std::string_view method_and_target) {
    const ParsedHead head(std::string(method_and_target) + " HTTP/1.1\r\n\r\n");
    EXPECT_EQ(head.result().state, ParseState::parsed) << method_and_target;
    std::array<char, limits::request_line_bytes_default> scratch;
    const auto checked = check_target_form(head.request(), scratch);
    return checked ? std::nullopt : std::optional(checked.error().status);
}

// RFC 9112 §3.2.3, RFC 9110 §9.3.6.
TEST(TargetForm, HasAHostAndAPortInAConnect) {
    for (const std::string_view request : {"CONNECT a:80", "CONNECT example.com:443",
                                           "CONNECT 127.0.0.1:1", "CONNECT [::1]:65535"}) {
        EXPECT_EQ(form_problem(request), std::nullopt) << request;
    }
    for (const std::string_view request :
         {"CONNECT a", "CONNECT a:", "CONNECT :80", "CONNECT a:65536", "CONNECT a:http",
          "CONNECT [::1]", "CONNECT [1]:80", "CONNECT u@a:80", "CONNECT a:80/", "CONNECT /a",
          "CONNECT *", "CONNECT http://a:80"}) {
        EXPECT_EQ(form_problem(request), Status::bad_request) << request;
    }
}

// RFC 9112 §3.2.4.
TEST(TargetForm, MayBeAnAsteriskInOptionsAlone) {
    EXPECT_EQ(form_problem("OPTIONS *"), std::nullopt);
    for (const std::string_view request :
         {"OPTIONS **", "OPTIONS */", "OPTIONS *?", "POST *", "TRACE *", "X *"}) {
        EXPECT_EQ(form_problem(request), Status::bad_request) << request;
    }
}

TEST(TargetForm, HasAPathInOtherMethods) {
    for (const std::string_view request :
         {"OPTIONS /", "OPTIONS /a?b", "OPTIONS http://a", "POST /a/%20/../b", "X /.a"}) {
        EXPECT_EQ(form_problem(request), std::nullopt) << request;
    }
    for (const std::string_view request : {"OPTIONS a:80", "OPTIONS /..", "PUT a", "X /%"}) {
        EXPECT_EQ(form_problem(request), Status::bad_request) << request;
    }
    EXPECT_EQ(form_problem("OPTIONS /%2F"), Status::not_found);
}

}  // namespace
}  // namespace torc::http
