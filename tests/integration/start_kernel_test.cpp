// How torc starts where the kernel, or a filter in front of it, lacks something.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/server_test.hpp"
#include "integration/support/start_fixture.hpp"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

/// As with the kernel parameter ipv6.disable=1.
constexpr RefusedCall without_ipv6 = {
    .number = SYS_socket, .error = EAFNOSUPPORT, .first_argument = AF_INET6};

TEST_F(Start, LeavesIpv6OutOnAMachineWithoutIt) {
    for (const std::vector<std::string>& addresses : std::vector<std::vector<std::string>>{
             {"0.0.0.0", "::"}, {"::", "0.0.0.0"}, {"::1", "127.0.0.1"}, {"localhost"}}) {
        LaunchOptions options = torc_with({site(), "--port", "0"});
        for (const std::string& address : addresses) {
            options.arguments.insert(options.arguments.end(), {"--address", address});
        }
        options.refused_calls = {without_ipv6};
        ServerProcess server(options);
        EXPECT_TRUE(server.standard_error().contains("this machine has no IPv6"))
            << addresses.front() << server.standard_error();
        EXPECT_EQ(HttpClient(server.port()).get("/absent").status, 404);
        EXPECT_EQ(server.stop(), 0);
    }
}

TEST_F(Start, HasNothingToWarnOfWhereNobodyAskedForIpv6) {
    LaunchOptions options = torc_with({site(), "--port", "0"});
    options.refused_calls = {without_ipv6};
    ServerProcess server(options);
    EXPECT_FALSE(server.standard_error().contains("IPv6")) << server.standard_error();
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Start, FailsWithAnIpv6AddressOfItsOwnOnAMachineWithoutIpv6) {
    for (const std::vector<std::string>& addresses : std::vector<std::vector<std::string>>{
             {"::"}, {"::", "[::1]:3000"}, {"0.0.0.0", "2001:db8::1"}}) {
        LaunchOptions options = torc_with({site(), "--port", "0"});
        for (const std::string& address : addresses) {
            options.arguments.insert(options.arguments.end(), {"--address", address});
        }
        options.refused_calls = {without_ipv6};
        expect_failure(options, {addresses.back() == "2001:db8::1" ? "2001:db8::1" : "[::]",
                                 "this machine has no IPv6", "--address"});
    }
}

TEST_F(Start, FailsOnEpollWithoutTheCallThatOpensFiles) {
    for (const int error : {ENOSYS, EPERM}) {
        LaunchOptions options = torc_with({site(), "--port", "0", "--io", "epoll"});
        options.refused_calls = {{.number = SYS_openat2, .error = error}};
        expect_failure(options, {"openat2", error == EPERM ? "EPERM" : "ENOSYS", "Linux 5.6",
                                 "seccomp profile"});
    }
}

TEST_F(Start, ServesOnARingWithoutTheCallThatOpensFiles) {
    if (const auto obstacle = io_uring_obstacle()) {
        GTEST_SKIP() << *obstacle;
    }
    directory_.write("page.txt", "a page");
    LaunchOptions options = torc_with({site(), "--port", "0", "--io", "uring"});
    options.refused_calls = {{.number = SYS_openat2, .error = ENOSYS}};
    ServerProcess server(options);
    EXPECT_EQ(HttpClient(server.port()).get("/page.txt").body, "a page");
    EXPECT_EQ(server.stop(), 0);
}

// Containers forbid io_uring.

class StartWithoutIoUring : public Start, public ::testing::WithParamInterface<int> {
protected:
    StartWithoutIoUring() { directory_.write("index.html", "a page"); }

    [[nodiscard]] LaunchOptions confined(const std::string& io) const {
        LaunchOptions options = torc_with(
            {site(), "--port", "0", "--address", "127.0.0.1", "--workers", "2", "--io", io});
        options.refused_calls = {{.number = SYS_io_uring_setup, .error = GetParam()}};
        return options;
    }
};

std::string name_of_error(const ::testing::TestParamInfo<int>& error) {
    return error.param == EPERM ? "forbidden" : "missing";
}

INSTANTIATE_TEST_SUITE_P(Seccomp, StartWithoutIoUring, ::testing::Values(EPERM, ENOSYS),
                         &name_of_error);

TEST_P(StartWithoutIoUring, ServesOnEpollAndSaysWhyInOneLine) {
    directory_.write("page.txt", "a page");
    ServerProcess server(confined("auto"));
    EXPECT_EQ(HttpClient(server.port()).get("/page.txt").body, "a page");
    const std::string printed = server.standard_error();
    const std::string first_line = printed.substr(0, printed.find('\n'));
    for (const std::string_view part :
         {"torc: ", "warn", "io_uring can't be used", "epoll", "seccomp", "allow"}) {
        EXPECT_TRUE(first_line.contains(part)) << part << "\nis not in: " << first_line;
    }
    // The rest is the start report alone.
    EXPECT_TRUE(printed.substr(first_line.size() + 1).starts_with("torc " TORC_VERSION " serves"))
        << printed;
    EXPECT_TRUE(printed.contains("2 workers on CPU")) << printed;
    EXPECT_EQ(server.stop(), 0);
}

TEST_P(StartWithoutIoUring, FailsWhenToldToUseNothingElse) {
    expect_failure(confined("uring"), {"--io uring", "seccomp",
                                       GetParam() == EPERM ? "EPERM" : "ENOSYS", "--io auto"});
}

TEST_P(StartWithoutIoUring, HasNothingToWarnOfWhenToldToUseEpoll) {
    ServerProcess server(confined("epoll"));
    EXPECT_TRUE(server.standard_error().starts_with("torc " TORC_VERSION " serves"))
        << server.standard_error();
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
