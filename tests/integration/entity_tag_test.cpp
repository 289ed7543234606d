// An entity tag is strong: other bytes, another tag; the same bytes, the same tag on every replica.

#include "integration/support/http_client.hpp"
#include "integration/support/server_test.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace torc::test {
namespace {

using WallClock = std::chrono::system_clock;

/// What npm gives to every file that it packs: 1985-10-26T08:15:00Z.
constexpr WallClock::time_point npm_time{std::chrono::seconds(499'162'500)};
constexpr WallClock::time_point some_time{std::chrono::seconds(1'600'000'000)};
/// Too large to be kept in memory.
constexpr std::size_t large_bytes = 200'000;

class EntityTag : public ServerTest {
protected:
    static void set_time(const std::filesystem::path& path, WallClock::time_point time) {
        const timespec modified{.tv_sec = WallClock::to_time_t(time), .tv_nsec = 0};
        const std::array times = {modified, modified};
        if (::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) < 0) {
            throw std::system_error(errno, std::generic_category(), "utimensat");
        }
    }
    void write_at(std::string_view name, std::string_view contents, WallClock::time_point time) {
        write(name, contents);
        set_time(site() / name, time);
    }
    /// As package managers and deploys do it: by a rename.
    void replace(std::string_view name, std::string_view contents, WallClock::time_point time) {
        const std::string fresh = std::string(name) + ".new";
        write_at(fresh, contents, time);
        std::filesystem::rename(site() / fresh, site() / name);
    }
    std::string tag_of(std::string_view target) {
        return get(target).field("ETag").value_or("none");
    }
    /// That who has the bytes of `tag` gets `contents` now.
    void expect_sent_anew(std::string_view target, const std::string& tag,
                          std::string_view contents) {
        EXPECT_TRUE(eventually([&] {
            const Response response = get(target, "If-None-Match: " + tag + "\r\n");
            return response.status == 200 && response.body == contents;
        })) << target;
        EXPECT_NE(tag_of(target), tag);
    }
    /// One worker, so that all answers are of what was seen last.
    void start_one_worker() { start(std::vector<std::string>{"--workers", "1"}); }
};

TORC_ON_BOTH_BACKENDS(EntityTag);

TEST_P(EntityTag, ChangesWithThePackageThoughItsTimesDoNot) {
    const std::string first = patterned_bytes(large_bytes, 1);
    const std::string second = patterned_bytes(large_bytes, 2);
    for (const WallClock::time_point time :
         {npm_time, WallClock::time_point(std::chrono::seconds(1)),
          WallClock::time_point(std::chrono::seconds(315'532'800 + 5 * 3600))}) {
        write_at("small.js", "version 1", time);
        write_at("large.js", first, time);
        if (server_ == nullptr) {
            start_one_worker();
        }
        ASSERT_TRUE(eventually_serves("/small.js", 200, "version 1"));
        ASSERT_TRUE(eventually_serves("/large.js", 200, first));
        const std::string small_tag = tag_of("/small.js");
        const std::string large_tag = tag_of("/large.js");
        EXPECT_EQ(get("/large.js", "If-None-Match: " + large_tag + "\r\n").status, 304);
        EXPECT_EQ(get("/large.js").count("Last-Modified"), 0U);
        replace("small.js", "version 2", time);
        replace("large.js", second, time);
        expect_sent_anew("/small.js", small_tag, "version 2");
        expect_sent_anew("/large.js", large_tag, second);
    }
}

TEST_P(EntityTag, OfAFileInMemoryChangesThoughItsTimeIsPutBack) {
    write_at("page.txt", "one", some_time);
    start_one_worker();
    const std::string tag = tag_of("/page.txt");
    replace("page.txt", "two", some_time);
    expect_sent_anew("/page.txt", tag, "two");
    replace("page.txt", "one", some_time + std::chrono::hours(1));
    EXPECT_TRUE(eventually_serves("/page.txt", 200, "one"));
    EXPECT_EQ(tag_of("/page.txt"), tag) << "the bytes are those of before";
}

TEST_P(EntityTag, IsTheSameInHead) {
    write("small.txt", "12345");
    write_at("large.bin", patterned_bytes(large_bytes), npm_time);
    start_one_worker();
    for (const std::string_view target : {"/small.txt", "/large.bin"}) {
        const auto tag = request("HEAD", target).field("ETag");
        EXPECT_TRUE(tag) << target;
        EXPECT_EQ(get(target).field("ETag"), tag) << target;
    }
}

TEST_P(EntityTag, IsTheSameOnEveryReplica) {
    const std::string large = patterned_bytes(large_bytes);
    const auto write_all = [&](WallClock::time_point time_of_small) {
        write_at("small.txt", "12345", time_of_small);
        write_at("packed.bin", large, npm_time);
        write_at("large.bin", large, some_time);
    };
    write_all(some_time);
    start_one_worker();
    const std::vector<std::string_view> targets = {"/small.txt", "/packed.bin", "/large.bin"};
    std::vector<std::string> tags;
    for (const std::string_view target : targets) {
        tags.push_back(tag_of(target));
    }
    // Another machine has other inodes, times of change and, of a build of its own, other times.
    std::filesystem::rename(site(), directory_.path() / "replica");
    std::filesystem::create_directory(site());
    write_all(some_time + std::chrono::hours(1));
    start_one_worker();
    for (std::size_t i = 0; i < targets.size(); ++i) {
        EXPECT_EQ(tag_of(targets[i]), tags[i]) << targets[i];
    }
}

TEST_P(EntityTag, OfALargeFileResumesADownload) {
    const std::string large = patterned_bytes(large_bytes);
    write("fresh.bin", large);
    write_at("packed.bin", large, npm_time);
    write_at("large.bin", large, some_time);
    start_one_worker();
    for (const std::string_view target : {"/fresh.bin", "/packed.bin", "/large.bin"}) {
        EXPECT_EQ(get(target, "Range: bytes=9-\r\nIf-Range: " + tag_of(target) + "\r\n").status,
                  206)
            << target;
    }
}

TEST_P(EntityTag, OfAFileFromTheFutureBecomesThatOfItsTime) {
    const std::string large = patterned_bytes(large_bytes);
    start_one_worker();
    const WallClock::time_point soon = WallClock::now() + std::chrono::seconds(2);
    write_at("small.txt", "12345", soon);
    write_at("large.bin", large, soon);
    const std::string small_tag = tag_of("/small.txt");
    const std::string early_tag = tag_of("/large.bin");
    EXPECT_TRUE(eventually([&] { return get("/small.txt").count("Last-Modified") == 1; }));
    EXPECT_EQ(tag_of("/small.txt"), small_tag) << "its bytes are the same";
    const auto is_of_time = [](std::string_view tag) { return tag.ends_with("-30d40\""); };
    EXPECT_FALSE(is_of_time(early_tag));
    EXPECT_TRUE(eventually([&] { return is_of_time(tag_of("/large.bin")); }));
    EXPECT_EQ(get("/large.bin").count("Last-Modified"), 1U);
}

TEST_P(EntityTag, IsMissingWhereOnlyReadingAHugeFileWouldGiveIt) {
    write_at("huge.bin", "", npm_time);
    std::filesystem::resize_file(site() / "huge.bin", std::uintmax_t{20} * 1024 * 1024);
    set_time(site() / "huge.bin", npm_time);
    start_one_worker();
    const Response response = request("HEAD", "/huge.bin");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.count("ETag"), 0U);
    EXPECT_EQ(response.count("Last-Modified"), 0U);
    EXPECT_EQ(get("/huge.bin", "Range: bytes=0-9\r\n").status, 206);
    EXPECT_EQ(get("/huge.bin", "If-Match: *\r\nRange: bytes=0-9\r\n").status, 206);
    EXPECT_EQ(get("/huge.bin", "If-Match: \"x\"\r\n").status, 412);
}

}  // namespace
}  // namespace torc::test
