#include <torc/file/change_notifier.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace torc::file {

using Kind = ChangeNotifier::Change::Kind;

static std::ostream& operator<<(std::ostream& out, Kind kind) {
    return out << static_cast<int>(kind);
}

namespace {

struct Seen {
    Kind kind;
    std::string name;
    friend bool operator==(const Seen&, const Seen&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
        return out << seen.kind << ' ' << seen.name;
    }
};

class ChangeNotifierTest : public ::testing::Test {
protected:
    void SetUp() override {
        directory_.write("watched/file", "one");
        std::filesystem::create_directory(watched() / "subdirectory");
        watch_ = watch(watched());
    }

    [[nodiscard]] std::filesystem::path watched() const { return directory_.path() / "watched"; }
    ChangeNotifier::Watch watch(const std::filesystem::path& path) {
        const UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        return notifier_.watch(directory.get()).value();
    }
    /// What has happened in the watched directory, each thing once.
    std::vector<Seen> seen() {
        std::vector<Seen> all;
        for (auto changes = notifier_.read(); !changes.empty(); changes = notifier_.read()) {
            for (const ChangeNotifier::Change& change : changes) {
                EXPECT_EQ(change.watch, watch_);
                const Seen one{.kind = change.kind, .name = std::string(change.name)};
                if (all.empty() || !(all.back() == one)) {
                    all.push_back(one);
                }
            }
        }
        return all;
    }

    torc::test::TemporaryDirectory directory_;
    ChangeNotifier notifier_ = *ChangeNotifier::create();
    ChangeNotifier::Watch watch_ = -1;
};

using SeenList = std::vector<Seen>;

TEST_F(ChangeNotifierTest, ReportsNothingWhenNothingHappens) {
    EXPECT_EQ(seen(), SeenList());
}

TEST_F(ChangeNotifierTest, ReportsAFileThatIsWrittenThoughItStaysOpen) {
    const UniqueFd file(::open((watched() / "file").c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::write(file.get(), "two", 3), 3);
    EXPECT_EQ(seen(), (SeenList{{Kind::file, "file"}}));
}

TEST_F(ChangeNotifierTest, ReportsAFileThatIsTruncated) {
    std::filesystem::resize_file(watched() / "file", 1);
    EXPECT_EQ(seen(), (SeenList{{Kind::file, "file"}}));
}

TEST_F(ChangeNotifierTest, ReportsAFileThatIsMadeAndOneThatIsDeleted) {
    directory_.write("watched/new", "");
    std::filesystem::remove(watched() / "file");
    EXPECT_EQ(seen(), (SeenList{{Kind::file, "new"}, {Kind::file, "file"}}));
}

TEST_F(ChangeNotifierTest, ReportsBothNamesOfARename) {
    std::filesystem::rename(watched() / "file", watched() / "other");
    EXPECT_EQ(seen(), (SeenList{{Kind::file, "file"}, {Kind::file, "other"}}));
}

TEST_F(ChangeNotifierTest, ReportsPermissions) {
    ASSERT_EQ(::chmod((watched() / "file").c_str(), 0600), 0);
    ASSERT_EQ(::chmod((watched() / "subdirectory").c_str(), 0700), 0);
    ASSERT_EQ(::chmod(watched().c_str(), 0700), 0);
    EXPECT_EQ(seen(), (SeenList{{Kind::file, "file"},
                                {Kind::attributes, "subdirectory"},
                                {Kind::attributes, ""}}));
}

TEST_F(ChangeNotifierTest, ReportsADirectoryThatIsReplaced) {
    directory_.write("watched/next/file", "");
    (void)seen();
    std::filesystem::remove(watched() / "subdirectory");
    std::filesystem::rename(watched() / "next", watched() / "subdirectory");
    EXPECT_EQ(seen(), (SeenList{{Kind::directory, "subdirectory"},
                                {Kind::directory, "next"},
                                {Kind::directory, "subdirectory"}}));
}

TEST_F(ChangeNotifierTest, ReportsThatTheDirectoryItselfWasMovedOrDeleted) {
    std::filesystem::rename(watched(), directory_.path() / "elsewhere");
    EXPECT_EQ(seen(), (SeenList{{Kind::itself, ""}}));
    std::filesystem::remove_all(directory_.path() / "elsewhere");
    EXPECT_EQ(seen().back(), (Seen{Kind::itself, ""}));
}

TEST_F(ChangeNotifierTest, ReportsNothingOfAnotherDirectory) {
    directory_.write("watched/subdirectory/file", "");
    (void)seen();
    directory_.write("watched/subdirectory/file", "more");
    EXPECT_EQ(seen(), SeenList());
}

TEST_F(ChangeNotifierTest, GivesADirectoryTheSameWatchAgain) {
    EXPECT_EQ(watch(watched()), watch_);
    EXPECT_NE(watch(watched() / "subdirectory"), watch_);
}

TEST_F(ChangeNotifierTest, ReportsNothingMoreOnceItNoLongerWatches) {
    notifier_.unwatch(watch_);
    directory_.write("watched/file", "two");
    EXPECT_EQ(seen(), (SeenList{{Kind::itself, ""}}));
}

TEST_F(ChangeNotifierTest, SaysThatItCannotWatchWhatIsNoDirectory) {
    const UniqueFd file(::open((watched() / "file").c_str(), O_PATH | O_CLOEXEC));
    EXPECT_EQ(notifier_.watch(file.get()).error(), Errno(ENOTDIR));
}

}  // namespace
}  // namespace torc::file
