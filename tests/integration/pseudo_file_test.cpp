// Files of /proc and of sysfs, which say that they are empty or a page long, whatever they hold.

#include "integration/support/server_test.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

class PseudoFile : public ServerTest {
protected:
    void expect_served(const std::filesystem::path& directory, const std::string& name) {
        const std::string contents = contents_of(directory / name);
        if (contents.empty()) {
            GTEST_SKIP() << directory / name << " is not to be had here";
        }
        start_at(directory, torc_with({}));
        const Response response = get("/" + name);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.body, contents);
        EXPECT_EQ(response.field("Content-Length"), std::to_string(contents.size()));
        EXPECT_EQ(response.count("Last-Modified"), 0U);
        const std::string etag = response.field("ETag").value_or("");
        EXPECT_EQ(get("/" + name, "If-None-Match: " + etag + "\r\n").status, 304);
        EXPECT_EQ(get("/" + name, "Range: bytes=1-2\r\n").body, contents.substr(1, 2));
    }
};

TORC_ON_BOTH_BACKENDS(PseudoFile);

TEST_P(PseudoFile, OfProcIsServedAsItIsRead) {
    expect_served("/proc/sys/kernel", "ostype");
}

TEST_P(PseudoFile, OfSysfsIsServedAsItIsRead) {
    expect_served("/sys/devices/system/cpu", "possible");
}

TEST_P(PseudoFile, ThatALinkLeadsToIsServedAsItIsRead) {
    std::filesystem::create_symlink("/proc/version", site() / "version.txt");
    start({"--symlinks", "all"});
    const Response response = get("/version.txt");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, contents_of("/proc/version"));
}

TEST_P(PseudoFile, IsReadAnewForEachRequest) {
    start_at("/proc", torc_with({}));
    const std::string before = get("/uptime").body;
    ASSERT_NE(before, "");
    EXPECT_TRUE(eventually([&] { return get("/uptime").body != before; }));
}

TEST_P(PseudoFile, ThatIsTooLongIsRefusedAndNamed) {
    if (contents_of("/proc/kallsyms").size() <= std::size_t{1} << 20U) {
        GTEST_SKIP() << "/proc/kallsyms is not to be had here";
    }
    start_at("/proc", torc_with({}));
    EXPECT_EQ(get("/kallsyms").status, 500);
    EXPECT_TRUE(eventually([&] {
        return server().standard_error().contains(
            "'kallsyms' is not served: it does not tell its "
            "size");
    }));
}

}  // namespace
}  // namespace torc::test
