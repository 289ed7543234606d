#include "integration/support/server_test.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

namespace torc::test {

std::optional<std::string> io_uring_obstacle() {
    // No parameters: where io_uring is allowed the kernel complains of that.
    ::syscall(SYS_io_uring_setup, 1, nullptr);
    if (errno == EFAULT) {
        return std::nullopt;
    }
    return "io_uring is not allowed here: " + std::generic_category().message(errno);
}

::testing::AssertionResult is_same_bytes(std::string_view actual, std::string_view expected) {
    if (actual == expected) {
        return ::testing::AssertionSuccess();
    }
    const std::size_t common = std::min(actual.size(), expected.size());
    const auto difference = std::mismatch(
        actual.begin(), actual.begin() + static_cast<std::ptrdiff_t>(common), expected.begin());
    return ::testing::AssertionFailure()
           << actual.size() << " bytes where " << expected.size()
           << " were expected, different from byte " << difference.first - actual.begin() << " on";
}

std::string contents_of(const std::filesystem::path& path) {
    std::ostringstream contents;
    contents << std::ifstream(path, std::ios::binary).rdbuf();
    return std::move(contents).str();
}

bool eventually(const std::function<bool()>& holds) {
    constexpr std::chrono::milliseconds pause{10};
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        std::this_thread::sleep_for(pause);
    }
    return true;
}

std::string name_of_backend(const ::testing::TestParamInfo<std::string>& info) {
    return info.param;
}

void ServerTest::SetUp() {
    if (const auto obstacle = io_uring_obstacle(); obstacle && GetParam() == "uring") {
        GTEST_SKIP() << *obstacle;
    }
    std::filesystem::create_directory(site());
}

void ServerTest::TearDown() {
    if (server_) {
        const int exit_code = server_->stop();
        EXPECT_EQ(exit_code, 0);
        // A sanitizer's report is here too.
        if (exit_code != 0 || HasFailure()) {
            ADD_FAILURE() << "torc printed:\n" << server_->standard_error();
        }
    }
}

void ServerTest::write(std::string_view name, std::string_view contents) const {
    directory_.write("site/" + std::string(name), contents);
}

void ServerTest::start(const std::vector<std::string>& arguments) {
    start(torc_with(arguments));
}

void ServerTest::start(LaunchOptions options) {
    start_at(site(), std::move(options));
}

void ServerTest::start_at(const std::filesystem::path& root, LaunchOptions options) {
    // Two workers, so that a test is the same on every machine.
    const std::vector<std::string> common = {root.string(), "--port", "0",       "--address",
                                             "127.0.0.1",   "--io",   GetParam()};
    options.arguments.insert(options.arguments.begin(), common.begin(), common.end());
    if (std::ranges::find(options.arguments, "--workers") == options.arguments.end()) {
        options.arguments.insert(options.arguments.end(), {"--workers", "2"});
    }
    server_ = std::make_unique<ServerProcess>(options);
}

bool ServerTest::eventually_serves(std::string_view target, int status, std::string_view body) {
    return eventually([&] {
        const Response response = get(target);
        return response.status == status && (status != 200 || response.body == body);
    });
}

}  // namespace torc::test
