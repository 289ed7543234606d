// Paths that are served only if the user says so, from the real server.

#include "integration/support/server_test.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

class Paths : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("os/.treeinfo", "[general]");
        write("os/.git/config", "[core]");
        write("os/.env", "SECRET=1");
        write("os/vmlinuz", "kernel");
        write("@scope/name/index.html", "a package");
        write("@scope/other.tgz", "an archive");
        write("outside.txt", "the root's");
    }
};

TORC_ON_BOTH_BACKENDS(Paths);

TEST_P(Paths, HidesNamesThatBeginWithADot) {
    start(std::vector<std::string>{"--listing"});
    EXPECT_EQ(get("/os/.treeinfo").status, 404);
    EXPECT_FALSE(get("/os/").body.contains("treeinfo"));
}

TEST_P(Paths, LetsOutTheHiddenNamesThatItIsTold) {
    start({"--listing", "--hidden", ".treeinfo"});
    EXPECT_EQ(get("/os/.treeinfo").body, "[general]");
    EXPECT_TRUE(get("/os/").body.contains(".treeinfo"));
    EXPECT_EQ(get("/os/.git/config").status, 404);
}

TEST_P(Paths, LetsOutNoSecretsByAWildcard) {
    start({"--listing", "--hidden", ".*"});
    EXPECT_EQ(get("/os/.treeinfo").status, 200);
    EXPECT_EQ(get("/os/.git/config").status, 404);
    EXPECT_EQ(get("/os/.env").status, 404);
    EXPECT_FALSE(get("/os/").body.contains(".git"));
    EXPECT_FALSE(get("/os/").body.contains(".env"));
}

TEST_P(Paths, LetsOutWhatIsNamed) {
    start({"--hidden", "/os/.git"});
    EXPECT_EQ(get("/os/.git/config").status, 200);
    EXPECT_EQ(get("/os/.env").status, 404);
}

TEST_P(Paths, HasNothingBehindAnEncodedSlash) {
    start();
    EXPECT_EQ(get("/@scope%2Fother.tgz").status, 404);
}

TEST_P(Paths, LooksUpAnEncodedSlashAsOneIfItIsTold) {
    start(std::vector<std::string>{"--decode-slash"});
    EXPECT_EQ(get("/@scope%2Fother.tgz").body, "an archive");
    EXPECT_EQ(get("/@scope%2fother.tgz").body, "an archive");
    EXPECT_EQ(get("/@scope/other.tgz").body, "an archive");
    // One resource, whatever it is asked for by.
    EXPECT_EQ(get("/@scope%2Fother.tgz").field("ETag"), get("/@scope/other.tgz").field("ETag"));
    EXPECT_EQ(connect().request("POST", "/@scope%2Fname").status, 405);
}

TEST_P(Paths, RedirectsToThePathWithSlashes) {
    start(std::vector<std::string>{"--decode-slash"});
    const Response response = get("/@scope%2Fname?x=%2F");
    EXPECT_EQ(response.status, 301);
    EXPECT_EQ(response.field("Location"), "/@scope/name/?x=%2F");
    EXPECT_EQ(get("/@scope%2Fname%2F").field("Location"), "/@scope/name/");
    EXPECT_EQ(get("/@scope/name/").body, "a package");
}

// What is relative in the page would lead elsewhere: to "/@scope%2Fx" from "/@scope%2Fname%2F".
TEST_P(Paths, RedirectsToTheDirectoryThatReferencesAreRelativeTo) {
    start({"--listing", "--decode-slash"});
    for (const std::string_view target :
         {"/os//", "//os//", "/os%2F", "/%2Fos%2F", "/os/.//", "/os//?"}) {
        const Response response = get(target);
        EXPECT_EQ(response.status, 301) << target;
        EXPECT_EQ(response.field("Location"), target.ends_with('?') ? "/os/?" : "/os/") << target;
        EXPECT_EQ(response.field("Vary"), "Accept") << target;
    }
    EXPECT_EQ(get("/@scope//name//").field("Location"), "/@scope/name/");
    for (const std::string_view target : {"/", "//", "//os/", "/os/./", "/@scope/../os/"}) {
        EXPECT_EQ(get(target).status, 200) << target;
    }
}

TEST_P(Paths, SendsFilesByWhateverSlashesTheyAreAskedForBy) {
    start(std::vector<std::string>{"--decode-slash"});
    EXPECT_EQ(get("/@scope//other.tgz").body, "an archive");
    EXPECT_EQ(get("//@scope%2Fother.tgz").body, "an archive");
}

TEST_P(Paths, NeverRedirectsToAnotherHost) {
    start({"--listing", "--decode-slash", "--clean-urls"});
    for (const std::string_view target :
         {"//os//", "/%2F%2Fos%2F", "//os%2F", "/%2Fos//", "//@scope/..//os//"}) {
        EXPECT_EQ(get(target).field("Location"), "/os/") << target;
    }
}

TEST_P(Paths, LeavesTheRootByAnEncodedSlashNoMoreThanByAnother) {
    start(std::vector<std::string>{"--decode-slash"});
    for (const std::string_view target :
         {"/..%2Foutside", "/%2e%2e%2Foutside", "/@scope%2F..%2F..%2Fx", "/a%2F%00"}) {
        EXPECT_EQ(get(target).status, 400) << target;
    }
    EXPECT_EQ(get("/@scope%2F..%2Foutside.txt").body, "the root's");
    EXPECT_EQ(get("/os%2F.git%2Fconfig").status, 404);
    EXPECT_EQ(get("/@scope%252Fother.tgz").status, 404);
}

}  // namespace
}  // namespace torc::test
