// What torc reports where standard error is the journal's.

#include <torc/base/unique_fd.hpp>

#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace torc::test {
namespace {

using Journal = Start;

/// What torc reports of a start that fails, where the journal is said to be on the other end of
/// standard error.
std::string report_to(const std::string& directory, const char* format) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    struct stat status{};
    EXPECT_EQ(::fstat(writer.get(), &status), 0);
    LaunchOptions options = torc_with({directory, "--workers", "1", "--port", "1"});
    options.standard_error = writer.get();
    options.environment = {fmt::format(fmt::runtime(format), std::uint64_t{status.st_dev},
                                       std::uint64_t{status.st_ino})};
    EXPECT_EQ(Subprocess(options).exit_code(), failed_start);
    writer.reset();
    std::string text(4096, '\0');
    text.resize(static_cast<std::size_t>(
        std::max<ssize_t>(0, ::read(reader.get(), text.data(), text.size()))));
    return text;
}

TEST_F(Journal, GetsEachLineWithItsLevel) {
    const std::string absent = site() + "/absent";
    const std::string marked = report_to(absent, "JOURNAL_STREAM={}:{}");
    EXPECT_TRUE(marked.starts_with("<3>torc: ")) << marked;
    EXPECT_TRUE(marked.contains(absent)) << marked;
}

TEST_F(Journal, IsNotWhatStandardErrorWasRedirectedTo) {
    const std::string plain = report_to(site() + "/absent", "JOURNAL_STREAM={1}:{0}");
    EXPECT_TRUE(plain.starts_with("torc: ")) << plain;
}

}  // namespace
}  // namespace torc::test
