// Scripts of other sites: what a browser asks before and after (https://fetch.spec.whatwg.org).

#include "integration/support/http_client.hpp"
#include "integration/support/server_test.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

class Cors : public ServerTest {};
TORC_ON_BOTH_BACKENDS(Cors);

TEST_P(Cors, AnswersAPreflight) {
    start(std::vector<std::string>{"--cors"});
    const Response response =
        request("OPTIONS", "/data.json",
                "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n"
                "Access-Control-Request-Headers: authorization, range\r\n");
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(response.field("Access-Control-Allow-Origin"), "*");
    EXPECT_EQ(response.field("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(response.field("Access-Control-Allow-Headers"), "*, Authorization");
    EXPECT_EQ(response.field("Access-Control-Max-Age"), "86400");
    EXPECT_EQ(response.body, "");
}

TEST_P(Cors, LetsScriptsReadWhatIsServedAndErrorsToo) {
    write("data.json", "[1, 2]");
    start(std::vector<std::string>{"--cors"});
    for (const std::string_view target : {"/data.json", "/absent"}) {
        const Response response = get(target, "Origin: https://a.example\r\n");
        EXPECT_EQ(response.field("Access-Control-Allow-Origin"), "*") << target;
        EXPECT_FALSE(response.field("Access-Control-Allow-Methods")) << target;
    }
    const Response part = get("/data.json", "Range: bytes=0-2\r\n");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.field("Access-Control-Expose-Headers"), "*");
}

TEST_P(Cors, IsOffUnlessAskedFor) {
    write("data.json", "[1, 2]");
    start();
    EXPECT_FALSE(
        get("/data.json", "Origin: https://a.example\r\n").field("Access-Control-Allow-Origin"));
    EXPECT_FALSE(request("OPTIONS", "/data.json").field("Access-Control-Allow-Methods"));
}

}  // namespace
}  // namespace torc::test
