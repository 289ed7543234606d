// What becomes of the others when one of two workers hangs.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

pid_t thread_of(pid_t process, std::string_view name) {
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
        std::string found;
        std::getline(std::ifstream(task.path() / "comm"), found);
        if (found == name) {
            return std::stoi(task.path().filename());
        }
    }
    throw std::runtime_error(fmt::format("process {} has no thread {}", process, name));
}

/// Holds one thread of a child process, wherever it is, for as long as this lives.
class HeldThread {
public:
    HeldThread(pid_t process, std::string_view name) : thread_(thread_of(process, name)) {
        if (::ptrace(PTRACE_SEIZE, thread_, nullptr, nullptr) < 0 ||
            ::ptrace(PTRACE_INTERRUPT, thread_, nullptr, nullptr) < 0 ||
            ::waitpid(thread_, nullptr, __WALL) != thread_) {
            throw std::runtime_error("a thread can't be held: ptrace(2) is not allowed here");
        }
    }
    HeldThread(const HeldThread&) = delete;
    HeldThread& operator=(const HeldThread&) = delete;
    ~HeldThread() {
        if (::ptrace(PTRACE_DETACH, thread_, nullptr, nullptr) < 0) {
            // Its process has ended, and is not gone before this thread was waited for.
            ::waitpid(thread_, nullptr, __WALL);
        }
    }

private:
    pid_t thread_;
};

class Stall : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", page_);
    }

    /// That so many new clients, all there at once, are all answered.
    void expect_all_answered(int count) {
        std::vector<HttpClient> clients;
        for (int made = 0; made < count; ++made) {
            clients.push_back(connect());
            clients.back().send(request_bytes("GET", "/page.txt"));
        }
        for (HttpClient& client : clients) {
            EXPECT_EQ(client.receive_response().body, page_);
        }
    }

    const std::string page_ = "a page\n";
};

TORC_ON_BOTH_BACKENDS(Stall);

TEST_P(Stall, OfOneWorkerKeepsNoNewClientFromAnAnswer) {
    start();
    for (const std::string_view name : {"torc-0", "torc-1"}) {
        const HeldThread held(server().pid(), name);
        expect_all_answered(60);
        server().await_standard_error(
            fmt::format("worker {} has not responded for 1.", name.back()));
        expect_all_answered(60);
    }
    // A client that comes when both turn again.
    server().await_standard_error("worker 1 responds again");
    expect_all_answered(10);
}

TEST_P(Stall, OfOneWorkerIsReportedOnceAndItsClientsAreAnsweredInTheEnd) {
    start();
    std::vector<HttpClient> clients;
    for (int count = 0; count < 20; ++count) {
        clients.push_back(connect());
        EXPECT_EQ(clients.back().get("/page.txt").body, page_);
    }
    {
        const HeldThread held(server().pid(), "torc-1");
        for (HttpClient& client : clients) {
            client.send(request_bytes("GET", "/page.txt"));
        }
        server().await_standard_error("worker 1 has not responded for 1.");
        server().await_standard_error("new connections go to the others");
    }
    for (HttpClient& client : clients) {
        EXPECT_EQ(client.receive_response().body, page_);
    }
    server().await_standard_error("worker 1 responds again, after ");
    const std::string printed = server().standard_error();
    EXPECT_EQ(printed.find("has not responded"), printed.rfind("has not responded")) << printed;
}

TEST_P(Stall, OfTheOnlyWorkerIsReportedToo) {
    start({"--workers", "1"});
    {
        const HeldThread held(server().pid(), "torc-0");
        server().await_standard_error("worker 0 has not responded for 1.");
    }
    expect_all_answered(5);
    server().await_standard_error("worker 0 responds again");
}

TEST_P(Stall, OfTheWholeProcessIsNobodysFault) {
    start();
    expect_all_answered(10);
    server().send_signal(SIGSTOP);
    // Longer than a worker may be silent; nothing tells when that has passed.
    EXPECT_FALSE(server().ends_within(std::chrono::milliseconds(1500)));
    server().send_signal(SIGCONT);
    expect_all_answered(10);
    EXPECT_FALSE(server().standard_error().contains("has not responded"));
}

class StallAtTheEnd : public Stall {
protected:
    void TearDown() override {
        if (HasFailure() && server_) {
            ADD_FAILURE() << "torc printed:\n" << server().standard_error();
        }
    }
};

TORC_ON_BOTH_BACKENDS(StallAtTheEnd);

TEST_P(StallAtTheEnd, DoesNotKeepASecondSignalFromEndingTheProcess) {
    start();
    {
        const HeldThread held(server().pid(), "torc-1");
        server().send_signal(SIGTERM);
        server().await_standard_error("finishing what is in flight");
        server().send_signal(SIGTERM);
        server().await_standard_error("does not respond and is left behind");
    }
    EXPECT_EQ(server().exit_code(), 3);
}

}  // namespace
}  // namespace torc::test
