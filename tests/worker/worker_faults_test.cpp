// A worker whose proactor reports what the kernel reports once in a blue moon.

#include <torc/worker/operation.hpp>
#include <torc/worker/worker.hpp>

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <future>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc::worker {
namespace {

using namespace std::chrono_literals;
using test::Client;

/// What goes wrong, and how often it did. Set by the test's thread.
struct Faults {
    /// A receive that ends because its socket was shut down tells of buffers that ran out instead.
    std::atomic<bool> has_no_buffers = false;
    /// The next look at the root finds no memory.
    std::atomic<bool> has_no_memory = false;
    std::atomic<int> injected = 0;
};

/// A proactor with faults; all else is another's.
class FaultyProactor final : public io::Proactor {
public:
    FaultyProactor(std::unique_ptr<io::Proactor> proactor, Faults& faults)
        : proactor_(std::move(proactor)), faults_(faults) {}

    void accept(io::Token token, int listener) override { proactor_->accept(token, listener); }
    void cancel_accept(io::Token token, int listener) override {
        proactor_->cancel_accept(token, listener);
    }
    void receive(io::Token token, int socket) override { proactor_->receive(token, socket); }
    void send(io::Token token, int socket, const msghdr& message, bool more_follows) override {
        proactor_->send(token, socket, message, more_follows);
    }
    void send_rest(io::Token token, int socket, const msghdr& message, std::size_t sent,
                   bool more_follows) override {
        proactor_->send_rest(token, socket, message, sent, more_follows);
    }
    void send_file(io::Token token, const io::FileSlice& slice) override {
        proactor_->send_file(token, slice);
    }
    void open(io::Token token, int directory, const char* path, const open_how& how,
              Lane lane) override {
        if (lane == Lane::root && faults_.has_no_memory.exchange(false)) {
            ++faults_.injected;
            throw std::bad_alloc();
        }
        proactor_->open(token, directory, path, how, lane);
    }
    void stat(io::Token token, int fd, struct statx& status, Lane lane) override {
        proactor_->stat(token, fd, status, lane);
    }
    void read(io::Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
              Lane lane) override {
        proactor_->read(token, fd, buffer, offset, lane);
    }
    void await_input(io::Token token, int fd) override { proactor_->await_input(token, fd); }
    void await_priority(io::Token token, int fd) override { proactor_->await_priority(token, fd); }
    void run(io::Token token, io::BlockingJob& job, Lane lane) override {
        proactor_->run(token, job, lane);
    }
    void close(int fd) override { proactor_->close(fd); }
    void close_file(int fd, Lane lane) noexcept override { proactor_->close_file(fd, lane); }
    void shutdown(int socket, int how) override { proactor_->shutdown(socket, how); }
    [[nodiscard]] std::span<const io::Completion> wait(MonotonicTime deadline) override {
        const auto completions = proactor_->wait(deadline);
        batch_.assign(completions.begin(), completions.end());
        for (io::Completion& completion : batch_) {
            const bool is_end =
                operation_of(completion.token) == Operation::receive && completion.result == 0;
            if (is_end && faults_.has_no_buffers) {
                completion.result = -ENOBUFS;
                ++faults_.injected;
            }
        }
        return batch_;
    }
    [[nodiscard]] Now now() const override { return proactor_->now(); }
    void wake() noexcept override { proactor_->wake(); }

private:
    std::unique_ptr<io::Proactor> proactor_;
    Faults& faults_;
    std::vector<io::Completion> batch_;
};

class WorkerFaultsTest : public ::testing::TestWithParam<io::Backend> {
protected:
    void SetUp() override {
        if (GetParam() == io::Backend::uring && io::find_uring_obstacle()) {
            GTEST_SKIP() << "io_uring is not to be had here";
        }
        around_.directory.write("file", "hello");
    }

    void TearDown() override {
        if (!thread_.joinable()) {
            return;
        }
        around_.mailbox->order(Stop::now);
        thread_.join();
    }

    void start() {
        std::promise<void> started;
        thread_ = std::thread([&started, this] {
            FaultyProactor proactor(*io::make_proactor(GetParam(), {.connections_max = 100}),
                                    faults_);
            Worker worker(proactor, around_.options());
            started.set_value();
            (void)worker.run();
        });
        started.get_future().get();
    }
    [[nodiscard]] Client connect() const {
        Client client(around_.endpoint());
        EXPECT_TRUE(client.connect());
        return client;
    }
    /// One that asks for more than the kernel buffers, and reads nothing of it.
    [[nodiscard]] Client connect_non_reader() const {
        Client client(around_.endpoint());
        client.shrink_receive_buffer(64 * 1024);
        EXPECT_TRUE(client.connect());
        for (int count = 0; count < 80; ++count) {
            client.send("GET /medium HTTP/1.1\r\nHost: a\r\n\r\n");
        }
        return client;
    }
    [[nodiscard]] static bool is_served(Client& client) {
        return client.get("/file", 5).ends_with("hello");
    }

    test::WorkerSurroundings around_;
    Faults faults_;

private:
    std::thread thread_;
};

INSTANTIATE_TEST_SUITE_P(Backends, WorkerFaultsTest,
                         ::testing::Values(io::Backend::uring, io::Backend::epoll),
                         test::backend_name);

TEST_P(WorkerFaultsTest, AnEndedConnectionIsNotReceivedFromAgainForWantOfBuffers) {
    around_.connections_max = 8;
    around_.settings.bytes_per_second_min = 0;
    around_.directory.write("medium", torc::test::patterned_bytes(100'000));
    start();
    {
        std::vector<Client> others;
        Client idle = connect();
        ASSERT_TRUE(is_served(idle));
        faults_.has_no_buffers = true;
        // Who reads nothing may not be ended, so the idle one is, for each that comes.
        for (int count = 0; count < 20; ++count) {
            others.push_back(connect_non_reader());
            ASSERT_TRUE(others.back().has_input(10s));
        }
        faults_.has_no_buffers = false;
        ASSERT_TRUE(idle.is_ended());
    }
    ASSERT_GT(faults_.injected, 0);
    // There is room for these two: who was ended twice is not counted twice.
    Client first = connect();
    ASSERT_TRUE(is_served(first));
    Client second = connect();
    ASSERT_TRUE(is_served(second));
    EXPECT_FALSE(first.is_ended(500ms));
}

TEST_P(WorkerFaultsTest, ALoadDoesNotKnowAConnectionThatWasLostWhileItBegan) {
    around_.directory.write("other", "other");
    start();
    Client client = connect();
    ASSERT_TRUE(is_served(client));
    bool was_lost = false;
    // The fault may hit a look at the root that is nobody's; then once more.
    for (int attempt = 0; attempt < 5 && !was_lost; ++attempt) {
        Client lost = connect();
        ASSERT_TRUE(is_served(lost));
        // By then a request has to wait for a look at the root.
        std::this_thread::sleep_for(CurrentRoot::verified_for + 500ms);
        faults_.has_no_memory = true;
        lost.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n");
        was_lost = lost.is_ended();
    }
    if (!was_lost) {
        GTEST_SKIP() << "every look was one that no request waited for";
    }
    EXPECT_TRUE(is_served(client)) << "the worker lives";
}

}  // namespace
}  // namespace torc::worker
