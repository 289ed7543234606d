#include <torc/base/cpu_set.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/placement.hpp>
#include <torc/server/server.hpp>
#include <torc/server/start_report.hpp>

#include "net/client.hpp"
#include "support/allocation_counter.hpp"
#include "support/sanitizers.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace torc::server {
namespace {

using net::test::Client;
using torc::test::TemporaryDirectory;

class ServerTest : public ::testing::Test {
protected:
    ServerTest() {
        directory_.write("file", "hello");
        settings_.sites.front().whole.directory = directory_.path().string();
        settings_.addresses = {"127.0.0.1"};
        settings_.port = 0;
        settings_.workers = 2;
        settings_.io = config::IoChoice::epoll;
    }

    std::string refusal() {
        try {
            const Server server(settings_);
            return "";
        } catch (const StartError& error) {
            return error.what();
        }
    }

    TemporaryDirectory directory_;
    config::Settings settings_;
};

TEST_F(ServerTest, ServesUntilItIsTold) {
    Server server(settings_);
    server.start();
    std::thread client_thread([&server] {
        for (int count = 0; count < 20; ++count) {
            Client client(server.endpoints().front());
            EXPECT_TRUE(client.connect());
            EXPECT_TRUE(client.get("/file", 5).ends_with("hello"));
        }
        server.request_stop();
    });
    EXPECT_EQ(server.run(), ExitCode::stopped);
    client_thread.join();
}

/// From the first message on there is no memory for the thread that logs it.
class MemoryTaker : public spdlog::sinks::base_sink<std::mutex> {
public:
    void give_back() { failing_.reset(); }

protected:
    void sink_it_(const spdlog::details::log_msg& /*message*/) override {
        if (!failing_) {
            failing_.emplace();
        }
    }
    void flush_() override {}

private:
    std::optional<torc::test::FailingAllocations> failing_;
};

TEST_F(ServerTest, ObeysASignalToStopWithoutMemory) {
    if (torc::test::has_thread_sanitizer) {
        GTEST_SKIP() << "its operator new does not fail";
    }
    settings_.access_log.file = (directory_.path() / "log").string();
    Server server(settings_);
    server.start();
    const std::shared_ptr<spdlog::logger> before = spdlog::default_logger();
    const auto taker = std::make_shared<MemoryTaker>();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", taker));
    // It reads that one first, and reports it.
    EXPECT_EQ(::kill(::getpid(), SIGHUP), 0);
    EXPECT_EQ(::kill(::getpid(), SIGINT), 0);
    const ExitCode code = server.run();
    taker->give_back();
    spdlog::set_default_logger(before);
    EXPECT_EQ(code, ExitCode::stopped);
}

TEST_F(ServerTest, StopsItsWorkersWhenItEndsUnasked) {
    Server server(settings_);
    server.start();
}

TEST_F(ServerTest, HasAWorkerForEveryCpuByDefault) {
    settings_.workers = 0;
    settings_.pin = config::Pin::on;
    const Server server(settings_);
    EXPECT_EQ(server.worker_cpus(), place_workers(settings_, allowed_cpus(), cpu_quota()));
}

TEST_F(ServerTest, DealsOutItsCpusInTurn) {
    settings_.cpus = {allowed_cpus().front()};
    settings_.workers = 3;
    const Server server(settings_);
    EXPECT_EQ(server.worker_cpus(), std::vector<std::vector<unsigned>>(3, settings_.cpus));
}

TEST_F(ServerTest, RefusesADirectoryThatIsNotThere) {
    settings_.sites.front().whole.directory = "/no/such/directory";
    EXPECT_EQ(refusal(), "/no/such/directory: no such directory; give the one to serve: torc DIR");
}

TEST_F(ServerTest, RecognizesAPortInTheDirectorysPlace) {
    settings_.sites.front().whole.directory = "8000";
    EXPECT_EQ(
        refusal(),
        "8000: no such directory; give the one to serve: torc DIR, or a port with its option: "
        "--port 8000");
}

TEST_F(ServerTest, RefusesWhatIsNeitherADirectoryNorAFile) {
    settings_.sites.front().whole.directory = (directory_.path() / "fifo").string();
    ASSERT_EQ(::mkfifo(settings_.sites.front().whole.directory.c_str(), 0600), 0);
    EXPECT_EQ(refusal(), settings_.sites.front().whole.directory +
                             ": not a directory, and no file that can be served; give the "
                             "directory that holds it");
}

TEST_F(ServerTest, RefusesAnAccessLogThatCannotBeWritten) {
    settings_.access_log.file = "/no/such/directory/access.log";
    EXPECT_EQ(refusal(),
              "--access-log /no/such/directory/access.log: can't be written: No such file or "
              "directory");
}

using ServerDeathTest = ServerTest;

TEST_F(ServerDeathTest, RefusesMoreWorkersThanDescriptorsSuffice) {
    // In a process of its own, for a hard limit that was lowered can't be raised again.
    const auto start_with_few_descriptors = [this] {
        const rlimit few{.rlim_cur = 64, .rlim_max = 64};
        ::setrlimit(RLIMIT_NOFILE, &few);
        std::cerr << refusal();
        std::_Exit(0);
    };
    EXPECT_EXIT(start_with_few_descriptors(), ::testing::ExitedWithCode(0),
                "too few file descriptors: 64 are allowed, 2 workers need at least 128; raise the "
                "limit");
}

TEST_F(ServerTest, ReportsHowItStarted) {
    settings_.cpus = {allowed_cpus().front()};
    settings_.workers = 1;
    const Server server(settings_);
    const std::string report = describe_start(server);
    EXPECT_NE(report.find(" serves " + directory_.path().string() + "\n"), std::string::npos);
    EXPECT_NE(report.find("  " + server.endpoints().front().url() + "\n"), std::string::npos);
    EXPECT_NE(
        report.find("1 worker on CPU " + std::to_string(settings_.cpus.front()) + ", epoll\n"),
        std::string::npos);
    EXPECT_NE(report.find("Only this machine can connect"), std::string::npos);
    EXPECT_EQ(report.back(), '\n');
}

TEST_F(ServerTest, ReportsNoWarningWhenOthersCanConnect) {
    settings_.addresses = {"0.0.0.0"};
    const Server server(settings_);
    const std::string report = describe_start(server);
    EXPECT_EQ(report.find("Only this machine"), std::string::npos) << report;
    EXPECT_NE(report.find("  http://127.0.0.1:"), std::string::npos) << report;
}

}  // namespace
}  // namespace torc::server
