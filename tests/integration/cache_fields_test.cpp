// What caches between torc and its clients are told, and that a user's words about files are not
// said of anything else.

#include "integration/support/http_client.hpp"
#include "integration/support/server_test.hpp"
#include "support/precompressed.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

const std::vector<std::string> cached_for_all = {"--listing",
                                                 "--header",
                                                 "Cache-Control: public, max-age=3600",
                                                 "--header",
                                                 "CDN-Cache-Control: max-age=7200",
                                                 "--header",
                                                 "Expires: Thu, 01 Jan 2099 00:00:00 GMT",
                                                 "--header",
                                                 "Content-Disposition: attachment",
                                                 "--header",
                                                 "X-Frame-Options: DENY"};

class CacheFields : public ServerTest {
protected:
    void start_with_fields_of_files() {
        write("page.html", "12345");
        write("dir/file", "");
        start(cached_for_all);
    }
    /// The answer to bytes that are no request that could be made by `request`.
    [[nodiscard]] Response answer_to(std::string_view bytes) {
        HttpClient client = connect();
        client.send(bytes);
        return client.receive_response();
    }
    static void expect_not_told_to_keep(const Response& response, int status,
                                        std::string_view cache_control) {
        EXPECT_EQ(response.status, status) << response.head;
        EXPECT_EQ(response.field("Cache-Control"), cache_control) << response.head;
        for (const std::string_view name :
             {"CDN-Cache-Control", "Expires", "Content-Disposition"}) {
            EXPECT_EQ(response.count(name), 0U) << name << " in\n" << response.head;
        }
        EXPECT_EQ(response.field("X-Frame-Options"), "DENY") << response.head;
    }
};

TORC_ON_BOTH_BACKENDS(CacheFields);

TEST_P(CacheFields, OfAUserGoOnWhatIsServed) {
    start_with_fields_of_files();
    for (const Response& response :
         {get("/page.html"), request("HEAD", "/page.html"), get("/dir/"),
          get("/page.html", "Range: bytes=0-0\r\n"), get("/page.html", "If-None-Match: *\r\n")}) {
        EXPECT_LT(response.status, 400) << response.head;
        EXPECT_EQ(response.field("Cache-Control"), "public, max-age=3600") << response.head;
        for (const std::string_view name :
             {"CDN-Cache-Control", "Expires", "Content-Disposition", "X-Frame-Options"}) {
            EXPECT_EQ(response.count(name), 1U) << name << " in\n" << response.head;
        }
    }
}

TEST_P(CacheFields, OfAUserDoNotGoOnErrorsThatOneClientProvokes) {
    start_with_fields_of_files();
    const std::string much(40'000, 'x');
    expect_not_told_to_keep(get("/page.html", "Accept-Encoding: *;q=0\r\n"), 406, "no-store");
    expect_not_told_to_keep(get("/page.html", "If-Match: \"x\"\r\n"), 412, "no-store");
    expect_not_told_to_keep(get("/page.html", "Range: bytes=9-\r\n"), 416, "no-store");
    expect_not_told_to_keep(get("/page.html", "Expect: a miracle\r\n"), 417, "no-store");
    expect_not_told_to_keep(get("/page.html", "X: " + much + "\r\n"), 431, "no-store");
    expect_not_told_to_keep(get("/" + much), 414, "no-store");
    expect_not_told_to_keep(get("/%zz"), 400, "no-store");
    expect_not_told_to_keep(request("POST", "/page.html", "Content-Length: 0\r\n"), 405,
                            "no-store");
    expect_not_told_to_keep(request("BREW", "/page.html"), 501, "no-store");
    expect_not_told_to_keep(answer_to("GET / HTTP/2.0\r\n\r\n"), 505, "no-store");
}

TEST_P(CacheFields, OfWhatMayChangeSayThatCachesAskFirst) {
    start_with_fields_of_files();
    expect_not_told_to_keep(get("/absent"), 404, "no-cache");
    expect_not_told_to_keep(request("HEAD", "/absent"), 404, "no-cache");
    expect_not_told_to_keep(get("/dir"), 301, "no-cache");
}

TEST_P(CacheFields, AreTheSameWithoutAUsersWord) {
    write("page.html", "12345");
    write("dir/index.html", "");
    start();
    EXPECT_EQ(get("/page.html").field("Cache-Control"), "no-cache");
    EXPECT_EQ(get("/dir").field("Cache-Control"), "no-cache");
    EXPECT_EQ(get("/absent").field("Cache-Control"), "no-cache");
    EXPECT_EQ(get("/page.html", "Range: bytes=9-\r\n").field("Cache-Control"), "no-store");
    EXPECT_EQ(request("OPTIONS", "/page.html").count("Cache-Control"), 0U);
}

TEST_P(CacheFields, OfAPageForAnErrorAreThoseOfTheError) {
    write("404.html", "<!doctype html>\n");
    start(cached_for_all);
    expect_not_told_to_keep(get("/absent"), 404, "no-cache");
    EXPECT_EQ(get("/404.html").field("Cache-Control"), "public, max-age=3600");
}

TEST_P(CacheFields, OfARuleComeBeforeTheFieldForAll) {
    write("a.css", "");
    write("a.js", "");
    write("a.txt", "");
    start(std::vector<std::string>{"--header", "Cache-Control: max-age=1", "--cache-control",
                                   "*.css=max-age=2", "--cache-control", "*.txt=off"});
    EXPECT_EQ(get("/a.css").field("Cache-Control"), "max-age=2");
    EXPECT_EQ(get("/a.js").field("Cache-Control"), "max-age=1");
    EXPECT_EQ(get("/a.txt").count("Cache-Control"), 0U);
}

TEST_P(CacheFields, NameTheCodingThatARefusalDependsOn) {
    write("page.html", "12345");
    write("coded.html", "12345");
    write("coded.html.gz", gzip_like("coded", "12345"));
    start(std::vector<std::string>{"--listing"});
    for (const std::string_view target : {"/page.html", "/coded.html", "/"}) {
        const Response response = get(target, "Accept-Encoding: *;q=0\r\n");
        EXPECT_EQ(response.status, 406) << target;
        EXPECT_TRUE(response.field("Vary").value_or("").ends_with("Accept-Encoding"))
            << response.head;
        EXPECT_EQ(response.count("Vary"), 1U) << response.head;
    }
}

}  // namespace
}  // namespace torc::test
