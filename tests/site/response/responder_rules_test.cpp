// The fields and redirects that a user's rules give to responses.

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site::test {
namespace {

using http::Status;

class ResponderRulesTest : public ResponderTest {
protected:
    std::string answer_to(const Asset& asset) {
        return respond("GET /a.js HTTP/1.1\r\nHost: a\r\n", asset);
    }
};

TEST_F(ResponderRulesTest, UsesAPolicyInPlaceOfItsOwn) {
    RulePolicies policies({{.name = "A", .value = "site"}},
                          {{.glob = "*.js", .fields = {{.name = "A", .value = "rule"}}}});
    const AssetRef asset = memory_asset("12345");
    const PathPolicyRef policy = policies.find("a.js");
    responder_.use(*policy);
    EXPECT_TRUE(answer_to(*asset).contains("Server: torc\r\nA: rule\r\nX-Content-Type-Options"));
    responder_.use(*policies.without_path());
    EXPECT_TRUE(answer_to(*asset).contains("Server: torc\r\nA: site\r\nX-Content-Type-Options"));
}

TEST_F(ResponderRulesTest, RendersTheDateOfAPolicyAnew) {
    RulePolicies policies({}, {{.glob = "*", .fields = {{.name = "A", .value = "1"}}}});
    const AssetRef asset = memory_asset("12345");
    const PathPolicyRef policy = policies.find("a.js");
    responder_.use(*policy);
    responder_.set_time(WallTime(std::chrono::seconds(0)));
    EXPECT_TRUE(answer_to(*asset).contains("Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
    responder_.set_time(WallTime(std::chrono::milliseconds(1500)));
    EXPECT_TRUE(answer_to(*asset).contains("Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n"));
}

TEST_F(ResponderRulesTest, TakesTheFieldsOfTheStatus) {
    RulePolicies policies({}, {{.glob = "*",
                                .statuses = {Status::not_found},
                                .fields = {{.name = "A", .value = "1"}},
                                .cache_control = "max-age=60"}});
    const PathPolicyRef policy = policies.find("a.js");
    responder_.use(*policy);
    const std::string missing = answer_to(*Asset::error(Status::not_found));
    EXPECT_TRUE(missing.contains("\r\nA: 1\r\n"));
    EXPECT_TRUE(missing.contains("\r\nCache-Control: max-age=60\r\n"));
    EXPECT_FALSE(missing.contains("no-cache"));
    EXPECT_FALSE(answer_to(*memory_asset("12345")).contains("\r\nA: 1\r\n"));
}

TEST_F(ResponderRulesTest, RedirectsAsARuleSays) {
    const auto redirects = Redirects::compile(std::vector<Redirect>{
        {.from = "/old/*", .to = "/new/:splat", .status = Status::temporary_redirect}});
    parse("GET /old/a%20b?c HTTP/1.1\r\nHost: a\r\n");
    const auto target = http::resolve_target(request_.target, scratch_);
    std::string buffer(responder_.head_bytes_max() + redirects->location_bytes_max(0, *target),
                       '\0');
    http::HeadWriter writer(buffer);
    const Answer answer =
        responder_.redirect(request_, *target, {*redirects, 0}, Persistence::keep_alive, writer);
    EXPECT_EQ(answer.status, Status::temporary_redirect);
    EXPECT_EQ(writer.written(), "HTTP/1.1 307 Temporary Redirect\r\n" +
                                    error_fields("307 Temporary Redirect", "Vary: Accept\r\n") +
                                    "Location: /new/a%20b?c\r\n" +
                                    page_answer("307 Temporary Redirect"));
}

}  // namespace
}  // namespace torc::site::test
