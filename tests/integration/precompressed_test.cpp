// Precompressed files as the tools of Debian make them.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

/// A program that makes a file in a coding, beside its original.
struct Tool {
    std::string name;
    std::vector<std::string> arguments;
    std::string coding;
    std::string suffix;
};

class Precompressed : public ServerTest {
protected:
    /// Of a file that is kept in memory, and of one that is not.
    static constexpr std::array<std::size_t, 2> sizes = {20'000, 9'000'000};

    [[nodiscard]] static std::vector<Tool> tools() {
        return {
            {.name = "gzip", .arguments = {"-k9"}, .coding = "gzip", .suffix = ".gz"},
            {.name = "pigz", .arguments = {"-k9"}, .coding = "gzip", .suffix = ".gz"},
            {.name = "brotli", .arguments = {"-k", "-q", "5"}, .coding = "br", .suffix = ".br"},
            {.name = "zstd", .arguments = {"-q"}, .coding = "zstd", .suffix = ".zst"},
        };
    }
    void run(const Tool& tool, std::string_view name) const {
        std::vector<std::string> arguments = tool.arguments;
        arguments.push_back((site() / name).string());
        Subprocess process({.program = "/usr/bin/" + tool.name, .arguments = arguments});
        ASSERT_EQ(process.exit_code(), 0) << tool.name << ": " << process.standard_error();
    }
    /// Text that compresses, of so many bytes; a file of it that was written a while ago, at no
    /// whole second.
    std::string write_text(std::string_view name, std::size_t bytes) const {
        std::string text;
        for (std::uint64_t line = 0; text.size() < bytes; ++line) {
            text += fmt::format("line {} of what is served\n", line * 7919 % 10'007);
        }
        text.resize(bytes);
        write(name, text);
        set_time(name, 1'700'000'000);
        return text;
    }
    void set_time(std::string_view name, std::int64_t seconds) const {
        const timespec time{.tv_sec = seconds, .tv_nsec = 123'456'789};
        const std::array times = {time, time};
        EXPECT_EQ(::utimensat(AT_FDCWD, (site() / name).c_str(), times.data(), 0), 0);
    }
    [[nodiscard]] Response get_coded(const std::string& target, const std::string& coding) {
        return get(target, "Accept-Encoding: " + coding + "\r\n");
    }
};

TORC_ON_BOTH_BACKENDS(Precompressed);

TEST_P(Precompressed, WhatEachToolMakesIsServed) {
    std::vector<std::string> names;
    for (const Tool& tool : tools()) {
        // In memory, and from the disk.
        for (const std::size_t bytes : {std::size_t{1}, std::size_t{100}, sizes[0], sizes[1]}) {
            const std::string name = fmt::format("{}-{}.txt", tool.name, bytes);
            write_text(name, bytes);
            run(tool, name);
            names.push_back(name);
        }
    }
    start();
    for (const Tool& tool : tools()) {
        for (const std::string& name : names) {
            if (!name.starts_with(tool.name)) {
                continue;
            }
            const Response response = get_coded("/" + name, tool.coding);
            EXPECT_EQ(response.field("Content-Encoding"), tool.coding) << name;
            EXPECT_TRUE(is_same_bytes(response.body, contents_of(site() / (name + tool.suffix))));
        }
    }
    EXPECT_EQ(server().standard_error().find("is not served"), std::string::npos)
        << server().standard_error();
}

TEST_P(Precompressed, WhatWasMadeFromOtherBytesIsNotServedThoughItsTimeIsRight) {
    for (const Tool& tool : tools()) {
        for (const std::size_t bytes : sizes) {
            const std::string name = fmt::format("{}-{}.txt", tool.name, bytes);
            write_text(name, bytes + 1);
            run(tool, name);
            write_text(name, bytes);
        }
    }
    start();
    for (const Tool& tool : tools()) {
        for (const std::size_t bytes : sizes) {
            const std::string name = fmt::format("{}-{}.txt", tool.name, bytes);
            // A large file in brotli's coding has many parts, and the first says nothing of the
            // others.
            if (tool.coding == "br" && bytes > 1'000'000) {
                continue;
            }
            EXPECT_EQ(get_coded("/" + name, tool.coding).count("Content-Encoding"), 0U) << name;
        }
    }
}

// As a rollback that keeps times leaves it. Brotli has no checksum.
TEST_P(Precompressed, WhatWasMadeFromAnotherVersionOfTheSameSizeIsNotServed) {
    for (const Tool& tool : tools()) {
        const std::string name = tool.name + ".txt";
        std::string text = write_text(name, sizes[0]);
        run(tool, name);
        std::ranges::reverse(text);
        write(name, text);
        set_time(name, 1'600'000'000);
    }
    start();
    for (const Tool& tool : tools()) {
        EXPECT_EQ(get_coded("/" + tool.name + ".txt", tool.coding).count("Content-Encoding"),
                  tool.coding == "br" ? 1U : 0U)
            << tool.name;
    }
}

TEST_P(Precompressed, WhatIsOlderThanItsOriginalIsNotServed) {
    for (const Tool& tool : tools()) {
        const std::string name = tool.name + ".txt";
        const std::string text = write_text(name, 20'000);
        run(tool, name);
        write(name, text);
    }
    start();
    for (const Tool& tool : tools()) {
        EXPECT_EQ(get_coded("/" + tool.name + ".txt", tool.coding).count("Content-Encoding"), 0U);
    }
}

TEST_P(Precompressed, AFileThatCannotBeRightIsNamedOnceWithWhatToDo) {
    write("page.css", "body { color: black }");
    write("page.css.gz", "");
    start();
    for (int time = 0; time < 50; ++time) {
        EXPECT_EQ(get_coded("/page.css", "gzip").body, "body { color: black }");
    }
    const std::string said =
        "'page.css.gz' is not served: it is empty; make it again from the file beside it, or "
        "delete it";
    EXPECT_TRUE(eventually([&] { return server().standard_error().contains(said); }));
    // By both workers, each of which has looked at it again by then.
    const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(2500);
    while (std::chrono::steady_clock::now() < later) {
        EXPECT_EQ(get_coded("/page.css", "gzip").count("Content-Encoding"), 0U);
    }
    const std::string all = server().standard_error();
    EXPECT_EQ(all.find("page.css.gz"), all.rfind("page.css.gz")) << all;
}

}  // namespace
}  // namespace torc::test
