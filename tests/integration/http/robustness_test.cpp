// What clients do to servers, and what happens to files while they are sent. No RFC names these;
// each is a bug that some server had.

#include "integration/http/conformance.hpp"

#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Robustness);

/// More than the kernel takes of an answer ahead of a reader that does not read.
constexpr std::size_t huge_bytes = std::size_t{24} * 1024 * 1024;
constexpr int small_receive_buffer_bytes = 16 * 1024;

/// One client's share of the mixed requests.
class MixedRequests {
public:
    MixedRequests(std::function<HttpClient()> connect, const std::string& large, unsigned seed)
        : connect_(std::move(connect)), large_(large), random_(seed), client_(connect_()) {}

    /// A word on the first answer that was wrong; empty when none was.
    [[nodiscard]] std::string run(int requests) {
        try {
            for (int i = 0; i < requests; ++i) {
                std::string problem = run_one();
                if (!problem.empty()) {
                    return problem;
                }
            }
            return {};
        } catch (const std::exception& error) {
            return error.what();
        }
    }

private:
    [[nodiscard]] std::size_t below(std::size_t limit) {
        return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
    }

    [[nodiscard]] std::string run_one() {
        switch (below(20)) {
            case 0:
                return abort();
            case 1:
            case 2:
                return check(client_.get("/large.bin"), 200, large_);
            case 3:
            case 4:
            case 5:
            case 6:
            case 7:
                return range();
            case 8:
            case 9:
            case 10:
                return check(client_.request("HEAD", "/large.bin"), 200, "");
            case 11:
                return client_.get("/absent").status == 404 ? "" : "what is absent is not 404";
            case 12:
                return check(client_.get("/alphabet.txt", unmodified_), 304, "");
            default:
                return check(client_.get("/alphabet.txt"), 200, alphabet);
        }
    }

    [[nodiscard]] std::string range() {
        const std::size_t first = below(large_bytes);
        const std::size_t last = first + below(large_bytes - first);
        const std::string field =
            "Range: bytes=" + std::to_string(first) + "-" + std::to_string(last) + "\r\n";
        return check(client_.get("/large.bin", field), 206,
                     std::string_view(large_).substr(first, last - first + 1));
    }

    /// Leaves in the middle of a body.
    [[nodiscard]] std::string abort() {
        client_.send(request_bytes("GET", "/large.bin"));
        static_cast<void>(client_.receive_head());
        static_cast<void>(client_.receive(below(10'000)));
        client_.reset();
        client_ = connect_();
        return {};
    }

    [[nodiscard]] static std::string check(const Response& response, int status,
                                           std::string_view body) {
        const auto result = is_same_bytes(response.body, body);
        return response.status == status && result
                   ? ""
                   : std::to_string(response.status) + " " + result.message();
    }

    const std::string unmodified_ = field_line("If-Modified-Since", tree_date);
    std::function<HttpClient()> connect_;
    const std::string& large_;
    std::mt19937 random_;
    HttpClient client_;
};

TEST_P(Robustness, Twenty_thousand_mixed_requests_get_every_byte_right) {
    hardening();
    constexpr unsigned clients = 4;
    constexpr int requests_each = 5000;
    std::array<std::string, clients> problems;
    std::vector<std::thread> threads;
    threads.reserve(clients);
    for (unsigned i = 0; i < clients; ++i) {
        threads.emplace_back([&, i] {
            try {
                MixedRequests mixed([this] { return connect(); }, tree().large(), i);
                problems[i] = mixed.run(requests_each);
            } catch (const std::exception& error) {
                problems[i] = error.what();
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (const std::string& problem : problems) {
        EXPECT_EQ(problem, "");
    }
}

TEST_P(Robustness, Clients_that_leave_in_the_middle_do_no_harm) {
    hardening();
    HttpClient bystander = connect();
    for (int i = 0; i < 20; ++i) {
        HttpClient of_head = connect();
        of_head.send(request_bytes("HEAD", "/large.bin"));
        of_head.reset();
        HttpClient of_body = connect(small_receive_buffer_bytes);
        of_body.send(request_bytes("GET", "/sparse.bin"));
        static_cast<void>(of_body.receive_head());
        of_body.reset();
        HttpClient of_request = connect();
        of_request.send("GET /alphab");
        of_request.reset();
        ASSERT_EQ(bystander.get("/alphabet.txt").body, alphabet);
    }
}

TEST_P(Robustness, Clients_that_send_slowly_do_not_delay_others) {
    hardening();
    std::vector<HttpClient> slow;
    for (int i = 0; i < 50; ++i) {
        slow.push_back(connect());
        slow.back().send("GET /alphabet.txt HTTP/1.1\r\nHost: te");
    }
    HttpClient bystander = connect();
    const std::string_view rest = "st\r\nX: slow";
    for (const char octet : rest) {
        for (HttpClient& client : slow) {
            client.send({&octet, 1});
        }
        ASSERT_EQ(bystander.get("/alphabet.txt").body, alphabet);
    }
    slow.front().send("\r\n\r\n");
    EXPECT_EQ(slow.front().receive_response().body, alphabet);
}

TEST_P(Robustness, Clients_that_read_slowly_do_not_delay_others) {
    hardening();
    std::vector<HttpClient> slow;
    for (int i = 0; i < 30; ++i) {
        slow.push_back(connect(small_receive_buffer_bytes));
        slow.back().send(request_bytes("GET", "/sparse.bin"));
        ASSERT_EQ(slow.back().receive_head().status, 200);
    }
    HttpClient bystander = connect();
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(slow[static_cast<std::size_t>(i) % slow.size()].receive(1), std::string(1, '\0'));
        ASSERT_EQ(bystander.get("/alphabet.txt").body, alphabet);
    }
}

TEST_P(Robustness, A_file_that_is_replaced_while_it_is_sent_is_sent_to_its_end) {
    hardening();
    const std::string before = patterned_bytes(huge_bytes);
    tree().write("replaced.bin", before);
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/replaced.bin"));
    ASSERT_EQ(client.receive_head().status, 200);
    tree().write("replaced.bin", "short");
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), before));
    EXPECT_EQ(client.get("/alphabet.txt").body, alphabet);
}

TEST_P(Robustness, A_file_that_is_deleted_while_it_is_sent_is_sent_to_its_end) {
    hardening();
    const std::string before = patterned_bytes(huge_bytes);
    tree().write("deleted.bin", before);
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/deleted.bin"));
    ASSERT_EQ(client.receive_head().status, 200);
    std::filesystem::remove(tree().root() / "deleted.bin");
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), before));
    EXPECT_EQ(client.get("/alphabet.txt").body, alphabet);
}

TEST_P(Robustness, A_file_that_is_truncated_while_it_is_sent_ends_the_connection) {
    hardening();
    const std::string before = patterned_bytes(huge_bytes);
    tree().write("truncated.bin", before);
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/truncated.bin"));
    EXPECT_EQ(client.receive_head().field("Content-Length"), std::to_string(huge_bytes));
    std::filesystem::resize_file(tree().root() / "truncated.bin", 100'000);
    const std::string received = client.receive_to_end().bytes;
    EXPECT_LT(received.size(), huge_bytes);
    // What was cut off under sendfile(2) may come as zeros, but nothing may come that never was in
    // the file.
    for (std::size_t i = 0; i < received.size(); ++i) {
        ASSERT_TRUE(received[i] == before[i] || received[i] == '\0') << i;
    }
    EXPECT_EQ(get("/alphabet.txt").body, alphabet);
}

TEST_P(Robustness, A_file_that_grows_while_it_is_sent_keeps_its_length) {
    hardening();
    const std::string before = patterned_bytes(huge_bytes);
    tree().write("growing.bin", before);
    HttpClient client = connect(small_receive_buffer_bytes);
    client.send(request_bytes("GET", "/growing.bin"));
    ASSERT_EQ(client.receive_head().status, 200);
    std::filesystem::resize_file(tree().root() / "growing.bin", huge_bytes * 2);
    EXPECT_TRUE(is_same_bytes(client.receive(huge_bytes), before));
    EXPECT_EQ(client.get("/alphabet.txt").body, alphabet);
}

TEST_P(Robustness, A_file_that_is_rewritten_all_the_time_is_never_mixed) {
    hardening();
    // Each version is one letter over and over, of a length of its own.
    const auto version = [](int i) {
        const auto letter = static_cast<char>('a' + i % 26);
        return std::string(static_cast<std::size_t>(1000 + i), letter);
    };
    tree().write("rewritten.txt", version(0));
    HttpClient client = connect();
    for (int i = 1; i < 300; ++i) {
        tree().write("rewritten.txt", version(i), tree_time + std::chrono::milliseconds(i));
        const std::string body = client.get("/rewritten.txt").body;
        ASSERT_GE(body.size(), 1000);
        ASSERT_EQ(body, version(static_cast<int>(body.size()) - 1000));
    }
}

}  // namespace
}  // namespace torc::test
