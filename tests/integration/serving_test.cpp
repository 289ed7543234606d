// What a client gets for a path, from the real server.

#include "integration/support/server_test.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

/// Files up to here are served from memory, larger ones from their descriptor.
constexpr std::size_t memory_bytes_max = std::size_t{128} * 1024;
constexpr std::size_t large_bytes = std::size_t{5} * 1024 * 1024;

class Serving : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.html", page_);
    }

    const std::string page_ = "<!doctype html>\n<title>A page</title>\n";
};

class ServingLargeFiles : public Serving {
protected:
    void SetUp() override {
        Serving::SetUp();
        write("large.bin", large_);
    }

    const std::string large_ = patterned_bytes(large_bytes);
};

TORC_ON_BOTH_BACKENDS(Serving);
TORC_ON_BOTH_BACKENDS(ServingLargeFiles);

TEST_P(Serving, AnswersGetWithTheFile) {
    start();
    const Response response = get("/page.html");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.reason, "OK");
    EXPECT_EQ(response.body, page_);
    EXPECT_EQ(response.field("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(response.field("Accept-Ranges"), "bytes");
    EXPECT_TRUE(response.field("Date"));
    EXPECT_TRUE(response.field("Last-Modified"));
    EXPECT_TRUE(response.field("ETag"));
}

TEST_P(ServingLargeFiles, AnswersHeadWithTheHeadOfGetAndNoBody) {
    start();
    for (const std::string_view target : {"/page.html", "/large.bin", "/absent"}) {
        HttpClient client = connect();
        const Response answer_to_head = client.request("HEAD", target);
        // A body would be read as the beginning of this answer.
        const Response answer_to_get = client.get(target);
        EXPECT_EQ(answer_to_head.status, answer_to_get.status) << target;
        for (const std::string_view field : {"Content-Length", "Content-Type", "ETag"}) {
            EXPECT_EQ(answer_to_head.field(field), answer_to_get.field(field)) << target;
        }
    }
}

TEST_P(Serving, AnswersADirectoryWithItsIndexFile) {
    write("index.html", "root");
    write("deep/er/index.html", "deep");
    start();
    EXPECT_EQ(get("/").body, "root");
    EXPECT_EQ(get("/deep/er/").body, "deep");
}

TEST_P(Serving, TakesTheFirstIndexFileThatExists) {
    write("both/home.htm", "second name");
    write("both/start.htm", "first name");
    write("one/home.htm", "second name");
    start({"--index", "start.htm", "--index", "home.htm"});
    EXPECT_EQ(get("/both/").body, "first name");
    EXPECT_EQ(get("/one/").body, "second name");
}

TEST_P(Serving, HasNothingAtADirectoryWithoutAnIndexFile) {
    write("plain/page.html", page_);
    start();
    EXPECT_EQ(get("/plain/").status, 404);
}

TEST_P(Serving, RedirectsADirectoryToItsSlashAndKeepsTheQuery) {
    write("a b?/index.html", "index");
    start();
    const Response response = get("/a%20b%3f?q=1&x=%20");
    EXPECT_EQ(response.status, 301);
    const auto location = response.field("Location");
    EXPECT_EQ(location, "a%20b%3F/?q=1&x=%20");
    EXPECT_EQ(get(resolve_reference("/a%20b%3f?q=1", location.value_or(""))).body, "index");
}

// A proxy that maps /files/ to torc's root takes the prefix off, and so never shows it.
TEST_P(Serving, RedirectsToWhatAClientOfAProxyFindsBeneathItsPrefix) {
    write("dir/index.html", "index");
    write("dir/page.html", "page");
    start(std::vector<std::string>{"--clean-urls"});
    for (const auto& [target, leads_to] :
         {std::pair("/dir", "/files/dir/"), std::pair("/dir/index.html", "/files/dir/"),
          std::pair("/dir/page.html", "/files/dir/page"),
          std::pair("/dir/page/", "/files/dir/page"), std::pair("/dir?x=1", "/files/dir/?x=1")}) {
        const Response response = get(target);
        EXPECT_EQ(response.status, 301) << target;
        EXPECT_EQ(resolve_reference("/files" + std::string(target),
                                    response.field("Location").value_or("")),
                  leads_to);
    }
}

TEST_P(Serving, RedirectsWithAQueryOfAnyLengthThatARequestLineMayHave) {
    write("dir/index.html", "index");
    start({"--max-request-line", "64k", "--max-request-head", "128k"});
    for (const std::size_t length : {std::size_t{12'000}, std::size_t{60'000}}) {
        const std::string query(length, 'q');
        EXPECT_EQ(get("/dir/?" + query).status, 200) << length;
        const Response response = get("/dir?" + query);
        EXPECT_EQ(response.status, 301) << length;
        EXPECT_EQ(response.field("Location"), "dir/?" + query);
    }
}

TEST_P(Serving, HasNothingBelowAFile) {
    start();
    EXPECT_EQ(get("/page.html/").status, 404);
    EXPECT_EQ(get("/page.html/more").status, 404);
}

TEST_P(Serving, AnswersWhatIsNotThereWith404) {
    start();
    const Response response = get("/absent");
    EXPECT_EQ(response.status, 404);
    EXPECT_EQ(response.reason, "Not Found");
    EXPECT_TRUE(response.body.contains("404 Not Found"));
    EXPECT_FALSE(response.is_last());
}

TEST_P(Serving, AnswersAMethodThatItDoesNotAllowWith405AndTheOnesItDoes) {
    start();
    for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
        const Response response = request(method, "/page.html");
        EXPECT_EQ(response.status, 405) << method;
        EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS") << method;
    }
}

TEST_P(Serving, AnswersAnUnknownMethodWith501) {
    start();
    EXPECT_EQ(request("BREW", "/page.html").status, 501);
    EXPECT_EQ(request("get", "/page.html").status, 501);
}

TEST_P(Serving, AnswersOptionsWithWhatIsAllowed) {
    start();
    const Response response = request("OPTIONS", "/page.html");
    EXPECT_EQ(response.status, 204);
    EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS");
}

TEST_P(ServingLargeFiles, SendsTheRangeThatWasAskedFor) {
    struct Case {
        std::string_view range;
        std::size_t first;
        std::size_t count;
    };
    start();
    HttpClient client = connect();
    for (const auto& [range, first, count] :
         {Case{"0-0", 0, 1}, Case{"-1", large_bytes - 1, 1},
          Case{"1000000-3999999", 1'000'000, 3'000'000},
          Case{"5242879-99999999999999999999999", large_bytes - 1, 1},
          Case{"65536-", 65536, large_bytes - 65536}}) {
        const Response response =
            client.get("/large.bin", "Range: bytes=" + std::string(range) + "\r\n");
        EXPECT_EQ(response.status, 206) << range;
        EXPECT_EQ(response.field("Content-Range"), "bytes " + std::to_string(first) + "-" +
                                                       std::to_string(first + count - 1) + "/" +
                                                       std::to_string(large_bytes));
        EXPECT_TRUE(is_same_bytes(response.body, std::string_view(large_).substr(first, count)))
            << range;
    }
}

TEST_P(Serving, SendsARangeOfAFileInMemory) {
    start();
    const Response response = get("/page.html", "Range: bytes=2-8\r\n");
    EXPECT_EQ(response.status, 206);
    EXPECT_EQ(response.body, page_.substr(2, 7));
}

TEST_P(Serving, AnswersARangeBeyondTheEndWith416AndTheSize) {
    start();
    const Response response = get("/page.html", "Range: bytes=1000-\r\n");
    EXPECT_EQ(response.status, 416);
    EXPECT_EQ(response.field("Content-Range"), "bytes */" + std::to_string(page_.size()));
}

TEST_P(ServingLargeFiles, ResumesADownloadOnlyOfTheSameFile) {
    start();
    const std::string etag = get("/large.bin").field("ETag").value_or("none");
    const Response same = get("/large.bin", "Range: bytes=9-\r\nIf-Range: " + etag + "\r\n");
    EXPECT_EQ(same.status, 206);
    const Response other = get("/large.bin", "Range: bytes=9-\r\nIf-Range: \"other\"\r\n");
    EXPECT_EQ(other.status, 200);
    EXPECT_TRUE(is_same_bytes(other.body, large_));
}

TEST_P(Serving, Answers304ToWhoHasTheFileByItsEntityTag) {
    start();
    const std::string etag = get("/page.html").field("ETag").value_or("none");
    const Response response = get("/page.html", "If-None-Match: \"x\", " + etag + "\r\n");
    EXPECT_EQ(response.status, 304);
    EXPECT_EQ(response.field("ETag"), etag);
    EXPECT_EQ(get("/page.html", "If-None-Match: \"x\"\r\n").status, 200);
}

TEST_P(Serving, Answers304ToWhoHasTheFileByItsDate) {
    start();
    const std::string date = get("/page.html").field("Last-Modified").value_or("none");
    EXPECT_EQ(get("/page.html", "If-Modified-Since: " + date + "\r\n").status, 304);
    EXPECT_EQ(get("/page.html", "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n").status,
              200);
}

TEST_P(Serving, Answers412ToWhoWantsAnotherVersion) {
    start();
    EXPECT_EQ(get("/page.html", "If-Match: \"other\"\r\n").status, 412);
}

TEST_P(Serving, SendsEverySizeAroundItsLimitsWhole) {
    const std::array<std::size_t, 9> sizes = {0,
                                              1,
                                              4095,
                                              4096,
                                              4097,
                                              memory_bytes_max - 1,
                                              memory_bytes_max,
                                              memory_bytes_max + 1,
                                              large_bytes};
    for (const std::size_t size : sizes) {
        write(std::to_string(size), patterned_bytes(size, static_cast<unsigned>(size)));
    }
    start();
    HttpClient client = connect();
    for (const std::size_t size : sizes) {
        // Twice: from the disk, and as the server has it then.
        for (int round = 0; round < 2; ++round) {
            const Response response = client.get("/" + std::to_string(size));
            EXPECT_EQ(response.status, 200) << size;
            EXPECT_TRUE(
                is_same_bytes(response.body, patterned_bytes(size, static_cast<unsigned>(size))));
        }
    }
}

TEST_P(Serving, FindsEveryNameThatAFileCanHave) {
    struct Case {
        std::string_view name;
        std::string_view target;
    };
    const std::vector<Case> cases = {
        {"with space.txt", "/with%20space.txt"},
        {"100%.txt", "/100%25.txt"},
        {"%41.txt", "/%2541.txt"},
        {"a#b.txt", "/a%23b.txt"},
        {"what?.txt", "/what%3F.txt"},
        {"a+b&c=d;e.txt", "/a+b&c=d;e.txt"},
        {"\"quoted\" 'too'.txt", "/%22quoted%22%20%27too%27.txt"},
        {"back\\slash.txt", "/back%5Cslash.txt"},
        {"new\nline.txt", "/new%0Aline.txt"},
        {"\x01\x7f.txt", "/%01%7F.txt"},
        {"<img src=x>.txt", "/%3Cimg%20src=x%3E.txt"},
        {"na\xc3\xafve \xe6\x97\xa5\xe6\x9c\xac.txt", "/na%C3%AFve%20%E6%97%A5%E6%9C%AC.txt"},
        {"latin-1 caf\xe9.txt", "/latin-1%20caf%E9.txt"},
        {"...and more.txt.d/page", "/%2e%2e%2eand%20more.txt.d/page"},
        {"trailing. /page", "/trailing.%20/page"},
    };
    for (const auto& [name, target] : cases) {
        write(name, name);
    }
    start();
    for (const auto& [name, target] : cases) {
        const Response response = get(target);
        // Names that begin with a dot are hidden, however they are written.
        const bool is_hidden = name.starts_with('.');
        EXPECT_EQ(response.status, is_hidden ? 404 : 200) << target;
        EXPECT_TRUE(is_hidden || response.body == name) << target;
    }
}

TEST_P(Serving, AnswersTheAbsoluteFormOfATarget) {
    start();
    EXPECT_EQ(get("http://test/page.html").body, page_);
}

TEST_P(Serving, HidesNamesThatBeginWithADotButWellKnown) {
    write(".git/config", "secret");
    write(".htpasswd", "secret");
    write("deep/.env", "secret");
    write(".well-known/security.txt", "Contact: mailto:test");
    start();
    for (const std::string_view target :
         {"/.git/config", "/.git/", "/.git", "/.htpasswd", "/%2ehtpasswd", "/deep/.env",
          "/deep/%2Eenv", "/deep/../.git/config"}) {
        const Response response = get(target);
        EXPECT_EQ(response.status, 404) << target;
        EXPECT_FALSE(response.body.contains("secret")) << target;
    }
    EXPECT_EQ(get("/.well-known/security.txt").body, "Contact: mailto:test");
}

TEST_P(Serving, FollowsSymbolicLinksThatStayInTheRootAlone) {
    directory_.write("secret.txt", "secret");
    std::filesystem::create_directory(site() / "deep");
    std::filesystem::create_symlink("../page.html", site() / "deep" / "inside.html");
    std::filesystem::create_directory_symlink("deep", site() / "alias");
    std::filesystem::create_symlink("../secret.txt", site() / "relative.txt");
    std::filesystem::create_symlink(directory_.path() / "secret.txt", site() / "absolute.txt");
    std::filesystem::create_directory_symlink("..", site() / "parent");
    std::filesystem::create_symlink("loop", site() / "loop");
    std::filesystem::create_symlink("nowhere", site() / "dangling");
    start();
    EXPECT_EQ(get("/deep/inside.html").body, page_);
    EXPECT_EQ(get("/alias/inside.html").body, page_);
    for (const std::string_view target : {"/relative.txt", "/absolute.txt", "/parent/secret.txt",
                                          "/parent/site/page.html", "/loop", "/dangling"}) {
        EXPECT_EQ(get(target).status, 404) << target;
    }
}

TEST_P(Serving, NeverLeavesTheRoot) {
    directory_.write("secret.txt", "secret");
    write("deep/page.html", page_);
    start();
    for (const std::string_view target : {
             "/../secret.txt",
             "/..",
             "/../",
             "/deep/../../secret.txt",
             "/deep/./.././../secret.txt",
             "/%2e%2e/secret.txt",
             "/%2E%2e/secret.txt",
             "/.%2e/secret.txt",
             "/..%2fsecret.txt",
             "/..%2Fsecret.txt",
             "/%2e%2e%2fsecret.txt",
             "/deep/..%2f..%2fsecret.txt",
             "/..%5csecret.txt",
             "/..\\secret.txt",
             "/%252e%252e/secret.txt",
             "/%c0%ae%c0%ae/secret.txt",
             "/..;/secret.txt",
             "/..%00/secret.txt",
             "/page.html%00/../../secret.txt",
             "//../secret.txt",
             "/./../secret.txt",
             "/deep//../../secret.txt",
             "/../site/../secret.txt",
             "http://test/../secret.txt",
             "http://test",
             "http:///../secret.txt",
             "../secret.txt",
             "secret.txt",
             "..",
             "//etc/passwd",
             "/proc/self/environ",
             "file:///etc/passwd",
             "/%2fetc/passwd",
             "*",
         }) {
        const Response response = get(target);
        EXPECT_TRUE(response.status == 400 || response.status == 404)
            << target << " was answered with " << response.status;
        EXPECT_FALSE(response.body.contains("secret") || response.body.contains("root:")) << target;
    }
    // Up and down again within it is as good as any other way.
    EXPECT_EQ(get("/deep/../deep/./page.html").body, page_);
    EXPECT_EQ(get("/deep/%2e%2e/page.html").body, page_);
}

TEST_P(Serving, TakesNeitherPipesNorSocketsForFilesAndWaitsForNone) {
    ASSERT_EQ(::mkfifo((site() / "fifo").c_str(), 0600), 0);
    const UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = (site() / "socket").string();
    ASSERT_LT(path.size(), sizeof address.sun_path);
    std::ranges::copy(path, address.sun_path);
    ASSERT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    start({"--workers", "1"});
    EXPECT_EQ(get("/fifo").status, 404);
    EXPECT_EQ(get("/socket").status, 404);
    EXPECT_EQ(get("/page.html").status, 200);
}

TEST_P(Serving, TakesNoDeviceForAFile) {
    std::filesystem::create_symlink("/dev/zero", site() / "link");
    start();
    EXPECT_EQ(get("/link").status, 404);
    if (::mknod((site() / "zero").c_str(), S_IFCHR | 0600, ::makedev(1, 5)) < 0) {
        GTEST_SKIP() << "no device can be made here: " << std::generic_category().message(errno);
    }
    EXPECT_EQ(get("/zero").status, 404);
}

TEST_P(Serving, AnswersAFileThatItMayNotReadWith403) {
    write("secret.txt", "secret");
    write("closed/page.html", page_);
    std::filesystem::permissions(site() / "secret.txt", std::filesystem::perms::none);
    std::filesystem::permissions(site() / "closed", std::filesystem::perms::none);
    LaunchOptions options = torc_with({});
    options.is_unprivileged = true;
    start(options);
    EXPECT_EQ(get("/secret.txt").status, 403);
    EXPECT_EQ(get("/closed/page.html").status, 403);
    EXPECT_EQ(get("/closed/").status, 403);
    EXPECT_EQ(get("/page.html").status, 200);
    std::filesystem::permissions(site() / "closed", std::filesystem::perms::owner_all);
}

}  // namespace
}  // namespace torc::test
