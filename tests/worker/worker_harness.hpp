#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/root.hpp>
#include <torc/io/backend.hpp>
#include <torc/net/listener.hpp>
#include <torc/worker/current_root.hpp>
#include <torc/worker/worker.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace torc::worker::test {

/// A blocking client, whose receives give up after some seconds.
class Client {
public:
    explicit Client(const net::Endpoint& endpoint) : endpoint_(endpoint) {
        const timeval patience{.tv_sec = 20, .tv_usec = 0};
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }

    /// Small, so that a server soon notices who does not read. Call it before `connect`.
    void shrink_receive_buffer(int bytes = 4096) {
        ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
    [[nodiscard]] bool connect() {
        if (::connect(socket_.get(), endpoint_.address(), endpoint_.length()) == 0) {
            return true;
        }
        // It goes on after an interruption (see `read`), and tells by its error how it ended.
        int error = errno;
        if (error == EINTR && can_send()) {
            socklen_t length = sizeof error;
            ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
        }
        return error == 0;
    }
    /// False when the server is gone.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno != EINTR) {
                return false;
            }
            bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
        }
        return true;
    }
    /// What arrives, up to `count` bytes or the end.
    [[nodiscard]] std::string read(std::size_t count) {
        std::string bytes;
        std::array<char, 64 * 1024> buffer;
        while (bytes.size() < count) {
            const ssize_t got = ::recv(socket_.get(), buffer.data(),
                                       std::min(buffer.size(), count - bytes.size()), 0);
            if (got < 0 && errno == EINTR) {
                continue;  // A ring of this process interrupts, without a signal, calls with a
                           // timeout.
            }
            if (got <= 0) {
                has_timed_out_ = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
                was_reset_ = got < 0 && errno == ECONNRESET;
                break;
            }
            bytes.append(buffer.data(), static_cast<std::size_t>(got));
        }
        return bytes;
    }
    [[nodiscard]] std::string read_all() { return read(std::string::npos); }
    /// Asks for `target` and reads an answer with a body of `body_bytes`.
    [[nodiscard]] std::string get(std::string_view target, std::size_t body_bytes) {
        send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        std::string answer;
        while (!answer.ends_with("\r\n\r\n")) {
            const std::string byte = read(1);
            if (byte.empty()) {
                return answer;
            }
            answer += byte;
        }
        return answer + read(body_bytes);
    }
    /// Whether there is something to read, be it the end, within `patience`.
    [[nodiscard]] bool has_input(std::chrono::milliseconds patience) {
        return is_ready(POLLIN, patience);
    }
    /// Whether the server has ended the connection, or does within `patience`.
    [[nodiscard]] bool is_ended(std::chrono::milliseconds patience = std::chrono::seconds(10)) {
        char byte = 0;
        return has_input(patience) && ::recv(socket_.get(), &byte, 1, MSG_PEEK) <= 0;
    }
    /// Whether the server has reset the connection; what came before that may still be read.
    [[nodiscard]] bool has_lost_connection() { return is_ready(0, std::chrono::milliseconds(0)); }
    /// True when the last `read` ended because nothing came for too long.
    [[nodiscard]] bool has_timed_out() const { return has_timed_out_; }
    /// True when it ended because the server reset the connection.
    [[nodiscard]] bool was_reset() const { return was_reset_; }

private:
    [[nodiscard]] bool can_send() { return is_ready(POLLOUT, std::chrono::seconds(20)); }
    [[nodiscard]] bool is_ready(short events, std::chrono::milliseconds patience) {
        pollfd event{.fd = socket_.get(), .events = events, .revents = 0};
        int ready = -1;
        do {
            ready = ::poll(&event, 1, static_cast<int>(patience.count()));
        } while (ready < 0 && errno == EINTR);
        return ready == 1;
    }

    net::Endpoint endpoint_;
    UniqueFd socket_{::socket(endpoint_.address()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    bool has_timed_out_ = false;
    bool was_reset_ = false;
};

/// What a worker needs around it.
struct WorkerSurroundings {
    torc::test::TemporaryDirectory directory;
    config::Settings settings;
    std::uint32_t connections_max = 100;
    /// Whether the worker sees a connection before its first request.
    bool shows_silent_connections = false;
    /// Null: requests are not logged.
    LogQueue* access_log = nullptr;
    Balance* balance = nullptr;
    Balance::Seat seat = 0;
    AddressLimit* address_limit = nullptr;
    std::atomic<Stop> stop = Stop::no;
    net::Listeners listeners{{"127.0.0.1"}, 0, 1};
    std::optional<CurrentRoot> root;

    [[nodiscard]] const net::Endpoint& endpoint() const { return listeners.endpoints().front(); }
    [[nodiscard]] WorkerOptions options() {
        settings.directory = directory.path().string();
        root.emplace(settings.directory,
                     std::make_shared<const file::Root>(*file::Root::open(settings.directory)),
                     std::chrono::steady_clock::now());
        net::ListeningSockets& sockets = listeners.of(0);
        if (shows_silent_connections) {
            net::show_silent_connections(sockets.at(0));
        }
        return {.settings = &settings,
                .root = &*root,
                .listeners = &sockets,
                .connections_max = connections_max,
                .access_log = access_log,
                .stop = &stop,
                .balance = balance,
                .seat = seat,
                .address_limit = address_limit};
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
    void request_stop(Stop order) {
        around.stop = order;
        const std::scoped_lock lock(proactor_mutex_);
        if (proactor_ != nullptr) {
            proactor_->wake();
        }
    }
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
        set_proactor(proactor.get());
        started.set_value();
        was_orderly_ = worker.run();
        set_proactor(nullptr);
        ASSERT_FALSE(worker.has_operations_in_flight());
    }
    void set_proactor(io::Proactor* proactor) {
        const std::scoped_lock lock(proactor_mutex_);
        proactor_ = proactor;
    }

    std::thread thread_;
    std::mutex proactor_mutex_;
    /// Of the worker while it runs, to be woken.
    io::Proactor* proactor_ = nullptr;
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
    void log_requests() { around_.access_log = &log_; }
    /// What was logged since the last call.
    std::string logged() {
        std::string lines;
        std::string batch;
        while (log_.take(batch) == LogQueue::Next::lines) {
            lines += batch;
        }
        return lines;
    }
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
    LogQueue log_{limits::access_log_queue_bytes_max};
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
