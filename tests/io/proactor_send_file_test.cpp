#include "full_socket.hpp"
#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>

namespace torc::io::test {
namespace {

using torc::test::patterned_bytes;
using torc::test::TemporaryDirectory;

constexpr std::size_t megabyte = 1024 * 1024;

class ProactorSendFile : public ProactorTest {
protected:
    UniqueFd file_of(std::string_view contents) {
        const auto path = directory_.write("file", contents);
        return UniqueFd(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open"));
    }

    static FileVersion version_of(int file) {
        struct stat status{};
        check(::fstat(file, &status), "fstat");
        const auto to_time = [](const timespec& time) {
            return to_wall_time(time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec));
        };
        const auto bytes = static_cast<std::uint64_t>(status.st_size);
        const std::size_t length = std::min<std::uint64_t>(bytes, FileEnds::bytes_max);
        return {.bytes = bytes,
                .modified = to_time(status.st_mtim),
                .changed = to_time(status.st_ctim),
                .ends = FileEnds{.beginning = hash_at(file, 0, length),
                                 .end = hash_at(file, bytes - length, length)}};
    }
    static std::uint64_t hash_at(int file, std::uint64_t offset, std::size_t length) {
        std::vector<std::byte> part(length);
        check(static_cast<int>(::pread(file, part.data(), length, static_cast<off_t>(offset))),
              "pread");
        return FileEnds::hash(part);
    }
    /// What comes of sending all of a file of that version in one go.
    int send_whole(int file, const FileVersion& version, Lane lane) {
        const auto connection = connect();
        return finish(send_file({.socket = connection.socket,
                                 .file = file,
                                 .length = version.bytes,
                                 .lane = lane,
                                 .version = version}))
            .result;
    }

    /// Drops the file's pages from memory, as far as the file system does.
    static void make_cold(int file) {
        check(::fsync(file), "fsync");
        ASSERT_EQ(::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED), 0);
    }

    /// Sends all of `slice`, chunk by chunk, while the peer reads `read_bytes` a turn; gives what
    /// came.
    std::string send_all(const Connection& connection, FileSlice slice, std::size_t read_bytes) {
        slice.socket = connection.socket;
        const std::uint64_t length = slice.length;
        std::string received;
        while (slice.length > 0) {
            const Outcome outcome = finish_while(
                send_file(slice), [&] { read_some(connection.peer.get(), received, read_bytes); });
            if (outcome.result <= 0 || outcome.result > static_cast<int>(most_at_once)) {
                throw std::runtime_error("send_file: " + std::to_string(outcome.result));
            }
            slice.offset += static_cast<std::uint64_t>(outcome.result);
            slice.length -= static_cast<std::uint64_t>(outcome.result);
        }
        return received + read_exactly(connection.peer.get(), length - received.size());
    }

    [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }

    static constexpr std::uint32_t most_at_once = limits::send_file_chunk_bytes;

private:
    TemporaryDirectory directory_;
};

TEST_P(ProactorSendFile, SendsASmallFileAtOnce) {
    const UniqueFd file = file_of("contents");
    const auto connection = connect();
    const Outcome outcome =
        finish(send_file({.socket = connection.socket, .file = file.get(), .length = 8}));
    EXPECT_EQ(outcome.result, 8);
    EXPECT_EQ(read_exactly(connection.peer.get(), 8), "contents");
}

/// On the loop and on a thread.
constexpr std::array lanes = {Lane::local, device_lane(0, 77)};

TEST_P(ProactorSendFile, SendsTheEndOfAFileThatIsTheVersionThatItWas) {
    for (const Lane lane : lanes) {
        const UniqueFd file = file_of("0123456789");
        const auto connection = connect();
        const FileVersion version = version_of(file.get());
        // Neither has to do with its bytes.
        check(::fchmod(file.get(), 0600), "fchmod");
        std::filesystem::remove(directory().path() / "file");
        const Outcome outcome = finish(send_file({.socket = connection.socket,
                                                  .file = file.get(),
                                                  .offset = 2,
                                                  .length = 8,
                                                  .lane = lane,
                                                  .version = version}));
        EXPECT_EQ(outcome.result, 8);
        EXPECT_EQ(read_exactly(connection.peer.get(), 8), "23456789");
    }
}

TEST_P(ProactorSendFile, DoesNotSendTheEndOfAFileThatWasWrittenMeanwhile) {
    const std::string contents = patterned_bytes(most_at_once + 1000);
    for (const Lane lane : lanes) {
        const UniqueFd file = file_of(contents);
        const auto connection = connect();
        FileSlice slice{.socket = connection.socket,
                        .file = file.get(),
                        .length = contents.size(),
                        .lane = lane,
                        .version = version_of(file.get())};
        (void)file_of(patterned_bytes(contents.size(), 2));
        std::string received;
        Outcome outcome;
        do {
            outcome = finish_while(send_file(slice),
                                   [&] { read_some(connection.peer.get(), received, megabyte); });
            slice.offset += static_cast<std::uint64_t>(std::max(outcome.result, 0));
            slice.length -= static_cast<std::uint64_t>(std::max(outcome.result, 0));
        } while (outcome.result > 0 && slice.length > 0);
        EXPECT_EQ(outcome.result, -ESTALE);
        EXPECT_GT(slice.offset, 0U) << "what is not the end is sent without a look";
    }
}

TEST_P(ProactorSendFile, TellsAFileThatShrankFromOneThatGrew) {
    struct Case {
        off_t size;
        int result;
    };
    for (const Lane lane : lanes) {
        for (const auto& [size, result] : {Case{9, -ESTALE}, Case{11, 10}}) {
            const UniqueFd file = file_of("0123456789");
            const auto connection = connect();
            const FileVersion version = version_of(file.get());
            check(::truncate((directory().path() / "file").c_str(), size), "truncate");
            const Outcome outcome = finish(send_file({.socket = connection.socket,
                                                      .file = file.get(),
                                                      .length = 10,
                                                      .lane = lane,
                                                      .version = version}));
            EXPECT_EQ(outcome.result, result) << size;
        }
    }
}

TEST_P(ProactorSendFile, TellsAFileThatWasAppendedToFromOneThatALongerOneWasWrittenOver) {
    const std::string contents = patterned_bytes(50'000);
    const std::string other_end = contents.substr(0, 45'000) + std::string(10'000, 'e');
    for (const Lane lane : lanes) {
        const UniqueFd file = file_of(contents);
        const FileVersion version = version_of(file.get());
        (void)file_of(contents + "appended");
        EXPECT_EQ(send_whole(file.get(), version, lane), static_cast<int>(contents.size()));
        for (const std::string& longer : {patterned_bytes(50'123, 2), other_end}) {
            (void)file_of(longer);
            EXPECT_EQ(send_whole(file.get(), version, lane), -ESTALE);
        }
    }
}

TEST_P(ProactorSendFile, DoesNotSendTheEndOfAFileThatWasWrittenAndHasItsTimeBack) {
    const std::string contents = patterned_bytes(50'000);
    for (const Lane lane : lanes) {
        const UniqueFd file = file_of(contents);
        const FileVersion version = version_of(file.get());
        struct stat status{};
        check(::fstat(file.get(), &status), "fstat");
        (void)file_of(patterned_bytes(contents.size(), 2));
        const std::array times = {status.st_atim, status.st_mtim};
        check(::futimens(file.get(), times.data()), "futimens");
        EXPECT_EQ(send_whole(file.get(), version, lane), -ESTALE);
    }
}

TEST_P(ProactorSendFile, SendsTheEndOfAFileWhoseTimeIsBeyondAllReckoning) {
    const UniqueFd file = file_of("0123456789");
    const timespec time{.tv_sec = std::int64_t{1} << 33U, .tv_nsec = 5};
    const std::array times = {time, time};
    check(::futimens(file.get(), times.data()), "futimens");
    const auto connection = connect();
    const Outcome outcome = finish(send_file({.socket = connection.socket,
                                              .file = file.get(),
                                              .length = 10,
                                              .version = version_of(file.get())}));
    EXPECT_EQ(outcome.result, 10);
}

TEST_P(ProactorSendFile, SendsFromItsOffset) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    EXPECT_EQ(send_all(connection, {.file = file.get(), .offset = 3, .length = 4}, megabyte),
              "3456");
}

TEST_P(ProactorSendFile, LeavesTheFilesOwnPosition) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    EXPECT_EQ(send_all(connection, {.file = file.get(), .offset = 3, .length = 4}, megabyte),
              "3456");
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
}

TEST_P(ProactorSendFile, SendsABigFileByChunks) {
    const std::string contents = patterned_bytes((5 * megabyte) + 4321);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    const FileSlice slice{.file = file.get(), .offset = 1234, .length = contents.size() - 1234};
    EXPECT_TRUE(send_all(connection, slice, megabyte) == contents.substr(1234));
}

TEST_P(ProactorSendFile, SendsToASlowReader) {
    const std::string contents = patterned_bytes(3 * megabyte);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    fill(connection.socket);
    FileSlice slice{.socket = connection.socket, .file = file.get(), .length = contents.size()};
    const Token first = send_file(slice);
    settle();
    ASSERT_FALSE(take(first).has_value()) << "there was no room";
    std::string received;
    const auto read_a_little = [&] { read_some(connection.peer.get(), received, 64 * 1024); };
    for (Outcome chunk = finish_while(first, read_a_little);;
         chunk = finish_while(send_file(slice), read_a_little)) {
        ASSERT_GT(chunk.result, 0);
        slice.offset += static_cast<std::uint64_t>(chunk.result);
        slice.length -= static_cast<std::uint64_t>(chunk.result);
        if (slice.length == 0) {
            break;
        }
    }
    proactor().shutdown(connection.socket, SHUT_WR);
    received += read_exactly(connection.peer.get(), 64 * megabyte);
    // What filled the buffers comes first.
    ASSERT_TRUE(received.ends_with(contents));
    received.resize(received.size() - contents.size());
    EXPECT_EQ(received.find_first_not_of('f'), std::string::npos);
}

TEST_P(ProactorSendFile, SendsLargePiecesToWhoReadsInSmallOnes) {
    const std::string contents = patterned_bytes(8 * megabyte);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    FileSlice slice{.socket = connection.socket, .file = file.get(), .length = contents.size()};
    std::string received;
    const auto read_a_little = [&] { read_some(connection.peer.get(), received, 32 * 1024); };
    std::size_t pieces = 0;
    for (; slice.length > 0; ++pieces) {
        const Outcome piece = finish_while(send_file(slice), read_a_little);
        ASSERT_GT(piece.result, 0);
        slice.offset += static_cast<std::uint64_t>(piece.result);
        slice.length -= static_cast<std::uint64_t>(piece.result);
        // Room for as much, and no more, when the next piece is asked for.
        read_a_little();
    }
    received += read_exactly(connection.peer.get(), contents.size() - received.size());
    EXPECT_TRUE(received == contents);
    EXPECT_LT(pieces, contents.size() / (std::size_t{256} * 1024));
}

TEST_P(ProactorSendFile, SleepsWhileAHalfClosedPeerDoesNotRead) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    const auto connection = connect();
    half_close(connection.peer.get(), connection.socket);
    fill(connection.socket);
    const Token token =
        send_file({.socket = connection.socket, .file = file.get(), .length = megabyte});
    settle();
    EXPECT_LT(turns_within(std::chrono::milliseconds(200)), 50U);
    EXPECT_FALSE(take(token).has_value());
    std::string filling;
    const Outcome outcome =
        finish_while(token, [&] { read_some(connection.peer.get(), filling, megabyte); });
    EXPECT_GT(outcome.result, 0);
}

TEST_P(ProactorSendFile, SendsAllToAHalfClosedPeerThatReadsSlowly) {
    const std::string contents = patterned_bytes(8 * megabyte);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    half_close(connection.peer.get(), connection.socket);
    EXPECT_TRUE(send_all(connection, {.file = file.get(), .length = contents.size()}, 64 * 1024) ==
                contents);
}

TEST_P(ProactorSendFile, SendsAColdFile) {
    const std::string contents = patterned_bytes((6 * megabyte) + 77);
    const UniqueFd file = file_of(contents);
    make_cold(file.get());
    const auto connection = connect();
    EXPECT_TRUE(send_all(connection, {.file = file.get(), .length = contents.size()}, megabyte) ==
                contents);
}

TEST_P(ProactorSendFile, SendsAFileThatIsColdInParts) {
    const std::string contents = patterned_bytes(4 * megabyte);
    const UniqueFd file = file_of(contents);
    make_cold(file.get());
    // Warm beginning, cold end; then the reverse.
    for (const std::size_t warm : {std::size_t{0}, contents.size() - 4096}) {
        make_cold(file.get());
        std::array<char, 4096> page{};
        ASSERT_EQ(::pread(file.get(), page.data(), page.size(), static_cast<off_t>(warm)), 4096);
        const auto connection = connect();
        EXPECT_TRUE(send_all(connection, {.file = file.get(), .length = contents.size()},
                             megabyte) == contents);
    }
}

TEST_P(ProactorSendFile, SendsColdFilesToManyPeersAtOnce) {
    const std::string contents = patterned_bytes(300 * 1024);
    const UniqueFd file = file_of(contents);
    make_cold(file.get());
    std::vector<Connection> connections;
    std::vector<Token> tokens;
    for (int count = 0; count < 40; ++count) {
        connections.push_back(connect());
        tokens.push_back(send_file({.socket = connections.back().socket,
                                    .file = file.get(),
                                    .offset = static_cast<std::uint64_t>(count) * 4096,
                                    .length = 64 * 1024}));
    }
    for (std::size_t index = 0; index < tokens.size(); ++index) {
        const Outcome outcome = finish(tokens[index]);
        ASSERT_GT(outcome.result, 0);
        const auto sent = static_cast<std::size_t>(outcome.result);
        EXPECT_EQ(read_exactly(connections[index].peer.get(), sent),
                  contents.substr(index * 4096, sent));
    }
}

TEST_P(ProactorSendFile, FallsShortAtTheEndOfTheFile) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    const Outcome outcome = finish(
        send_file({.socket = connection.socket, .file = file.get(), .offset = 6, .length = 100}));
    EXPECT_EQ(outcome.result, 4);
    EXPECT_EQ(read_exactly(connection.peer.get(), 4), "6789");
}

TEST_P(ProactorSendFile, GivesZeroWhenTheFileEndsBeforeItsOffset) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    for (const std::uint64_t offset : {10U, 11U, 100'000'000U}) {
        EXPECT_EQ(finish(send_file({.socket = connection.socket,
                                    .file = file.get(),
                                    .offset = offset,
                                    .length = 5}))
                      .result,
                  0);
    }
}

TEST_P(ProactorSendFile, GivesZeroWhenTheFileIsTruncatedMeanwhile) {
    const std::string contents = patterned_bytes(2 * megabyte);
    const UniqueFd file = file_of(contents);
    const auto connection = connect();
    fill(connection.socket);
    const Token token = send_file(
        {.socket = connection.socket, .file = file.get(), .offset = megabyte, .length = megabyte});
    settle();
    ASSERT_EQ(::truncate((directory().path() / "file").c_str(), 100), 0);
    std::string filling;
    const Outcome outcome =
        finish_while(token, [&] { read_some(connection.peer.get(), filling, megabyte); });
    EXPECT_EQ(outcome.result, 0);
}

TEST_P(ProactorSendFile, FailsWhenThePeerIsGone) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    auto connection = connect();
    fill(connection.socket);
    const Token token =
        send_file({.socket = connection.socket, .file = file.get(), .length = megabyte});
    settle();
    reset_connection(connection.peer);
    EXPECT_LT(finish(token).result, 0);
}

TEST_P(ProactorSendFile, EndsWhenItsSocketIsShutDown) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    for (const int how : {SHUT_WR, SHUT_RDWR}) {
        const auto connection = connect();
        fill(connection.socket);
        const Token token =
            send_file({.socket = connection.socket, .file = file.get(), .length = megabyte});
        settle();
        ASSERT_FALSE(take(token).has_value());
        proactor().shutdown(connection.socket, how);
        EXPECT_EQ(finish(token).result, -EPIPE);
    }
}

TEST_P(ProactorSendFile, EndsWhenItsSocketIsShutDownWhilePagesAreRead) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    make_cold(file.get());
    const auto connection = connect();
    const Token token =
        send_file({.socket = connection.socket, .file = file.get(), .length = megabyte});
    proactor().shutdown(connection.socket, SHUT_RDWR);
    EXPECT_LE(finish(token).result, static_cast<std::int32_t>(megabyte));
}

TEST_P(ProactorSendFile, FollowsAHeadThatWasHeldBack) {
    const UniqueFd file = file_of("body");
    const auto connection = connect();
    const Message head{"head "};
    EXPECT_EQ(finish(send(connection.socket, head, true)).result, 5);
    EXPECT_EQ(
        finish(send_file({.socket = connection.socket, .file = file.get(), .length = 4})).result,
        4);
    EXPECT_EQ(read_exactly(connection.peer.get(), 9), "head body");
}

TEST_P(ProactorSendFile, ReportsAFileThatCantBeRead) {
    const UniqueFd directory_fd(
        ::open(directory().path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const auto connection = connect();
    const Outcome outcome =
        finish(send_file({.socket = connection.socket, .file = directory_fd.get(), .length = 10}));
    EXPECT_LT(outcome.result, 0);
}

/// The same for what is copied.
class ProactorCopyFile : public ProactorSendFile {
protected:
    static FileSlice copied(FileSlice slice) {
        slice.way = FileSlice::Way::copied_by_segment;
        return slice;
    }
};

TEST_P(ProactorCopyFile, SendsFromItsOffset) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    EXPECT_EQ(
        send_all(connection, copied({.file = file.get(), .offset = 3, .length = 4}), megabyte),
        "3456");
}

TEST_P(ProactorCopyFile, SendsABigFileToWhoReadsInPieces) {
    const std::string contents = patterned_bytes(5 * megabyte + 123);
    const UniqueFd file = file_of(contents);
    for (const std::size_t read_bytes : {megabyte / 16, 4 * megabyte}) {
        const auto connection = connect();
        const std::string received = send_all(
            connection, copied({.file = file.get(), .length = contents.size()}), read_bytes);
        EXPECT_TRUE(received == contents);
    }
}

TEST_P(ProactorCopyFile, SendsOnlyAPieceBeforeOthersHaveTheirTurn) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    const auto connection = connect();
    const Outcome outcome = finish(
        send_file(copied({.socket = connection.socket, .file = file.get(), .length = megabyte})));
    EXPECT_GT(outcome.result, 0);
    EXPECT_LE(outcome.result, static_cast<int>(megabyte / 8));
}

TEST_P(ProactorCopyFile, SendsAColdFile) {
    const std::string contents = patterned_bytes(megabyte);
    const UniqueFd file = file_of(contents);
    make_cold(file.get());
    const auto connection = connect();
    EXPECT_TRUE(send_all(connection, copied({.file = file.get(), .length = megabyte}), megabyte) ==
                contents);
}

TEST_P(ProactorCopyFile, FallsShortAtTheEndOfTheFile) {
    const UniqueFd file = file_of("0123456789");
    const auto connection = connect();
    EXPECT_EQ(
        finish(send_file(copied(
                   {.socket = connection.socket, .file = file.get(), .offset = 6, .length = 100})))
            .result,
        4);
    EXPECT_EQ(
        finish(send_file(copied(
                   {.socket = connection.socket, .file = file.get(), .offset = 10, .length = 96})))
            .result,
        0);
    ::shutdown(connection.socket, SHUT_WR);
    EXPECT_EQ(read_exactly(connection.peer.get(), 4), "6789");
}

TEST_P(ProactorCopyFile, WaitsForRoomAndEndsWithItsSocket) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    const auto connection = connect();
    fill(connection.socket);
    const Token token =
        send_file(copied({.socket = connection.socket, .file = file.get(), .length = megabyte}));
    settle();
    ASSERT_FALSE(take(token).has_value());
    proactor().shutdown(connection.socket, SHUT_RDWR);
    EXPECT_EQ(finish(token).result, -EPIPE);
}

TEST_P(ProactorSendFile, EndsAPieceForAPeerHereWhereASegmentEnds) {
    const UniqueFd file = file_of(patterned_bytes(megabyte));
    for (const auto way :
         {FileSlice::Way::referred_by_segment, FileSlice::Way::copied_by_segment}) {
        const auto connection = connect();
        const Message head{"head "};
        const auto head_bytes = finish(send(connection.socket, head, true)).result;
        int segment_bytes = 0;
        socklen_t length = sizeof segment_bytes;
        check(::getsockopt(connection.socket, IPPROTO_TCP, TCP_MAXSEG, &segment_bytes, &length),
              "getsockopt");
        const Outcome piece =
            finish(send_file({.socket = connection.socket,
                              .file = file.get(),
                              .length = megabyte,
                              .way = way,
                              .preceding_bytes = static_cast<std::uint64_t>(head_bytes)}));
        EXPECT_EQ((head_bytes + piece.result) % segment_bytes, 0);
        EXPECT_LE(piece.result, 64 * 1024) << "so that others have their turn";
    }
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorCopyFile, every_backend(), backend_name);
INSTANTIATE_TEST_SUITE_P(Every, ProactorSendFile, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
