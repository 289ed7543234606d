// What inotify(7) does not tell shows at the clients within a second all the same: what is written
// by another name of a file, and what is mounted over a part of the site.

#include "integration/support/server_test.hpp"
#include "support/temporary_mount.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

class UnseenChange : public ServerTest {
protected:
    /// Serves `/a/page.txt` as "one" for long enough that its directory is watched by every worker,
    /// and the file is looked at once a minute from then on.
    void start_and_watch() {
        write("a/page.txt", "one");
        write("a/b/deep.txt", "one");
        start();
        const auto watched_at = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
        while (std::chrono::steady_clock::now() < watched_at) {
            EXPECT_EQ(get("/a/page.txt").body, "one");
            EXPECT_EQ(get("/a/b/deep.txt").body, "one");
        }
    }
    /// Whether the server notices, before that minute is over, that `target` is `contents`.
    [[nodiscard]] bool soon_shows(std::string_view target, std::string_view contents) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(45);
        // By several in a row, as two workers answer.
        int times = 0;
        while (times < 8 && std::chrono::steady_clock::now() < give_up) {
            times = get(target).body == contents ? times + 1 : 0;
        }
        return times == 8;
    }
};

class Remount : public UnseenChange {
protected:
    void SetUp() override {
        UnseenChange::SetUp();
        if (!IsSkipped() && !may_mount()) {
            GTEST_SKIP() << "it takes root, or CAP_SYS_ADMIN, to mount";
        }
    }
};

TORC_ON_BOTH_BACKENDS(UnseenChange);
TORC_ON_BOTH_BACKENDS(Remount);

TEST_P(UnseenChange, ShowsWhatIsWrittenByAnotherNameOfAFile) {
    write("a/page.txt", "one");
    std::filesystem::create_hard_link(site() / "a/page.txt", directory_.path() / "other.txt");
    start_and_watch();
    // In place: that the two names have one file is the point.
    std::fstream(directory_.path() / "other.txt", std::ios::in | std::ios::out) << "two";
    EXPECT_TRUE(soon_shows("/a/page.txt", "two"));
}

TEST_P(Remount, ShowsWhatIsMountedOverADirectoryAndThenNoMore) {
    directory_.write("other/page.txt", "two");
    directory_.write("other/b/deep.txt", "two");
    start_and_watch();
    {
        const TemporaryMount mount =
            TemporaryMount::bind(directory_.path() / "other", site() / "a");
        EXPECT_TRUE(soon_shows("/a/page.txt", "two"));
        EXPECT_TRUE(soon_shows("/a/b/deep.txt", "two"));
    }
    EXPECT_TRUE(soon_shows("/a/page.txt", "one"));
    EXPECT_TRUE(soon_shows("/a/b/deep.txt", "one"));
}

TEST_P(Remount, ShowsWhatIsMountedOverAFileAndThenNoMore) {
    directory_.write("other.txt", "two");
    start_and_watch();
    {
        const TemporaryMount mount =
            TemporaryMount::bind(directory_.path() / "other.txt", site() / "a/page.txt");
        EXPECT_TRUE(soon_shows("/a/page.txt", "two"));
    }
    EXPECT_TRUE(soon_shows("/a/page.txt", "one"));
}

TEST_P(Remount, ShowsThatAnEmptyFileSystemIsMountedOverADirectory) {
    start_and_watch();
    {
        const TemporaryMount mount = TemporaryMount::tmpfs(site() / "a");
        EXPECT_TRUE(eventually_serves("/a/page.txt", 404));
        write("a/page.txt", "two");
        EXPECT_TRUE(soon_shows("/a/page.txt", "two"));
    }
    EXPECT_TRUE(soon_shows("/a/page.txt", "one"));
    // And what is changed beneath where it was is seen as before.
    write("a/page.txt", "three");
    EXPECT_TRUE(soon_shows("/a/page.txt", "three"));
}

TEST_P(Remount, ShowsWhatIsMountedOverTheRoot) {
    directory_.write("other/a/page.txt", "two");
    start_and_watch();
    const TemporaryMount mount = TemporaryMount::bind(directory_.path() / "other", site());
    EXPECT_TRUE(soon_shows("/a/page.txt", "two"));
}

}  // namespace
}  // namespace torc::test
