// paced: a client that sends requests at a fixed rate, and counts how late each answer was from the
// moment at which its request was due, not from the one at which it could be sent. A server that
// stops for a second is charged with all the requests that were due in that second (no coordinated
// omission).
//
//   paced --port PORT --path PATH --seconds N [--connections N] [--rate N] [--spin] [--fresh]
//   [--numbered]
//         [--method NAME] [--field 'NAME: VALUE']... [--status N] [--length BYTES]
//
// --rate is in requests/s over all connections. 0, the default, is a closed loop: each connection
// asks again as soon as it is answered, and the latencies count from the sending. Unlike wrk it can
// do so with HEAD, and it reports how many answers each connection had.
//
// --spin polls without sleeping: exact to some microseconds, for whoever has a CPU for it alone.
// --fresh has a new connection for each request, of which --connections may be open at a time. A
// connection that can't be made is an error of that request, whose successor tries again when it is
// due. --numbered gives each request a query of its own, ten digits. SIGTERM ends the sending
// before its time.
//
// Every answer must have the status and, if it is given, the Content-Length that is expected. The
// result is one line of JSON.

#include <torc/base/unique_fd.hpp>

#include "histogram.hpp"
#include "paced_options.hpp"
#include "program.hpp"
#include "response_head.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <exception>
#include <iostream>
#include <limits>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using torc::UniqueFd;
using torc::bench::check;
using torc::bench::fail;
using torc::bench::Head;
using torc::bench::Histogram;
using torc::bench::number_digits;
using torc::bench::Options;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t receive_bytes = 256UZ * 1024;
constexpr std::size_t head_bytes_max = 16UZ * 1024;
constexpr std::size_t events_per_wait = 512;
// How long answers are waited for once the last request was due.
constexpr auto grace = 2s;

volatile std::sig_atomic_t is_told_to_end = 0;

void end_early(int /*signal*/) {
    is_told_to_end = 1;
}

struct Connection {
    /// None: it is opened for the next request.
    UniqueFd socket;
    bool connecting = false;
    bool busy = false;
    Time due;          // of the request that is being answered
    std::string head;  // of its answer, as far as it came
    bool in_body = false;
    bool is_last = false;  // the answer says that no other comes
    std::uint64_t body_left = 0;
    std::uint64_t answers = 0;
};

struct Errors {
    std::uint64_t connect = 0;     // refused, or given up by the kernel
    std::uint64_t read = 0;        // closed or reset in the middle of an answer
    std::uint64_t status = 0;      // another status than expected
    std::uint64_t length = 0;      // another length than expected
    std::uint64_t unanswered = 0;  // due, and not answered in time
};

/// Where in its interval a request is due, as a part of it. Were all due at the same place, every
/// 80th of 20,000/s would meet the tick of a kernel of 250 Hz, or none would; and that tick is what
/// /proc/stat counts CPU time by. Multiples of the golden ratio are spread evenly and never repeat.
double place_in_interval(std::uint64_t request) {
    constexpr std::uint64_t golden_ratio = 0x9E37'79B9'7F4A'7C15;  // of 2^64
    return static_cast<double>(request * golden_ratio) * 0x1p-64;
}

class Client {
public:
    explicit Client(const Options& options);

    void run();
    [[nodiscard]] std::string report() const;

private:
    void open(std::uint32_t index);
    /// Ends the connection; a request that is under way on it has failed, as `error` counts.
    void close(std::uint32_t index, std::uint64_t& error);
    void send_what_is_due(Time now);
    void send(std::uint32_t index, Time due, Time now);
    void send_request(std::uint32_t index);
    void number_request();
    void wait(Time now);
    void obey(const epoll_event& event);
    void receive(std::uint32_t index);
    void finish(std::uint32_t index);
    /// Takes bytes of an answer; true when it is whole.
    bool consume(Connection& connection, std::string_view bytes);
    void begin_body(Connection& connection, const Head& head);
    void count_unanswered(Time now);

    [[nodiscard]] bool closed_loop() const { return options_.rate == 0; }
    [[nodiscard]] Time due_time(std::uint64_t request) const {
        const double intervals = static_cast<double>(request) + place_in_interval(request);
        return start_ + Nanoseconds(static_cast<std::int64_t>(1e9 * intervals /
                                                              static_cast<double>(options_.rate)));
    }
    [[nodiscard]] bool all_sent() const { return sent_ == total_; }

    Options options_;
    std::string request_;
    UniqueFd epoll_;
    std::vector<Connection> connections_;
    std::deque<std::uint32_t> idle_;  // the longest idle first, so that all take turns
    std::string received_;
    Histogram latencies_;
    Errors errors_;
    Time start_;
    Time end_;
    Time last_answer_;
    Nanoseconds longest_gap_{0};
    std::uint64_t opened_ = 0;
    std::uint64_t numbered_ = 0;
    std::uint64_t total_;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t received_bytes_ = 0;
    Nanoseconds worst_lateness_{0};
};

Client::Client(const Options& options)
    : options_(options),
      request_(torc::bench::make_request(options)),
      epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      connections_(options.connections),
      received_(receive_bytes, '\0'),
      total_(options.rate == 0 ? std::numeric_limits<std::uint64_t>::max()
                               : options.rate * options.seconds) {
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        if (!options.fresh) {
            open(i);
        }
        idle_.push_back(i);
    }
}

void Client::open(std::uint32_t index) {
    Connection& connection = connections_[index];
    connection.socket =
        UniqueFd(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    const int socket = connection.socket.get();
    const int on = 1;
    check(::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result =
        ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (result < 0 && errno != EINPROGRESS && errno != ECONNREFUSED) {
        fail("connect");
    }
    // What loopback answers at once is there already, and reported as any other outcome.
    connection.connecting = true;
    ++opened_;
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.u32 = index;
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
}

void Client::close(std::uint32_t index, std::uint64_t& error) {
    Connection& connection = connections_[index];
    if (connection.busy) {
        ++error;
        idle_.push_back(index);
    }
    const std::uint64_t answers = connection.answers;
    connection = Connection{};
    connection.answers = answers;
}

void Client::run() {
    start_ = Clock::now();
    end_ = start_ + std::chrono::seconds(options_.seconds);
    last_answer_ = start_;
    Time now = start_;
    for (;; now = Clock::now()) {
        if (is_told_to_end != 0 && end_ > now) {
            end_ = now;
            total_ = sent_;
        }
        if (closed_loop() && now >= end_) {
            // What was asked is still answered, so that it is known how many answers there were.
            total_ = sent_;
        }
        if (now >= end_ + grace || (all_sent() && idle_.size() == connections_.size())) {
            break;
        }
        send_what_is_due(now);
        wait(now);
    }
    count_unanswered(now);
}

void Client::send_what_is_due(Time now) {
    while (!idle_.empty() && !all_sent()) {
        const Time due = closed_loop() ? now : due_time(sent_);
        if (due > now) {
            return;
        }
        const std::uint32_t index = idle_.front();
        idle_.pop_front();
        send(index, due, now);
    }
}

void Client::send(std::uint32_t index, Time due, Time now) {
    Connection& connection = connections_[index];
    connection.busy = true;
    connection.due = due;
    ++sent_;
    worst_lateness_ = std::max(worst_lateness_, now - due);
    if (!connection.socket) {
        open(index);
    }
    if (!connection.connecting) {
        send_request(index);
    }
}

void Client::send_request(std::uint32_t index) {
    if (options_.numbered) {
        number_request();
    }
    // A new connection or one whose answer is read to its end: there is room for a request.
    if (::send(connections_[index].socket.get(), request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size())) {
        close(index, errors_.read);
    }
}

void Client::number_request() {
    std::uint64_t number = ++numbered_;
    for (std::size_t at = request_.find('?') + number_digits; request_[at] != '?'; --at) {
        request_[at] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

void Client::wait(Time now) {
    // In a closed loop, and when all connections are busy, an answer is what comes next.
    Time until = closed_loop() && !all_sent() ? end_ : end_ + grace;
    if (!closed_loop() && !idle_.empty() && !all_sent()) {
        until = due_time(sent_);
    }
    const auto left = options_.spin ? Nanoseconds{} : std::max(until - now, Nanoseconds{});
    const timespec timeout{.tv_sec = left / 1s, .tv_nsec = (left % 1s).count()};
    std::array<epoll_event, events_per_wait> events{};
    const int count =
        ::epoll_pwait2(epoll_.get(), events.data(), int{events.size()}, &timeout, nullptr);
    if (count < 0 && errno != EINTR) {
        fail("epoll_pwait2");
    }
    for (int i = 0; i < count; ++i) {
        obey(events[static_cast<std::size_t>(i)]);
    }
}

void Client::obey(const epoll_event& event) {
    const std::uint32_t index = event.data.u32;
    Connection& connection = connections_[index];
    if (!connection.connecting) {
        receive(index);
        return;
    }
    int error = 0;
    socklen_t length = sizeof error;
    check(::getsockopt(connection.socket.get(), SOL_SOCKET, SO_ERROR, &error, &length), "SO_ERROR");
    if (error != 0 || (event.events & (EPOLLERR | EPOLLHUP)) != 0) {
        close(index, errors_.connect);
        return;
    }
    connection.connecting = false;
    epoll_event next{};
    next.events = EPOLLIN;
    next.data.u32 = index;
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &next), "epoll_ctl");
    if (connection.busy) {
        send_request(index);
    }
}

void Client::receive(std::uint32_t index) {
    Connection& connection = connections_[index];
    const ssize_t count =
        ::recv(connection.socket.get(), received_.data(), received_.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) {
        return;
    }
    if (count <= 0) {
        close(index, errors_.read);
        return;
    }
    received_bytes_ += static_cast<std::uint64_t>(count);
    const std::string_view bytes(received_.data(), static_cast<std::size_t>(count));
    if (!connection.busy || connection.head.size() > head_bytes_max) {
        ++errors_.length;  // bytes that nobody asked for
        close(index, errors_.read);
    } else if (consume(connection, bytes)) {
        finish(index);
    }
}

void Client::finish(std::uint32_t index) {
    Connection& connection = connections_[index];
    const Time now = Clock::now();
    latencies_.add(now - connection.due);
    longest_gap_ = std::max(longest_gap_, now - last_answer_);
    last_answer_ = now;
    ++answered_;
    ++connection.answers;
    connection.busy = false;
    connection.in_body = false;
    connection.head.clear();
    idle_.push_back(index);
    if (connection.is_last) {
        close(index, errors_.read);
    }
}

bool Client::consume(Connection& connection, std::string_view bytes) {
    if (!connection.in_body) {
        const std::size_t before = connection.head.size();
        connection.head += bytes;
        const std::size_t end = connection.head.find("\r\n\r\n", before < 3 ? 0 : before - 3);
        if (end == std::string::npos) {
            return false;
        }
        bytes.remove_prefix(end + 4 - before);
        begin_body(connection,
                   torc::bench::parse_head(std::string_view(connection.head).substr(0, end)));
    }
    if (bytes.size() > connection.body_left) {
        ++errors_.length;
        connection.body_left = 0;
        return true;
    }
    connection.body_left -= bytes.size();
    return connection.body_left == 0;
}

void Client::begin_body(Connection& connection, const Head& head) {
    connection.in_body = true;
    const bool without_body = options_.method == "HEAD" || head.status == 304;
    connection.body_left = without_body ? 0 : head.content_length.value_or(0);
    connection.is_last = head.closes;
    if (head.status != options_.status) {
        ++errors_.status;
    } else if (options_.length && head.content_length != options_.length) {
        ++errors_.length;
    }
}

void Client::count_unanswered(Time now) {
    for (const Connection& connection : connections_) {
        if (connection.busy) {
            latencies_.add(now - connection.due);
            ++errors_.unanswered;
        }
    }
    for (; !all_sent(); ++sent_) {
        latencies_.add(now - due_time(sent_));
        ++errors_.unanswered;
    }
}

std::string Client::report() const {
    std::vector<std::uint64_t> answers;
    answers.reserve(connections_.size());
    for (const Connection& connection : connections_) {
        answers.push_back(connection.answers);
    }
    std::ranges::sort(answers);
    std::ostringstream out;
    out << std::fixed;
    out.precision(3);
    out << R"({"requests": )" << answered_ << R"(, "duration_us": )"
        << std::chrono::duration_cast<std::chrono::microseconds>(end_ - start_).count()
        << R"(, "bytes": )" << received_bytes_ << R"(, "percentiles_us": {)";
    for (const char* separator = "";
         const char* name : {"50", "75", "90", "95", "99", "99.5", "99.9", "99.99"}) {
        out << separator << '"' << name << R"(": )" << latencies_.percentile(std::stod(name));
        separator = ", ";
    }
    out << R"(, "100": )" << latencies_.max_us() << R"(}, "worst_lateness_us": )"
        << static_cast<double>(worst_lateness_.count()) / 1e3
        << R"(, "answers_per_connection": {"lowest": )" << answers.front() << R"(, "median": )"
        << answers[answers.size() / 2] << R"(, "highest": )" << answers.back() << R"(}, "opened": )"
        << opened_ << R"(, "longest_gap_us": )" << static_cast<double>(longest_gap_.count()) / 1e3
        << R"(, "errors": {"connect": )" << errors_.connect << R"(, "read": )" << errors_.read
        << R"(, "status": )" << errors_.status << R"(, "length": )" << errors_.length
        << R"(, "unanswered": )" << errors_.unanswered << "}}";
    return out.str();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        // The kernel may wake a sleeper 50 us late by default, to wake several at a time.
        check(::prctl(PR_SET_TIMERSLACK, 1), "PR_SET_TIMERSLACK");
        struct sigaction action{};
        action.sa_handler = end_early;
        check(::sigaction(SIGTERM, &action, nullptr), "sigaction");
        Client client(torc::bench::parse_options({argv, static_cast<std::size_t>(argc)}));
        client.run();
        std::cout << client.report() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "paced: " << error.what() << '\n';
        return 1;
    }
}
