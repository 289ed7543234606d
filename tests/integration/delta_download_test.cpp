// Programs that ask for many ranges of one file at once.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

constexpr std::size_t file_bytes = std::size_t{4} * 1024 * 1024;
/// zsync wants no more than 20 ranges in one request, so it needs several.
constexpr std::size_t changes = 60;

/// Runs `name`, a program of Debian's, in `directory`.
FinishedRun run(std::string_view name, std::vector<std::string> arguments,
                const std::filesystem::path& directory) {
    LaunchOptions options;
    options.program = std::filesystem::path("/usr/bin") / name;
    options.arguments = std::move(arguments);
    options.working_directory = directory;
    return run_to_end(options);
}

class DeltaDownload : public ServerTest {
protected:
    void SetUp() override {
        for (const std::string_view program : {"zsync", "zsyncmake", "curl"}) {
            if (!std::filesystem::exists(std::filesystem::path("/usr/bin") / program)) {
                GTEST_SKIP() << program << " is not there; scripts/setup test installs it";
            }
        }
        ServerTest::SetUp();
        write("image.iso", file_);
        start({"--access-log", log().string()});
    }

    [[nodiscard]] std::filesystem::path log() const { return directory_.path() / "access.log"; }
    [[nodiscard]] std::string url(std::string_view path) {
        return fmt::format("http://127.0.0.1:{}{}", server().port(), path);
    }

    /// As the client has it: the same but for some bytes here and there.
    [[nodiscard]] std::string earlier_version() const {
        std::string earlier = file_;
        for (std::size_t change = 0; change < changes; ++change) {
            earlier[change * (file_bytes / changes) + 1000] ^= '\x55';
        }
        return earlier;
    }

    const std::string file_ = patterned_bytes(file_bytes);
};

TORC_ON_BOTH_BACKENDS(DeltaDownload);

TEST_P(DeltaDownload, ZsyncGetsWhatHasChangedAndNoMore) {
    const FinishedRun made =
        run("zsyncmake", {"-u", "image.iso", "-o", "image.iso.zsync", "image.iso"}, site());
    ASSERT_EQ(made.exit_code, 0) << made.standard_error;
    directory_.write("earlier.iso", earlier_version());
    const FinishedRun got =
        run("zsync", {"-i", "earlier.iso", "-o", "image.iso", url("/image.iso.zsync")},
            directory_.path());
    EXPECT_EQ(got.exit_code, 0) << got.standard_output << got.standard_error;
    EXPECT_TRUE(is_same_bytes(contents_of(directory_.path() / "image.iso"), file_));
    // The whole file would be logged with 200.
    EXPECT_TRUE(eventually(
        [this] { return contents_of(log()).contains("\"GET /image.iso HTTP/1.1\" 206 "); }));
    EXPECT_FALSE(contents_of(log()).contains("\"GET /image.iso HTTP/1.1\" 200 "));
}

TEST_P(DeltaDownload, CurlGetsAsManyRangesAsItAsksFor) {
    std::string ranges = "0-9";
    for (std::size_t first = 10'000; first < 2'560'000; first += 10'000) {
        ranges += fmt::format(",{}-{}", first, first + 9);
    }
    const FinishedRun got = run("curl",
                                {"--silent", "--show-error", "--range", ranges, "--output", "parts",
                                 "--write-out", "%{http_code} %{size_download}", url("/image.iso")},
                                directory_.path());
    EXPECT_EQ(got.exit_code, 0) << got.standard_error;
    const std::string parts = contents_of(directory_.path() / "parts");
    EXPECT_EQ(got.standard_output, fmt::format("206 {}", parts.size()));
    EXPECT_TRUE(
        parts.contains(fmt::format("Content-Range: bytes 2550000-2550009/{}\r\n\r\n{}\r\n--",
                                   file_bytes, file_.substr(2'550'000, 10))));
}

}  // namespace
}  // namespace torc::test
