// torc FILE: one file, and nothing of what is beside it.

#include "integration/support/http_client.hpp"
#include "integration/support/server_test.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

class OnlyFile : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("notes.txt", "the notes");
        write("notes.txt.gz", "secret");
        write("other.txt", "secret");
        write("other.txt.br", "secret");
        write("index.html", "secret");
        write("404.html", "secret");
        write(".env", "secret");
        write("sub/notes.txt", "secret");
        LaunchOptions options =
            torc_with({(site() / "notes.txt").string(), "--port", "0", "--address", "127.0.0.1",
                       "--io", GetParam(), "--workers", "2", "--listing"});
        server_ = std::make_unique<ServerProcess>(options);
    }
};

TORC_ON_BOTH_BACKENDS(OnlyFile);

TEST_P(OnlyFile, IsAtItsNameAndAtTheRoot) {
    for (const std::string_view target :
         {"/", "/notes.txt", "/?a=b", "/%6eotes.txt", "/./notes.txt", "/x/../notes.txt"}) {
        const Response response = get(target, "Accept-Encoding: gzip, br\r\n");
        EXPECT_EQ(response.status, 200) << target;
        EXPECT_EQ(response.body, "the notes") << target;
        EXPECT_EQ(response.field("Content-Type"), "text/plain; charset=utf-8") << target;
        EXPECT_FALSE(response.field("Content-Encoding")) << target;
    }
    EXPECT_EQ(get("/", "Range: bytes=4-\r\n").body, "notes");
}

TEST_P(OnlyFile, KeepsEverythingElseOutOfReach) {
    for (const std::string_view target :
         {"/notes.txt.gz", "/other.txt", "/other.txt.br", "/index.html", "/404.html", "/.env",
          "/sub", "/sub/", "/sub/notes.txt", "/notes.txt/", "/notes.txt/../other.txt", "/absent",
          "/?format=json&sort=name", "/../site/other.txt"}) {
        for (const std::string_view accept : {"text/html", "application/json", "*/*"}) {
            const Response response =
                get(target, "Accept: " + std::string(accept) + "\r\nAccept-Encoding: gzip, br\r\n");
            EXPECT_FALSE(response.body.contains("secret")) << target;
            EXPECT_FALSE(response.body.contains("href=\"other")) << target;
            EXPECT_TRUE(response.status >= 400 || response.body == "the notes") << target;
        }
    }
}

TEST_P(OnlyFile, ShowsItsChanges) {
    EXPECT_TRUE(eventually_serves("/", 200, "the notes"));
    write("notes.txt", "new notes");
    EXPECT_TRUE(eventually_serves("/", 200, "new notes"));
    EXPECT_TRUE(eventually_serves("/notes.txt", 200, "new notes"));
    std::filesystem::remove(site() / "notes.txt");
    EXPECT_TRUE(eventually_serves("/", 404));
    EXPECT_TRUE(eventually_serves("/notes.txt", 404));
}

}  // namespace
}  // namespace torc::test
