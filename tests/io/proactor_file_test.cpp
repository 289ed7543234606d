#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

namespace torc::io::test {
namespace {

using torc::test::patterned_bytes;
using torc::test::TemporaryDirectory;

class ProactorFile : public ProactorTest {
protected:
    void SetUp() override {
        ProactorTest::SetUp();
        root_.reset(
            check(::open(directory_.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC), "open"));
    }

    [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

    /// Opens beneath the temporary directory; a descriptor or a negated errno.
    std::int32_t open_beneath_root(const char* path, std::uint64_t flags = O_RDONLY) {
        const open_how how{.flags = flags | O_CLOEXEC, .mode = 0, .resolve = RESOLVE_BENEATH};
        return finish(open(root_.get(), path, how)).result;
    }

    UniqueFd file_of(std::string_view contents) {
        const auto path = directory_.write("file", contents);
        return UniqueFd(check(::open(path.c_str(), O_RDWR | O_CLOEXEC), "open"));
    }

    static std::string text_of(std::span<const std::byte> bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

private:
    TemporaryDirectory directory_;
    UniqueFd root_;
};

TEST_P(ProactorFile, OpensAFileBeneathADirectory) {
    directory().write("a/b/c.txt", "contents");
    const UniqueFd file(open_beneath_root("a/b/c.txt"));
    ASSERT_TRUE(file);
    std::array<char, 16> text{};
    EXPECT_EQ(::read(file.get(), text.data(), text.size()), 8);
    EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_P(ProactorFile, OpensADirectory) {
    directory().write("a/file", "");
    const UniqueFd opened(open_beneath_root("a", O_RDONLY | O_DIRECTORY));
    EXPECT_TRUE(opened);
}

TEST_P(ProactorFile, OpensAFileThatTheKernelHasForgotten) {
    directory().write("a/file", "contents");
    // Another name for the same file: the kernel has not looked it up yet.
    std::filesystem::create_hard_link(directory().path() / "a/file", directory().path() / "fresh");
    for (int count = 0; count < 100; ++count) {
        std::filesystem::rename(directory().path() / "fresh", directory().path() / "renamed");
        std::filesystem::rename(directory().path() / "renamed", directory().path() / "fresh");
        const UniqueFd opened(open_beneath_root("fresh"));
        ASSERT_TRUE(opened);
    }
}

TEST_P(ProactorFile, RefusesToLeaveTheDirectoryItOpensBeneath) {
    std::filesystem::create_directory(directory().path() / "sub");
    std::filesystem::create_symlink("/etc/hostname", directory().path() / "absolute");
    std::filesystem::create_symlink("../..", directory().path() / "upward");
    for (const char* path : {"..", "../x", "sub/../../x", "/etc/hostname", "absolute", "upward"}) {
        EXPECT_EQ(open_beneath_root(path), -EXDEV) << path;
    }
}

TEST_P(ProactorFile, ReportsWhyAFileCantBeOpened) {
    directory().write("file", "");
    std::filesystem::create_symlink("loop", directory().path() / "loop");
    EXPECT_EQ(open_beneath_root("missing"), -ENOENT);
    EXPECT_EQ(open_beneath_root("missing/too"), -ENOENT);
    EXPECT_EQ(open_beneath_root("file/below"), -ENOTDIR);
    EXPECT_EQ(open_beneath_root("file", O_RDONLY | O_DIRECTORY), -ENOTDIR);
    EXPECT_EQ(open_beneath_root("loop"), -ELOOP);
    EXPECT_EQ(open_beneath_root(""), -ENOENT);
}

TEST_P(ProactorFile, StatsAFile) {
    const UniqueFd file = file_of("contents");
    struct statx status{};
    const Outcome outcome = finish(stat(file.get(), status));
    EXPECT_EQ(outcome.result, 0);
    EXPECT_EQ(status.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
    EXPECT_EQ(status.stx_size, 8U);
    EXPECT_EQ(status.stx_mode & 0170000U, 0100000U) << "a regular file";
}

TEST_P(ProactorFile, StatsADirectory) {
    const UniqueFd opened(open_beneath_root(".", O_PATH | O_DIRECTORY));
    ASSERT_TRUE(opened);
    struct statx status{};
    EXPECT_EQ(finish(stat(opened.get(), status)).result, 0);
    EXPECT_EQ(status.stx_mode & 0170000U, 0040000U) << "a directory";
}

TEST_P(ProactorFile, ReportsABadDescriptor) {
    const UniqueFd file = file_of("x");
    const int closed = ::dup(file.get());
    ::close(closed);
    struct statx status{};
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(finish(stat(closed, status)).result, -EBADF);
    EXPECT_EQ(finish(read(closed, buffer, 0)).result, -EBADF);
}

TEST_P(ProactorFile, ReadsFromAnOffset) {
    const UniqueFd file = file_of("0123456789");
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(finish(read(file.get(), buffer, 3)).result, 4);
    EXPECT_EQ(text_of(buffer), "3456");
}

TEST_P(ProactorFile, ReadsUpToTheEndOfTheFile) {
    const UniqueFd file = file_of("0123456789");
    std::array<std::byte, 8> buffer{};
    EXPECT_EQ(finish(read(file.get(), buffer, 6)).result, 4);
    EXPECT_EQ(text_of(buffer).substr(0, 4), "6789");
    EXPECT_EQ(finish(read(file.get(), buffer, 10)).result, 0);
    EXPECT_EQ(finish(read(file.get(), buffer, 1000)).result, 0);
}

TEST_P(ProactorFile, LeavesTheFilesOwnPositionWhenReading) {
    const UniqueFd file = file_of("0123456789");
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(finish(read(file.get(), buffer, 3)).result, 4);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
}

TEST_P(ProactorFile, ReadsAWholeFileThatIsColdInParts) {
    const std::string contents = patterned_bytes(1024 * 1024);
    const UniqueFd file = file_of(contents);
    for (const std::size_t warm : {std::size_t{0}, std::size_t{512 * 1024}}) {
        ASSERT_EQ(::fsync(file.get()), 0);
        ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM), 0);
        ASSERT_EQ(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
        std::array<char, 4096> page{};
        ASSERT_EQ(::pread(file.get(), page.data(), page.size(), static_cast<off_t>(warm)), 4096);
        std::vector<std::byte> buffer(contents.size());
        EXPECT_EQ(finish(read(file.get(), buffer, 0)).result,
                  static_cast<std::int32_t>(contents.size()));
        EXPECT_TRUE(text_of(buffer) == contents);
    }
}

TEST_P(ProactorFile, ReportsWhatCantBeRead) {
    const UniqueFd opened(open_beneath_root(".", O_RDONLY | O_DIRECTORY));
    std::array<std::byte, 4> buffer{};
    EXPECT_EQ(finish(read(opened.get(), buffer, 0)).result, -EISDIR);
}

TEST_P(ProactorFile, ClosesADescriptor) {
    auto connection = connect();
    const Token token = receive(connection.socket);
    write_all(connection.peer.get(), "x");
    static_cast<void>(finish(token));
    close(connection.socket);
    turn();
    EXPECT_EQ(read_exactly(connection.peer.get(), 1), "") << "the peer sees the end";
    EXPECT_LT(::fcntl(connection.socket, F_GETFD), 0);
}

TEST_P(ProactorFile, ServesANewConnectionThatGetsAClosedDescriptorsNumber) {
    for (int round = 0; round < 20; ++round) {
        auto connection = connect();
        const Token token = receive(connection.socket);
        write_all(connection.peer.get(), "ping");
        if (round % 3 == 0) {
            connection.peer.reset();
        }
        EXPECT_EQ(finish(token).data, "ping");
        close(connection.socket);
        turn();
    }
}

TEST_P(ProactorFile, ClosesWhatWasClosedInItsLastTurn) {
    // A server that stops closes its connections and makes no further wait.
    auto made = make_proactor(GetParam(), ProactorOptions{});
    ASSERT_TRUE(made.has_value());
    const UniqueFd listener = listen_on_loopback(1);
    const UniqueFd peer = connect_to(listener.get());
    (*made)->close(check(::accept(listener.get(), nullptr, nullptr), "accept"));
    made->reset();
    EXPECT_EQ(read_exactly(peer.get(), 1), "");
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorFile, every_backend(), backend_name);

TEST_P(ProactorFile, TellsTheStatusOfAnOpenFileAtOnce) {
    const UniqueFd file = file_of("contents");
    struct statx status{};
    ASSERT_TRUE(proactor().stat_at_once(file.get(), status));
    EXPECT_EQ(status.stx_size, 8U);
    EXPECT_EQ(proactor().stat_at_once(-1, status).error(), Errno(EBADF));
}

}  // namespace
}  // namespace torc::io::test
