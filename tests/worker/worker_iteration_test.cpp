// A worker whose loop is driven from outside, as a simulation does.

#include "worker/worker_harness.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>

namespace torc::worker {
namespace {

using test::Client;

TEST(WorkerIteration, ServesByIterationsThatSomebodyElseCalls) {
    test::WorkerSurroundings around;
    around.directory.write("file", "hello");
    const std::unique_ptr<io::Proactor> proactor =
        *io::make_proactor(io::Backend::epoll, {.connections_max = around.connections_max});
    Worker worker(*proactor, around.options());
    worker.begin_serving();
    Client client(around.endpoint());
    ASSERT_TRUE(client.connect());
    client.send("GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!client.has_input(std::chrono::milliseconds(0)) &&
           std::chrono::steady_clock::now() < give_up) {
        around.mailbox->wake();
        worker.iterate();
    }
    EXPECT_TRUE(client.read(1024).ends_with("hello"));
    EXPECT_GE(worker.iterations(), 1U);
    around.mailbox->order(Stop::drain);
    while (!worker.has_left()) {
        worker.iterate();
    }
    EXPECT_TRUE(worker.finish());
    EXPECT_FALSE(worker.has_operations_in_flight());
}

}  // namespace
}  // namespace torc::worker
