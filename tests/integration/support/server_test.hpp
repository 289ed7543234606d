#pragma once

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {

/// Why io_uring can't be used here, whoever asks; nothing when it can.
[[nodiscard]] std::optional<std::string> io_uring_obstacle();

/// Compares without printing megabytes; tells where the first difference is.
[[nodiscard]] ::testing::AssertionResult is_same_bytes(std::string_view actual,
                                                       std::string_view expected);

/// What a file holds; empty when it can't be read.
[[nodiscard]] std::string contents_of(const std::filesystem::path& path);

/// Polls until `holds` does; false when it never does.
[[nodiscard]] bool eventually(const std::function<bool()>& holds);

/// A site in a directory of its own and a torc that serves it, on the backend that is the
/// parameter. At the end the server must stop as told, with nothing lost.
class ServerTest : public ::testing::TestWithParam<std::string> {
protected:
    void SetUp() override;
    void TearDown() override;

    /// The document root; beside it there is room for what must not be served.
    [[nodiscard]] std::filesystem::path site() const { return directory_.path() / "site"; }
    void write(std::string_view name, std::string_view contents) const;

    /// Starts the server. `arguments`: besides the directory, a free port and the backend.
    void start(const std::vector<std::string>& arguments = {});
    /// The same, with the rest of the options as given.
    void start(LaunchOptions options);
    /// The same with another document root.
    void start_at(const std::filesystem::path& root, LaunchOptions options);
    [[nodiscard]] ServerProcess& server() { return *server_; }

    /// A connection to the server.
    [[nodiscard]] HttpClient connect(int receive_buffer_bytes = 0) {
        return HttpClient(server_->port(), receive_buffer_bytes);
    }
    /// The answer to a request on a connection of its own.
    [[nodiscard]] Response request(std::string_view method, std::string_view target,
                                   std::string_view fields = {}) {
        return connect().request(method, target, fields);
    }
    [[nodiscard]] Response get(std::string_view target, std::string_view fields = {}) {
        return request("GET", target, fields);
    }
    /// Polls until `target` is answered with `status`, and for 200 with `body`.
    [[nodiscard]] bool eventually_serves(std::string_view target, int status,
                                         std::string_view body = {});

    TemporaryDirectory directory_;
    std::unique_ptr<ServerProcess> server_;
};

[[nodiscard]] std::string name_of_backend(const ::testing::TestParamInfo<std::string>& info);

/// Runs the tests of a suite on both backends.
#define TORC_ON_BOTH_BACKENDS(Suite)                                         \
    INSTANTIATE_TEST_SUITE_P(Io, Suite, ::testing::Values("uring", "epoll"), \
                             &::torc::test::name_of_backend)

}  // namespace torc::test
