#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/server/diagnostics.hpp>

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <string>

namespace torc::server {
namespace {

/// Runs in a process of its own whose standard error is a pipe, for both belong to the process;
/// true when `body`, which gets the other end, is.
void expect_with_standard_error_piped(const std::function<bool(int reader)>& body) {
    const auto run = [&body] {
        std::array<int, 2> ends{};
        const bool is_ready =
            ::pipe2(ends.data(), O_CLOEXEC) == 0 && ::dup2(ends[1], STDERR_FILENO) == STDERR_FILENO;
        ::close(ends[1]);
        std::_Exit(is_ready && body(ends[0]) ? 0 : 1);
    };
    EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

/// What is there up to and with `end`, or up to the end of all.
std::string read_through(int reader, std::string_view end) {
    std::string text;
    char byte = 0;
    while (!text.ends_with(end) && ::read(reader, &byte, 1) == 1) {
        text += byte;
    }
    return text;
}

TEST(DiagnosticsDeathTest, WritesMessagesAndTextsInTheirOrder) {
    expect_with_standard_error_piped([](int reader) {
        {
            Diagnostics diagnostics;
            spdlog::warn("one");
            diagnostics.print("two\n");
            spdlog::info("three");
        }
        const std::string expected = "torc: warning: one\ntwo\ntorc: info: three\n";
        return read_through(reader, expected) == expected;
    });
}

TEST(DiagnosticsDeathTest, KeepsNobodyWaitingForAReaderAndTellsHimLaterWhatWasLost) {
    expect_with_standard_error_piped([](int reader) {
        Diagnostics diagnostics;
        const std::string text(1000, 'x');
        const std::size_t messages = 2 * limits::diagnostics_queue_bytes_max / text.size();
        for (std::size_t message = 0; message < messages; ++message) {
            spdlog::warn("{}", text);
        }
        const std::string said = read_through(
            reader, " lines lost: the reader of the pipe takes lines more slowly than they come\n");
        return said.ends_with("come\n") && said.contains("\ntorc: warning: diagnostics: ");
    });
}

TEST(DiagnosticsDeathTest, EndsThoughNobodyReads) {
    expect_with_standard_error_piped([](int) {
        Diagnostics diagnostics;
        diagnostics.print(std::string(200'000, '\n'));
        diagnostics.finish();
        spdlog::warn("to nobody");
        return true;
    });
}

TEST(DiagnosticsDeathTest, ReservesTheStandardDescriptorsThatAreClosed) {
    const auto run = [] {
        ::close(STDIN_FILENO);
        ::close(STDERR_FILENO);
        reserve_standard_descriptors();
        struct stat empty{};
        struct stat first{};
        struct stat last{};
        const bool is_reserved = ::stat("/dev/null", &empty) == 0 &&
                                 ::fstat(STDIN_FILENO, &first) == 0 &&
                                 ::fstat(STDERR_FILENO, &last) == 0 &&
                                 first.st_rdev == empty.st_rdev && last.st_rdev == empty.st_rdev;
        const Diagnostics diagnostics;
        spdlog::warn("to nobody");
        std::_Exit(is_reserved ? 0 : 1);
    };
    EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace torc::server
