#include "integration/http/conformance.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace torc::test {
namespace {

/// Where a server listens that was started by somebody else.
std::optional<std::uint16_t> external_port() {
    const char* const variable = std::getenv("TORC_CONFORMANCE_SERVER");
    if (variable == nullptr) {
        return std::nullopt;
    }
    constexpr std::string_view host = "127.0.0.1:";
    const std::string_view server = variable;
    std::uint16_t port = 0;
    const char* const end = server.data() + server.size();
    if (!server.starts_with(host) ||
        std::from_chars(server.data() + host.size(), end, port).ptr != end) {
        throw std::runtime_error("TORC_CONFORMANCE_SERVER must be 127.0.0.1:PORT");
    }
    return port;
}

/// All that lives as long as the process: the documents and the servers.
class Site : public ::testing::Environment {
public:
    static Site& instance() {
        // GoogleTest deletes it.
        static Site* const site = new Site;
        return *site;
    }

    [[nodiscard]] const DocumentTree& tree() const { return *tree_; }
    [[nodiscard]] const std::filesystem::path& outside() const { return outside_.path(); }

    [[nodiscard]] std::uint16_t port_of(const std::string& backend,
                                        const std::vector<std::string>& options) {
        const auto key = std::pair(backend, options);
        if (!servers_.contains(key)) {
            servers_.emplace(key, launch(backend, options));
        }
        return servers_.at(key)->port();
    }

    void SetUp() override {
        outside_.write("secret.txt", "secret");
        std::filesystem::path root = outside_.path() / "site";
        if (external_port()) {
            const char* const given = std::getenv("TORC_CONFORMANCE_ROOT");
            root = given == nullptr ? throw std::runtime_error("no TORC_CONFORMANCE_ROOT") : given;
        }
        std::filesystem::create_directories(root);
        tree_ = std::make_unique<DocumentTree>(root, outside_.path() / "secret.txt");
        // Foreign servers give up root, and they too must be able to follow a link out.
        std::filesystem::permissions(outside_.path(), std::filesystem::perms(0755));
    }

    void TearDown() override {
        for (const auto& [key, server] : servers_) {
            const int exit_code = server->stop();
            EXPECT_EQ(exit_code, 0) << "torc printed:\n" << server->standard_error();
        }
        servers_.clear();
        tree_.reset();
    }

private:
    [[nodiscard]] std::unique_ptr<ServerProcess> launch(const std::string& backend,
                                                        const std::vector<std::string>& options) {
        // One worker: what one connection did to it, the next one sees.
        LaunchOptions launch = torc_with({tree_->root().string(), "--port", "0", "--address",
                                          "127.0.0.1", "--io", backend, "--workers", "1"});
        launch.arguments.insert(launch.arguments.end(), options.begin(), options.end());
        // Else root reads what nobody may.
        launch.is_unprivileged = true;
        return std::make_unique<ServerProcess>(launch);
    }

    TemporaryDirectory outside_;
    std::unique_ptr<DocumentTree> tree_;
    std::map<std::pair<std::string, std::vector<std::string>>, std::unique_ptr<ServerProcess>>
        servers_;
};

/// Before the tests run, so that GoogleTest sets it up.
[[maybe_unused]] ::testing::Environment* const registered =
    ::testing::AddGlobalTestEnvironment(&Site::instance());

/// The first answer that is not an interim one.
Response receive_final(HttpClient& client, std::string_view method) {
    Response response = client.receive_response(method);
    while (response.status < 200) {
        response = client.receive_response(method);
    }
    return response;
}

/// What torc sends with every answer. Its peers are asked for it where the RFC does.
void check_common_fields(const Response& response) {
    EXPECT_TRUE(parse_http_date(response.field("Date").value_or(""))) << response.head;
    EXPECT_TRUE(response.field("Server")) << response.head;
}

/// The connection takes another request, or else ends without a word.
void check_next_answer(HttpClient& client) {
    try {
        client.send(request_bytes("GET", "/alphabet.txt"));
    } catch (const ClientError&) {
        return;
    }
    if (client.ending()) {
        return;
    }
    const Response next = client.receive_response();
    EXPECT_EQ(next.status, 200) << "of the next request";
    EXPECT_EQ(next.body, alphabet) << "of the next request";
}

}  // namespace

std::vector<std::string> torc_under_test() {
    return external_port() ? std::vector<std::string>{}
                           : std::vector<std::string>{"uring", "epoll"};
}

std::vector<std::string> servers_under_test() {
    return external_port() ? std::vector<std::string>{"external"} : torc_under_test();
}

void Conformance::SetUp() {
    if (!is_torc()) {
        port_ = external_port().value();
        return;
    }
    if (const auto obstacle = io_uring_obstacle(); obstacle && GetParam() == "uring") {
        GTEST_SKIP() << *obstacle;
    }
    port_ = Site::instance().port_of(GetParam(), options());
}

const DocumentTree& Conformance::tree() {
    return Site::instance().tree();
}

const std::filesystem::path& Conformance::outside() {
    return Site::instance().outside();
}

Response Conformance::answer_to(std::string_view bytes, std::string_view method) const {
    HttpClient client = connect();
    client.send(bytes);
    Response response = receive_final(client, method);
    if (is_torc()) {
        check_common_fields(response);
    }
    if (response.ends_with_connection) {
        return response;
    }
    if (!response.is_last()) {
        check_next_answer(client);
        return response;
    }
    const auto rest = client.receive_to_end();
    EXPECT_EQ(rest.bytes, "") << "after the last answer";
    if (is_torc()) {
        EXPECT_EQ(rest.ending, Ending::orderly);
    }
    return response;
}

std::vector<Response> Conformance::all_answers(std::string_view bytes) const {
    HttpClient client = connect();
    client.send(bytes);
    std::vector<Response> answers;
    while (!client.ending()) {
        answers.push_back(receive_final(client, "GET"));
        if (answers.back().ends_with_connection) {
            break;
        }
    }
    return answers;
}

Response Conformance::answer_before_next(std::string_view bytes) const {
    const auto answers = all_answers(std::string(bytes) + closing_request());
    EXPECT_LE(answers.size(), 2);
    if (answers.size() > 1) {
        EXPECT_EQ(answers[1].status, 200);
        EXPECT_TRUE(answers[1].body.contains("<title>page</title>")) << answers[1].head;
    }
    return answers.empty() ? Response{} : answers[0];
}

Response Conformance::last_answer_to(std::string_view bytes) const {
    const auto answers = all_answers(std::string(bytes) + closing_request());
    EXPECT_EQ(answers.size(), 1) << "the connection did not end after the first answer";
    return answers.empty() ? Response{} : answers[0];
}

bool Conformance::refuses_content_of_get() const {
    return status_of(request_bytes("GET", "/alphabet.txt", "Content-Length: 5\r\n") + "hello") !=
           200;
}

Response Conformance::flood(std::string_view head, std::string_view filler,
                            std::size_t bytes_max) const {
    HttpClient client = connect();
    client.send(head);
    // In blocks and not at full speed: a server that has answered drops some of what still comes,
    // but resets the connection of whoever sends on and on.
    constexpr std::size_t block_bytes = std::size_t{8} * 1024;
    constexpr int pause_ms = 1;
    std::string block;
    while (block.size() < block_bytes) {
        block += filler;
    }
    try {
        pollfd readable{.fd = client.socket(), .events = POLLIN, .revents = 0};
        for (std::size_t sent = 0; sent < bytes_max && ::poll(&readable, 1, pause_ms) == 0;
             sent += block.size()) {
            client.send(block);
        }
        return receive_final(client, "GET");
    } catch (const ClientError&) {
        return {};
    }
}

std::string Conformance::only(const Response& response, std::string_view name) {
    EXPECT_EQ(response.count(name), 1) << name << " in:\n" << response.head;
    return response.field(name).value_or("");
}

std::string closing_request() {
    return request_bytes("GET", "/dir/page.html", "Connection: close\r\n");
}

::testing::AssertionResult is_one_of(int status, std::initializer_list<int> allowed) {
    if (std::ranges::find(allowed, status) != allowed.end()) {
        return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure()
           << fmt::format("answered with {}, allowed are {}", status, fmt::join(allowed, ", "));
}

std::string http_date(std::time_t time) {
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    constexpr std::size_t date_bytes = sizeof "Sun, 06 Nov 1994 08:49:37 GMT";
    std::string text(date_bytes, '\0');
    text.resize(std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
    return text;
}

std::optional<std::time_t> parse_http_date(const std::string& text) {
    std::tm parts{};
    const char* const end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (end == nullptr || *end != '\0') {
        return std::nullopt;
    }
    const std::time_t time = ::timegm(&parts);
    // strptime(3) is generous: with white space, digits that are missing, a weekday that is wrong.
    return http_date(time) == text ? std::optional(time) : std::nullopt;
}

std::string field_line(std::string_view name, std::string_view value) {
    return fmt::format("{}: {}\r\n", name, value);
}

}  // namespace torc::test
