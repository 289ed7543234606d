#include <torc/file/root.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>
#include <string_view>

namespace torc::file {
namespace {

using torc::test::TemporaryDirectory;

/// What the server does through its proactor: one openat2(2) beneath the root.
Result<UniqueFd> open_beneath(const Root& root, const char* path,
                              const open_how& how = Root::how(SymlinkPolicy::inside)) {
    const long fd = ::syscall(SYS_openat2, root.descriptor(), path, &how, sizeof(open_how));
    if (fd < 0) {
        return std::unexpected(Errno::last());
    }
    return UniqueFd(static_cast<int>(fd));
}

std::string first_bytes(const UniqueFd& file) {
    std::array<char, 64> buffer{};
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    return {buffer.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

class RootTest : public ::testing::Test {
protected:
    void SetUp() override {
        directory_.write("site/page.html", "inside");
        directory_.write("secret.txt", "outside");
    }

    [[nodiscard]] std::filesystem::path site() const { return directory_.path() / "site"; }
    [[nodiscard]] Root open_site() const { return *Root::open(site().string()); }
    void link(std::string_view target, std::string_view name) const {
        std::filesystem::create_symlink(target, site() / name);
    }

    TemporaryDirectory directory_;
};

TEST_F(RootTest, OpensADirectory) {
    const auto root = Root::open(site().string());
    ASSERT_TRUE(root);
    EXPECT_GE(root->descriptor(), 0);
}

TEST_F(RootTest, FollowsASymbolicLinkToTheDirectory) {
    std::filesystem::create_symlink(site(), directory_.path() / "current");
    const auto root = Root::open((directory_.path() / "current").string());
    ASSERT_TRUE(root);
    EXPECT_TRUE(open_beneath(*root, "page.html"));
}

TEST_F(RootTest, ReportsADirectoryThatIsNotThere) {
    const auto root = Root::open((site() / "absent").string());
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error(), Errno(ENOENT));
}

TEST_F(RootTest, RefusesAFile) {
    const auto root = Root::open((site() / "page.html").string());
    ASSERT_FALSE(root);
    EXPECT_EQ(root.error(), Errno(ENOTDIR));
}

TEST_F(RootTest, ClosesItsDescriptorOnExec) {
    const Root root = open_site();
    EXPECT_NE(::fcntl(root.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(RootTest, OpensAFileBeneathIt) {
    const auto file = open_beneath(open_site(), "page.html");
    ASSERT_TRUE(file);
    EXPECT_EQ(first_bytes(*file), "inside");
    EXPECT_NE(::fcntl(file->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(RootTest, RefusesEveryWayOut) {
    link("../secret.txt", "relative");
    link((directory_.path() / "secret.txt").string(), "absolute");
    link("..", "parent");
    const Root root = open_site();
    const std::string absolute_path = (directory_.path() / "secret.txt").string();
    for (const std::string& path :
         {std::string("../secret.txt"), std::string("relative"), std::string("absolute"),
          std::string("parent/secret.txt"), std::string("parent/site/page.html"), absolute_path}) {
        const auto file = open_beneath(root, path.c_str());
        ASSERT_FALSE(file) << path;
        EXPECT_EQ(file.error(), Errno(EXDEV)) << path;
    }
}

TEST_F(RootTest, FollowsASymbolicLinkThatStaysBeneathIt) {
    std::filesystem::create_directory(site() / "deep");
    link("../page.html", "deep/link.html");
    const auto file = open_beneath(open_site(), "deep/link.html");
    ASSERT_TRUE(file);
    EXPECT_EQ(first_bytes(*file), "inside");
}

TEST_F(RootTest, FollowsALinkOutOfItWhenEveryLinkIsFollowed) {
    link("../secret.txt", "relative");
    link((directory_.path() / "secret.txt").string(), "absolute");
    const Root root = open_site();
    for (const char* const path : {"relative", "absolute"}) {
        const auto file = open_beneath(root, path, Root::how(SymlinkPolicy::all));
        ASSERT_TRUE(file) << path;
        EXPECT_EQ(first_bytes(*file), "outside") << path;
    }
}

TEST_F(RootTest, FollowsNoLinkWhenNoneIsFollowed) {
    directory_.write("site/deep/page.html", "deep");
    link("page.html", "file");
    link("deep", "directory");
    const Root root = open_site();
    for (const char* const path : {"file", "directory/page.html"}) {
        const auto file = open_beneath(root, path, Root::how(SymlinkPolicy::none));
        ASSERT_FALSE(file) << path;
        EXPECT_EQ(file.error(), Errno(ELOOP)) << path;
    }
    EXPECT_TRUE(open_beneath(root, "deep/page.html", Root::how(SymlinkPolicy::none)));
    const auto outside = open_beneath(root, "../secret.txt", Root::how(SymlinkPolicy::none));
    ASSERT_FALSE(outside);
    EXPECT_EQ(outside.error(), Errno(EXDEV));
}

TEST_F(RootTest, RefusesMagicLinksWhateverElseIsFollowed) {
    const auto root = Root::open("/proc");
    ASSERT_TRUE(root);
    // Not by /proc/self, which is a link itself.
    const std::string path = std::to_string(::getpid()) + "/exe";
    for (const SymlinkPolicy policy :
         {SymlinkPolicy::inside, SymlinkPolicy::all, SymlinkPolicy::none}) {
        const auto file = open_beneath(*root, path.c_str(), Root::how(policy));
        ASSERT_FALSE(file);
        EXPECT_EQ(file.error(), Errno(ELOOP));
    }
}

TEST_F(RootTest, DoesNotWaitForTheWriterOfAFifo) {
    ASSERT_EQ(::mkfifo((site() / "fifo").c_str(), 0600), 0);
    EXPECT_TRUE(open_beneath(open_site(), "fifo"));
}

TEST_F(RootTest, OpensStrictlyWhatNoLinkIsOnTheWayTo) {
    link("page.html", "link.html");
    std::filesystem::create_directory(site() / "directory");
    link("directory", "other");
    directory_.write("site/directory/page.html", "deeper");
    const Root root = open_site();
    EXPECT_TRUE(open_beneath(root, "page.html", Root::strict_how()));
    EXPECT_TRUE(open_beneath(root, "directory/page.html", Root::strict_how()));
    EXPECT_EQ(open_beneath(root, "link.html", Root::strict_how()).error(), Errno(ELOOP));
    EXPECT_EQ(open_beneath(root, "other/page.html", Root::strict_how()).error(), Errno(ELOOP));
}

TEST_F(RootTest, DoesNotOpenStrictlyWhatIsOnAnotherMount) {
    const Root root = *Root::open("/");
    EXPECT_EQ(open_beneath(root, "proc/version", Root::strict_how()).error(), Errno(EXDEV));
}

TEST_F(RootTest, OpensADirectoryWithoutPermissionToRead) {
    std::filesystem::create_directory(site() / "directory");
    const Root root = open_site();
    EXPECT_TRUE(open_beneath(root, "directory/", Root::directory_how()));
    EXPECT_TRUE(open_beneath(root, ".", Root::directory_how()));
    EXPECT_EQ(open_beneath(root, "page.html", Root::directory_how()).error(), Errno(ENOTDIR));
}

TEST_F(RootTest, KnowsItselfAgain) {
    std::filesystem::create_directory(site() / "directory");
    const Root root = open_site();
    EXPECT_TRUE(root.is(*Metadata::of(open_site().descriptor())));
    UniqueFd other = *open_beneath(root, "directory", Root::directory_how());
    const Metadata metadata = *Metadata::of(other.get());
    EXPECT_FALSE(root.is(metadata));
    const Root replacement = Root::replacing(root, std::move(other), metadata, MountTable());
    EXPECT_TRUE(replacement.is(metadata));
    EXPECT_EQ(replacement.reports_changes(), root.reports_changes());
    EXPECT_EQ(replacement.lane(), root.lane());
}

TEST_F(RootTest, KnowsTheFileSystemOfAReplacementOnAnotherDevice) {
    const Root root = open_site();
    const Root memory = *Root::open("/dev/shm");
    UniqueFd same(::open("/dev/shm", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const Metadata metadata = *Metadata::of(same.get());
    const Root replacement = Root::replacing(root, std::move(same), metadata, MountTable());
    EXPECT_EQ(replacement.reports_changes(), memory.reports_changes());
    EXPECT_EQ(replacement.lane(), memory.lane());
}

TEST_F(RootTest, TellsWhereItIsAfterItWasRenamed) {
    const Root root = open_site();
    std::filesystem::rename(site(), directory_.path() / "elsewhere");
    EXPECT_EQ(root.path(), (directory_.path() / "elsewhere").string());
}

TEST_F(RootTest, PromisesNothingWhereTheKernelMakesUpTheFiles) {
    const Root root = *Root::open("/proc");
    EXPECT_FALSE(root.reports_changes());
    EXPECT_NE(root.lane(), Lane::local);
}

TEST_F(RootTest, IsLocalInMemory) {
    const auto root = Root::open("/dev/shm");
    if (!root) {
        GTEST_SKIP() << "no /dev/shm here";
    }
    EXPECT_TRUE(root->reports_changes());
    EXPECT_EQ(root->lane(), Lane::local);
}

}  // namespace
}  // namespace torc::file
