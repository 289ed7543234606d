#include <torc/file/directory.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace torc::file {
namespace {

using torc::test::TemporaryDirectory;
using Names = std::vector<std::string>;

class DirectoryTest : public ::testing::Test {
protected:
    void SetUp() override { std::filesystem::create_directory(site()); }

    [[nodiscard]] std::filesystem::path site() const { return directory_.path() / "site"; }
    void write(std::string_view path, std::string_view contents = {}) const {
        directory_.write("site/" + std::string(path), contents);
    }
    void link(const std::filesystem::path& target, std::string_view path) const {
        std::filesystem::create_symlink(target, site() / path);
    }

    [[nodiscard]] UniqueFd open(std::string_view path) const {
        return UniqueFd(::open((site() / path).c_str(), O_RDONLY | O_CLOEXEC));
    }
    [[nodiscard]] Result<Directory> read(std::string_view path = {},
                                         SymlinkPolicy policy = SymlinkPolicy::inside) const {
        return read_directory(root(), policy, path, open(path).get());
    }
    [[nodiscard]] Names names(std::string_view path = {},
                              SymlinkPolicy policy = SymlinkPolicy::inside) const {
        return sorted_names(read(path, policy).value());
    }
    [[nodiscard]] Root root() const { return *Root::open(site().string()); }

    static Names sorted_names(const Directory& directory) {
        Names names;
        for (const DirectoryEntry& entry : directory.entries) {
            names.push_back(entry.name);
        }
        std::ranges::sort(names);
        return names;
    }

    TemporaryDirectory directory_;
};

TEST_F(DirectoryTest, TellsWhatEachEntryIs) {
    write("file", "12345");
    write("folder/file");
    const timespec modified{.tv_sec = 1'700'000'000, .tv_nsec = 123'456'789};
    for (const char* const name : {"file", "folder"}) {
        const timespec times[] = {modified, modified};
        ASSERT_EQ(::utimensat(AT_FDCWD, (site() / name).c_str(), times, 0), 0);
    }

    Result<Directory> directory = read();
    ASSERT_TRUE(directory);
    EXPECT_FALSE(directory->is_truncated);
    std::map<std::string, DirectoryEntry> entries;
    for (const DirectoryEntry& entry : directory->entries) {
        entries[entry.name] = entry;
    }
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries["file"].kind, Kind::regular);
    EXPECT_EQ(entries["file"].size, 5U);
    EXPECT_EQ(entries["folder"].kind, Kind::directory);
    for (const auto& [name, entry] : entries) {
        EXPECT_EQ(entry.modified.time_since_epoch(),
                  std::chrono::seconds(1'700'000'000) + std::chrono::nanoseconds(123'456'789));
    }
}

TEST_F(DirectoryTest, TellsWhetherAllItShowsCanBeWatched) {
    write("flat/file");
    EXPECT_TRUE(read("flat/")->is_watchable);
    EXPECT_FALSE(read()->is_watchable) << "a directory's time changes with what is in it";
    write("linked/file");
    link("file", "linked/link");
    EXPECT_FALSE(read("linked/")->is_watchable);
    write("named/file");
    std::filesystem::create_hard_link(site() / "named/file", site() / "flat/name");
    EXPECT_FALSE(read("named/")->is_watchable);
}

TEST_F(DirectoryTest, GivesNamesAsTheyAre) {
    const Names odd = {"\n\x1B\xFF", " ", "-", "<b>&\"'", "a%41?#", "~"};
    for (const std::string& name : odd) {
        write(name);
    }
    EXPECT_EQ(names(), odd);
}

TEST_F(DirectoryTest, IsEmptyWhenThereIsNothing) {
    const auto directory = read();
    ASSERT_TRUE(directory);
    EXPECT_TRUE(directory->entries.empty());
    EXPECT_FALSE(directory->is_truncated);
}

TEST_F(DirectoryTest, LeavesOutHiddenNames) {
    write(".git/config");
    write(".htpasswd");
    write("...");
    write("shown");
    EXPECT_EQ(names(), Names{"shown"});
}

TEST_F(DirectoryTest, ShowsWellKnownInTheRootAlone) {
    write(".well-known/security.txt");
    write(".well-known-not");
    write("deep/.well-known/security.txt");
    EXPECT_EQ(names(), (Names{".well-known", "deep"}));
    EXPECT_EQ(names("deep/"), Names{});
}

TEST_F(DirectoryTest, ShowsHiddenNamesThatAreLetOut) {
    write(".treeinfo");
    write(".git/config");
    write("deep/.treeinfo");
    const HiddenNames hidden({"/.*"});
    const auto shown = [&](std::string_view path) {
        return sorted_names(read_directory(root(), SymlinkPolicy::inside, path, open(path).get(),
                                           LinkReach::anywhere, hidden)
                                .value());
    };
    EXPECT_EQ(shown(""), (Names{".treeinfo", "deep"}));
    EXPECT_EQ(shown("deep/"), Names{});
}

TEST_F(DirectoryTest, LeavesOutNamesThatAreHiddenInTheRoot) {
    write("_headers");
    write("_headers.gz");
    write("deep/_headers");
    HiddenNames hidden;
    hidden.hide_in_root("_headers");
    const auto shown = [&](std::string_view path) {
        return sorted_names(read_directory(root(), SymlinkPolicy::inside, path, open(path).get(),
                                           LinkReach::anywhere, hidden)
                                .value());
    };
    EXPECT_EQ(shown(""), Names{"deep"});
    EXPECT_EQ(shown("deep/"), Names{"_headers"});
}

TEST_F(DirectoryTest, LeavesOutWhatIsNeitherFileNorDirectory) {
    ASSERT_EQ(::mkfifo((site() / "fifo").c_str(), 0600), 0);
    link("fifo", "link");
    write("shown");
    EXPECT_EQ(names(), Names{"shown"});
}

TEST_F(DirectoryTest, ShowsWhatALinkLeadsTo) {
    write("page", "12345");
    write("deep/page");
    link("../page", "deep/link");
    link("deep", "folder");
    const auto directory = read("deep/");
    ASSERT_TRUE(directory);
    const auto link = std::ranges::find(directory->entries, "link", &DirectoryEntry::name);
    ASSERT_NE(link, directory->entries.end());
    EXPECT_EQ(link->kind, Kind::regular);
    EXPECT_EQ(link->size, 5U);
    // The directory itself may be reached through a link as well.
    EXPECT_EQ(names("folder/"), (Names{"link", "page"}));
}

TEST_F(DirectoryTest, ShowsNoLinkThatLeadsNowhere) {
    link("absent", "dangling");
    link("circle", "circle");
    write("shown");
    EXPECT_EQ(names(), Names{"shown"});
    EXPECT_EQ(names("", SymlinkPolicy::all), Names{"shown"});
}

TEST_F(DirectoryTest, ShowsLinksAsThePolicySays) {
    directory_.write("secret", "outside");
    write("file");
    link("file", "inside");
    link("../secret", "outside");
    link(directory_.path() / "secret", "outside_absolute");
    EXPECT_EQ(names("", SymlinkPolicy::inside), (Names{"file", "inside"}));
    EXPECT_EQ(names("", SymlinkPolicy::all),
              (Names{"file", "inside", "outside", "outside_absolute"}));
    EXPECT_EQ(names("", SymlinkPolicy::none), Names{"file"});
}

TEST_F(DirectoryTest, CanBeReadAgainThroughTheSameDescriptor) {
    write("a");
    write("b");
    const UniqueFd descriptor = open("");
    for (int i = 0; i < 2; ++i) {
        const auto directory = read_directory(root(), SymlinkPolicy::inside, "", descriptor.get());
        ASSERT_TRUE(directory);
        EXPECT_EQ(sorted_names(*directory), (Names{"a", "b"}));
    }
    EXPECT_EQ(::lseek(descriptor.get(), 0, SEEK_CUR), 0);
}

TEST_F(DirectoryTest, LeavesOutWhatIsTooMuchAndSaysSo) {
    for (const char* const name : {"a", "b", "c", ".hidden"}) {
        write(name);
    }
    const UniqueFd descriptor = open("");
    const auto read_up_to = [&](std::size_t entries_max) {
        return *read_directory(root(), SymlinkPolicy::inside, "", descriptor.get(),
                               LinkReach::anywhere, {}, entries_max);
    };
    EXPECT_EQ(read_up_to(3).entries.size(), 3U);
    EXPECT_FALSE(read_up_to(3).is_truncated);
    EXPECT_EQ(read_up_to(2).entries.size(), 2U);
    EXPECT_TRUE(read_up_to(2).is_truncated);
}

TEST_F(DirectoryTest, ReportsWhatIsNoDirectory) {
    write("file");
    const auto file = read("file");
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error(), Errno(ENOTDIR));
    const auto nothing = read_directory(root(), SymlinkPolicy::inside, "", -1);
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error(), Errno(EBADF));
}

}  // namespace
}  // namespace torc::file
