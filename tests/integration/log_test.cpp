// Where the access log and what torc says go, and that neither ever holds anybody up.

#include "integration/support/server_test.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <regex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

struct Pipe {
    UniqueFd reader;
    UniqueFd writer;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// One that takes not a byte more; the other end's reader never reads.
Pipe make_full_pipe() {
    Pipe pipe = make_pipe();
    EXPECT_EQ(::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK), 0);
    const std::string page(4096, 'x');
    while (::write(pipe.writer.get(), page.data(), page.size()) > 0) {
    }
    EXPECT_EQ(::fcntl(pipe.writer.get(), F_SETFL, 0), 0);
    return pipe;
}

/// Collects what is written to `descriptor` as fast as it comes, until its end.
class Reader {
public:
    explicit Reader(int descriptor) : thread_([this, descriptor] { read(descriptor); }) {}
    /// All of it; the writers must be gone or going.
    std::string finish() {
        thread_.join();
        return std::move(text_);
    }

private:
    void read(int descriptor) {
        std::array<char, 64 * 1024> buffer{};
        for (ssize_t count = 0; (count = ::read(descriptor, buffer.data(), buffer.size())) > 0;) {
            text_.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }

    std::string text_;
    std::thread thread_;
};

/// One that nobody listens on, most likely.
std::uint16_t free_port() {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    EXPECT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    EXPECT_EQ(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    return ntohs(address.sin_port);
}

/// `count` requests on one connection, some of them at a time.
void get_pages(std::uint16_t port, int count, int at_a_time, std::string_view fields = {}) {
    HttpClient client(port);
    for (int sent = 0; sent < count; sent += at_a_time) {
        std::string requests;
        for (int one = 0; one < at_a_time; ++one) {
            requests += request_bytes("GET", "/page.txt", fields);
        }
        client.send(requests);
        for (int one = 0; one < at_a_time; ++one) {
            EXPECT_EQ(client.receive_response().status, 200);
        }
    }
}

class Logging : public ServerTest {
protected:
    void SetUp() override {
        ServerTest::SetUp();
        write("page.txt", "a page\n");
    }

    [[nodiscard]] std::string log_file() const {
        return (directory_.path() / "access.log").string();
    }
    /// A torc whose standard error is not this test's to read.
    [[nodiscard]] LaunchOptions options_for(std::uint16_t port) const {
        return torc_with({site().string(), "--port", std::to_string(port), "--address", "127.0.0.1",
                          "--io", GetParam(), "--workers", "2"});
    }
    [[nodiscard]] static bool eventually_accepts(std::uint16_t port) {
        return eventually([&] {
            try {
                return HttpClient(port).get("/page.txt").status == 200;
            } catch (const ClientError&) {
                return false;
            }
        });
    }
    /// Requests of as many connections as clients, from a few threads.
    void get_pages_from_many(int clients, int each) {
        constexpr int threads_max = 8;
        std::vector<std::thread> threads;
        for (int thread = 0; thread < threads_max; ++thread) {
            threads.emplace_back([this, thread, clients, each] {
                std::vector<HttpClient> own;
                for (int client = thread; client < clients; client += threads_max) {
                    own.push_back(connect());
                }
                for (int turn = 0; turn < each; ++turn) {
                    for (HttpClient& client : own) {
                        client.send(request_bytes("GET", "/page.txt"));
                    }
                    for (HttpClient& client : own) {
                        EXPECT_EQ(client.receive_response().status, 200);
                    }
                }
            });
        }
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    /// Counts lines, and expects each to be whole.
    static int count_whole_lines(std::string_view text) {
        static const std::regex whole(
            R"re(127\.0\.0\.1 - - \[[^\]]*\] "GET /page\.txt HTTP/1\.1" 200 7 "-" "[^"]*")re");
        int lines = 0;
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            const std::string line(text.substr(0, end));
            if (end == std::string_view::npos || !std::regex_match(line, whole)) {
                ADD_FAILURE() << "not a whole line: " << line;
                return lines;
            }
            ++lines;
            text.remove_prefix(end + 1);
        }
        return lines;
    }
};

TORC_ON_BOTH_BACKENDS(Logging);

TEST_P(Logging, KeepsEveryLineOfTwoWorkersInAFileThatIsNotAppendedTo) {
    const UniqueFd file(::open(log_file().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    LaunchOptions options = torc_with({"--access-log", "-"});
    options.standard_output = file.get();
    start(options);
    std::vector<std::thread> clients;
    for (int client = 0; client < 8; ++client) {
        clients.emplace_back([this] { get_pages(server().port(), 5000, 50); });
    }
    for (std::thread& client : clients) {
        client.join();
    }
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(count_whole_lines(contents_of(log_file())), 40'000);
    EXPECT_FALSE(server().standard_error().contains("lost")) << server().standard_error();
}

TEST_P(Logging, LosesNothingThroughAPipeWhoseReaderKeepsUp) {
    Pipe pipe = make_pipe();
    LaunchOptions options = torc_with({"--access-log", "-"});
    options.standard_output = pipe.writer.get();
    start(options);
    pipe.writer.reset();
    Reader reader(pipe.reader.get());
    get_pages_from_many(256, 40);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(count_whole_lines(reader.finish()), 256 * 40);
    EXPECT_FALSE(server().standard_error().contains("lost")) << server().standard_error();
}

TEST_P(Logging, ServesOnWhenNobodyReadsTheLogAndSaysWhatThatLoses) {
    const Pipe pipe = make_pipe();
    LaunchOptions options = torc_with({"--access-log", "-"});
    options.standard_output = pipe.writer.get();
    start(options);
    // Each line becomes 16 KiB long; of these many, not half can wait.
    const std::string odd(2000, '\xff');
    const std::string fields = "User-Agent: " + odd + "\r\nReferer: " + odd + "\r\n";
    get_pages(server().port(), 5000, 10, fields);
    server().await_standard_error(
        " lost: the reader of the pipe takes lines more slowly than they come");
    EXPECT_EQ(get("/page.txt").status, 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_TRUE(server().standard_error().contains(" lines were lost in all"));
}

TEST_P(Logging, EndsAtASecondSignalThoughNobodyReadsTheLog) {
    const Pipe pipe = make_full_pipe();
    LaunchOptions options = torc_with({"--access-log", "-"});
    options.standard_output = pipe.writer.get();
    start(options);
    EXPECT_EQ(get("/page.txt").status, 200);
    server().send_signal(SIGTERM);
    server().await_standard_error("finishing what is in flight");
    server().send_signal(SIGTERM);
    EXPECT_TRUE(server().ends_within(patience));
    EXPECT_TRUE(server().standard_error().contains("access log: 1 line was lost in all"));
    server_.reset();
}

TEST_P(Logging, WritesToASocketThatStandardOutputIs) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd reader(ends[0]);
    UniqueFd writer(ends[1]);
    for (const char* name : {"-", "/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"}) {
        LaunchOptions options = torc_with({"--access-log", name});
        options.standard_output = writer.get();
        start(options);
        EXPECT_EQ(get("/page.txt").status, 200);
        EXPECT_EQ(server().stop(), 0);
    }
    writer.reset();
    EXPECT_EQ(count_whole_lines(Reader(reader.get()).finish()), 4);
}

TEST_P(Logging, ShowsLinesOnATerminalAtOnceAndInTheirOrder) {
    int master = -1;
    int slave = -1;
    ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
    const UniqueFd terminal(master);
    const UniqueFd other_end(slave);
    LaunchOptions options = torc_with({"--access-log", "-"});
    options.standard_output = other_end.get();
    start(options);
    std::string shown;
    std::array<char, 4096> buffer{};
    const auto begun = std::chrono::steady_clock::now();
    for (int number = 0; number < 10; ++number) {
        // A connection of its own, so that both workers have some.
        const std::string target = fmt::format("/page.txt?{}", number);
        EXPECT_EQ(get(target).status, 200);
        while (!shown.ends_with("\r\n") || !shown.contains("GET " + target + " ")) {
            pollfd event{.fd = terminal.get(), .events = POLLIN, .revents = 0};
            ASSERT_EQ(::poll(&event, 1, 60'000), 1);
            const ssize_t count = ::read(terminal.get(), buffer.data(), buffer.size());
            ASSERT_GT(count, 0);
            shown.append(buffer.data(), static_cast<std::size_t>(count));
        }
    }
    // In batches, each would have taken a second.
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(9));
    std::size_t position = 0;
    for (int number = 0; number < 10; ++number) {
        position = shown.find(fmt::format("GET /page.txt?{} ", number), position);
        ASSERT_NE(position, std::string::npos) << shown;
    }
}

TEST_P(Logging, StartsThoughNobodyReadsTheFifoThatIsItsLog) {
    ASSERT_EQ(::mkfifo(log_file().c_str(), 0600), 0);
    start({"--access-log", log_file()});
    EXPECT_EQ(get("/page.txt").status, 200);
    server().await_standard_error("access log: nobody reads the FIFO");
    const UniqueFd reader(::open(log_file().c_str(), O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(count_whole_lines(Reader(reader.get()).finish()), 1);
}

TEST_P(Logging, StopsThoughNobodyReadsTheFifoThatIsItsLog) {
    ASSERT_EQ(::mkfifo(log_file().c_str(), 0600), 0);
    start({"--access-log", log_file()});
    EXPECT_EQ(get("/page.txt").status, 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_TRUE(server().standard_error().contains("access log: 1 line was lost in all"));
}

TEST_P(Logging, WritesToTheOldFileWhatWasServedBeforeTheSignal) {
    for (const int signal : {SIGHUP, SIGUSR1}) {
        const std::string moved = log_file() + "." + std::to_string(signal);
        start({"--access-log", log_file()});
        int sent = get("/page.txt").status == 200 ? 1 : 0;
        std::filesystem::rename(log_file(), moved);
        server().send_signal(signal);
        EXPECT_TRUE(eventually([&] {
            return get("/page.txt").status == 200 && ++sent > 1 && !contents_of(log_file()).empty();
        }));
        EXPECT_EQ(server().stop(), 0);
        EXPECT_GE(count_whole_lines(contents_of(moved)), 1);
        EXPECT_EQ(count_whole_lines(contents_of(moved) + contents_of(log_file())), sent);
        std::filesystem::remove(log_file());
    }
}

TEST_P(Logging, SaysThatWhatWasOpenBeforeCannotBeOpenedAnew) {
    for (const auto& [log, name] : std::vector<std::pair<std::string, std::string>>{
             {"-", "standard output"}, {"/dev/stdout", "/dev/stdout"}}) {
        for (const auto& [signal, signal_name] :
             std::vector<std::pair<int, std::string>>{{SIGHUP, "SIGHUP"}, {SIGUSR1, "SIGUSR1"}}) {
            start({"--access-log", log});
            server().send_signal(signal);
            server().await_standard_error(
                signal_name + ": the access log (" + name +
                ") was open before torc began, so it can't be opened anew");
            EXPECT_EQ(get("/page.txt").status, 200);
            EXPECT_EQ(server().stop(), 0);
        }
    }
}

TEST_P(Logging, LosesNothingWhenTheLogIsMovedUnderLoad) {
    constexpr int rotations = 5;
    constexpr int clients = 4;
    start({"--access-log", log_file()});
    std::atomic<bool> is_over = false;
    std::atomic<int> requests = 0;
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client) {
        threads.emplace_back([&] {
            while (!is_over) {
                get_pages(server().port(), 100, 10);
                requests += 100;
            }
        });
    }
    for (int rotation = 0; rotation < rotations; ++rotation) {
        const int before = requests;
        EXPECT_TRUE(eventually([&] { return requests > before; }));
        std::filesystem::rename(log_file(), fmt::format("{}.{}", log_file(), rotation));
        server().send_signal(SIGUSR1);
        EXPECT_TRUE(eventually([this] { return std::filesystem::exists(log_file()); }));
    }
    is_over = true;
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_EQ(server().stop(), 0);
    int lines = count_whole_lines(contents_of(log_file()));
    for (int rotation = 0; rotation < rotations; ++rotation) {
        lines += count_whole_lines(contents_of(fmt::format("{}.{}", log_file(), rotation)));
    }
    EXPECT_EQ(lines, requests);
}

TEST_P(Logging, KeepsTheOldFileWhenTheNewOneCannotBeMade) {
    const auto deep = directory_.path() / "deep";
    std::filesystem::create_directory(deep);
    start({"--access-log", (deep / "log").string()});
    std::filesystem::rename(deep, directory_.path() / "moved");
    server().send_signal(SIGUSR1);
    server().await_standard_error("torc: error: access log " + (deep / "log").string() +
                                  " can't be opened anew, the old file stays in use: No such file");
    EXPECT_TRUE(server().standard_error().contains("SIGUSR1: opening the access log anew\n"));
    EXPECT_EQ(get("/page.txt").status, 200);
    EXPECT_EQ(server().stop(), 0);
    EXPECT_EQ(count_whole_lines(contents_of(directory_.path() / "moved" / "log")), 1);
}

TEST_P(Logging, ServesAndStopsThoughStandardErrorTakesNothing) {
    const Pipe pipe = make_full_pipe();
    const std::uint16_t port = free_port();
    LaunchOptions options = options_for(port);
    options.standard_error = pipe.writer.get();
    // A log that always has something to complain of.
    options.arguments.insert(options.arguments.end(),
                             {"--log-level", "debug", "--access-log", "/dev/full"});
    Subprocess torc(options);
    ASSERT_TRUE(eventually_accepts(port));
    for (int signal = 0; signal < 100; ++signal) {
        torc.send_signal(SIGUSR1);
    }
    get_pages(port, 10'000, 50);
    torc.send_signal(SIGTERM);
    EXPECT_EQ(torc.exit_code(), 0);
}

TEST_P(Logging, ServesAndStopsThoughTheReaderOfStandardErrorIsGone) {
    Pipe pipe = make_pipe();
    const std::uint16_t port = free_port();
    LaunchOptions options = options_for(port);
    options.standard_error = pipe.writer.get();
    pipe.reader.reset();
    Subprocess torc(options);
    ASSERT_TRUE(eventually_accepts(port));
    torc.send_signal(SIGTERM);
    EXPECT_EQ(torc.exit_code(), 0);
}

TEST_P(Logging, EndsThoughItCannotSayWhyItDoesNotStart) {
    const Pipe pipe = make_full_pipe();
    LaunchOptions options = torc_with({(directory_.path() / "absent").string()});
    options.standard_error = pipe.writer.get();
    EXPECT_EQ(Subprocess(options).exit_code(), 1);
    options.standard_error = -1;
    options.closed_descriptors = {STDERR_FILENO};
    EXPECT_EQ(Subprocess(options).exit_code(), 1);
}

TEST_P(Logging, GivesNobodyTheNumbersOfItsStandardDescriptors) {
    const std::vector<std::vector<int>> cases = {{STDERR_FILENO},
                                                 {STDOUT_FILENO, STDERR_FILENO},
                                                 {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}};
    for (const std::vector<int>& closed : cases) {
        const std::uint16_t port = free_port();
        LaunchOptions options = options_for(port);
        options.closed_descriptors = closed;
        Subprocess torc(options);
        ASSERT_TRUE(eventually_accepts(port));
        for (const int descriptor : closed) {
            EXPECT_EQ(std::filesystem::read_symlink(
                          fmt::format("/proc/{}/fd/{}", torc.pid(), descriptor)),
                      "/dev/null");
        }
        torc.send_signal(SIGTERM);
        EXPECT_EQ(torc.exit_code(), 0);
    }
}

TEST_P(Logging, IsEndedByNoSignalThatDoesNotMeanTheEnd) {
    start();
    HttpClient client = connect();
    EXPECT_EQ(client.get("/page.txt").status, 200);
    for (const int signal :
         {SIGHUP, SIGUSR1, SIGPIPE, SIGWINCH, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGPWR, SIGXFSZ,
          SIGXCPU, SIGCHLD, SIGURG, SIGCONT, SIGRTMIN, SIGRTMAX}) {
        server().send_signal(signal);
        EXPECT_EQ(client.get("/page.txt").status, 200) << signal;
    }
    server().await_standard_error("SIGUSR1: ");
}

}  // namespace
}  // namespace torc::test
