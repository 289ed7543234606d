#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/root.hpp>
#include <torc/io/backend.hpp>
#include <torc/net/listener.hpp>
#include <torc/worker/current_root.hpp>
#include <torc/worker/worker.hpp>

#include "net/client.hpp"
#include "support/temporary_directory.hpp"
#include "worker/reports.hpp"
#include "worker/test_log.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace torc::worker::test {

using net::test::Client;

/// What a worker needs around it.
struct WorkerSurroundings {
    torc::test::TemporaryDirectory directory;
    config::Settings settings;
    std::uint32_t connections_max = 100;
    /// Whether the worker sees a connection before its first request.
    bool shows_silent_connections = false;
    /// Null: requests are not logged.
    SharedLog access_log;
    Mailbox own_mailbox;
    Mailbox* mailbox = &own_mailbox;
    Balance* balance = nullptr;
    std::size_t index = 0;
    AddressLimit* address_limit = nullptr;
    /// Null: it is the only one.
    SharedDrain* drain = nullptr;
    /// Null: the worker tells nobody of itself.
    StatisticsBox* statistics = nullptr;
    net::Listeners listeners{{"127.0.0.1"}, 0, 1};

    [[nodiscard]] const net::Endpoint& endpoint() const { return listeners.endpoints().front(); }
    [[nodiscard]] static std::shared_ptr<CurrentRoot> open_root(config::AreaSettings& area) {
        return std::make_shared<CurrentRoot>(
            area.directory, std::make_shared<const file::Root>(*file::Root::open(area.directory)),
            std::chrono::steady_clock::now(), print_reports);
    }
    [[nodiscard]] WorkerOptions options() {
        settings.sites.front().whole.directory = directory.path().string();
        net::ListeningSockets& sockets = listeners.of(0);
        if (shows_silent_connections) {
            net::show_silent_connections(sockets.places()[0].socket);
        }
        settings.access_log.file = access_log != nullptr ? access_log->path : "";
        return {
            .snapshot = make_snapshot(settings, nullptr, open_root,
                                      [this](const config::AccessLogSettings& /*log*/,
                                             const std::string& /*site*/) { return access_log; }),
            .listeners = &sockets,
            .reports = &print_reports,
            .connections_max = connections_max,
            .mailbox = mailbox,
            .balance = balance,
            .index = index,
            .address_limit = address_limit,
            .drain = drain,
            .statistics = statistics};
    }
};

/// A worker on a real proactor in a thread of its own, serving a temporary directory.
class RunningWorker {
public:
    RunningWorker() = default;
    RunningWorker(const RunningWorker&) = delete;
    RunningWorker& operator=(const RunningWorker&) = delete;
    ~RunningWorker() { end(); }

    /// Stops it at once, if it runs.
    void end() {
        if (thread_.joinable()) {
            request_stop(Stop::now);
            (void)join();
        }
    }

    /// Set up `around` before.
    void start(io::Backend backend) {
        std::promise<void> started;
        thread_ = std::thread([this, backend, &started] { serve(backend, started); });
        started.get_future().get();
    }
    void request_stop(Stop order) { around.mailbox->order(order); }
    /// What `Worker::run` returned.
    bool join() {
        thread_.join();
        return was_orderly_;
    }

    WorkerSurroundings around;

private:
    void serve(io::Backend backend, std::promise<void>& started) {
        auto made = io::make_proactor(backend, {.connections_max = around.connections_max});
        if (!made) {
            started.set_exception(std::make_exception_ptr(
                std::runtime_error("no proactor: " + made.error().message())));
            return;
        }
        const std::unique_ptr<io::Proactor> proactor = *std::move(made);
        Worker worker(*proactor, around.options());
        started.set_value();
        was_orderly_ = worker.run();
        ASSERT_FALSE(worker.has_operations_in_flight());
    }

    std::thread thread_;
    bool was_orderly_ = false;
};

class WorkerTest : public ::testing::TestWithParam<io::Backend> {
protected:
    void SetUp() override {
        std::signal(SIGPIPE, SIG_IGN);  // As the server does: sendfile(2) knows no MSG_NOSIGNAL.
        if (GetParam() == io::Backend::uring && io::find_uring_obstacle()) {
            GTEST_SKIP() << "io_uring is not to be had here";
        }
        around_.directory.write("file", "hello");
    }

    void TearDown() override { worker_.end(); }

    /// Turns the access log on.
    void log_requests() { around_.access_log = make_log(); }
    /// What was logged since the last call.
    std::string logged() { return take_lines(around_.access_log); }
    /// Set up `around_` before.
    void start() { worker_.start(GetParam()); }
    /// Gives the order, and what `Worker::run` returned.
    bool stop(Stop order) {
        request_stop(order);
        return join();
    }
    void request_stop(Stop order) { worker_.request_stop(order); }
    bool join() { return worker_.join(); }
    [[nodiscard]] Client connect() const {
        Client client(around_.endpoint());
        if (!client.connect()) {
            throw std::runtime_error("can't connect to the worker: " + Errno::last().message());
        }
        return client;
    }

private:
    RunningWorker worker_;

protected:
    WorkerSurroundings& around_ = worker_.around;
};

/// The name of a test's parameter.
[[nodiscard]] inline std::string backend_name(
    const ::testing::TestParamInfo<io::Backend>& information) {
    return information.param == io::Backend::uring ? "Uring" : "Epoll";
}

}  // namespace torc::worker::test
