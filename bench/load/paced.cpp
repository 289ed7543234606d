// paced: a client that sends requests at a fixed rate, and counts how late each answer was from the
// moment at which its request was due, not from the one at which it could be sent. A server that
// stops for a second is charged with all the requests that were due in that second (no coordinated
// omission).
//
//   paced --port PORT --path PATH --seconds N [--connections N] [--rate N] [--spin]
//         [--method NAME] [--field 'NAME: VALUE']... [--status N] [--length BYTES]
//
// --rate is in requests/s over all connections. 0, the default, is a closed loop: each connection
// asks again as soon as it is answered, and the latencies count from the sending. Unlike wrk it can
// do so with HEAD, and it reports how many answers each connection had.
//
// --spin polls without sleeping: exact to some microseconds, for whoever has a CPU for it alone.
// Every answer must have the status and, if it is given, the Content-Length that is expected. The
// result is one line of JSON.

#include <torc/base/unique_fd.hpp>

#include "program.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <exception>
#include <iostream>
#include <limits>
#include <optional>
#include <span>
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
using torc::bench::parse_number;
using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t receive_bytes = 256UZ * 1024;
constexpr std::size_t head_bytes_max = 16UZ * 1024;
constexpr std::size_t events_per_wait = 512;
// How long answers are waited for once the last request was due.
constexpr auto grace = 2s;

// ------------------------------------------------------------------------------------- options

struct Options {
    std::uint16_t port = 0;
    std::string path;
    std::string method = "GET";
    std::vector<std::string> fields;
    unsigned connections = 1;
    std::uint64_t rate = 0;
    unsigned seconds = 0;
    unsigned status = 200;
    std::optional<std::uint64_t> length;
    bool spin = false;
};

/// False when there is no such option.
bool set_option(Options& options, std::string_view name, std::string_view value) {
    if (name == "--port") {
        options.port = parse_number<std::uint16_t>(value);
    } else if (name == "--path") {
        options.path = value;
    } else if (name == "--method") {
        options.method = value;
    } else if (name == "--field") {
        options.fields.emplace_back(value);
    } else if (name == "--connections") {
        options.connections = parse_number<unsigned>(value);
    } else if (name == "--rate") {
        options.rate = parse_number<std::uint64_t>(value);
    } else if (name == "--seconds") {
        options.seconds = parse_number<unsigned>(value);
    } else if (name == "--status") {
        options.status = parse_number<unsigned>(value);
    } else if (name == "--length") {
        options.length = parse_number<std::uint64_t>(value);
    } else {
        return false;
    }
    return true;
}

Options parse_options(std::span<char*> arguments) {
    Options options;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--spin") {
            options.spin = true;
        } else if (i + 1 == arguments.size() || !set_option(options, name, arguments[i + 1])) {
            throw std::invalid_argument("not an option, or without a value: " + std::string(name));
        } else {
            ++i;
        }
    }
    if (options.port == 0 || options.path.empty() || options.seconds == 0 ||
        options.connections == 0) {
        throw std::invalid_argument("--port, --path and --seconds must be given");
    }
    return options;
}

std::string make_request(const Options& options) {
    std::string request = options.method + ' ' + options.path +
                          " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) + "\r\n";
    for (const std::string& field : options.fields) {
        request += field + "\r\n";
    }
    return request + "\r\n";
}

// ----------------------------------------------------------------------------------- histogram

/// Counts of latencies in buckets that are 1.6 % wide at most.
class Histogram {
public:
    void add(Nanoseconds latency) {
        const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(latency.count(), 0));
        ++counts_[index_of(value)];
        ++total_;
        max_ = std::max(max_, value);
    }

    /// In microseconds.
    [[nodiscard]] double percentile(double percent) const {
        const auto wanted = static_cast<std::uint64_t>(percent / 100 * static_cast<double>(total_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > wanted) {
                return std::min(middle_of(i), static_cast<double>(max_)) / 1e3;
            }
        }
        return max_us();
    }

    [[nodiscard]] double max_us() const { return static_cast<double>(max_) / 1e3; }

private:
    /// Up to 2^7 each value has its bucket; each power of two above has 2^6.
    static constexpr unsigned exact_bits = 7;
    static constexpr std::size_t buckets_per_power = std::size_t{1} << (exact_bits - 1);

    static std::size_t index_of(std::uint64_t value) {
        const auto bits = static_cast<unsigned>(std::bit_width(value));
        const unsigned shift = bits > exact_bits ? bits - exact_bits : 0;
        return shift * buckets_per_power + (value >> shift);
    }

    static double middle_of(std::size_t index) {
        if (index < 2 * buckets_per_power) {
            return static_cast<double>(index);
        }
        const std::size_t shift = index / buckets_per_power - 1;
        const std::uint64_t lowest = (index - shift * buckets_per_power) << shift;
        return static_cast<double>(lowest) + static_cast<double>(1ULL << shift) / 2;
    }

    std::array<std::uint64_t, (64 - exact_bits + 2) * buckets_per_power> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t max_ = 0;
};

// -------------------------------------------------------------------------------------- client

struct Connection {
    UniqueFd socket;
    bool busy = false;
    Time due;          // of the request that is being answered
    std::string head;  // of its answer, as far as it came
    bool in_body = false;
    std::uint64_t body_left = 0;
    std::uint64_t answers = 0;
};

struct Errors {
    std::uint64_t read = 0;        // closed or reset in the middle of an answer
    std::uint64_t status = 0;      // another status than expected
    std::uint64_t length = 0;      // another length than expected
    std::uint64_t unanswered = 0;  // due, and not answered in time
};

struct Head {
    unsigned status = 0;
    std::optional<std::uint64_t> content_length;
};

bool starts_with_name(std::string_view line, std::string_view lower_case_name) {
    return line.size() > lower_case_name.size() && line[lower_case_name.size()] == ':' &&
           std::ranges::equal(line.substr(0, lower_case_name.size()), lower_case_name,
                              [](char have, char want) {
                                  return (have >= 'A' && have <= 'Z' ? have + 32 : have) == want;
                              });
}

/// Where in its interval a request is due, as a part of it. Were all due at the same place, every
/// 80th of 20,000/s would meet the tick of a kernel of 250 Hz, or none would; and that tick is what
/// /proc/stat counts CPU time by. Multiples of the golden ratio are spread evenly and never repeat.
double place_in_interval(std::uint64_t request) {
    constexpr std::uint64_t golden_ratio = 0x9E37'79B9'7F4A'7C15;  // of 2^64
    return static_cast<double>(request * golden_ratio) * 0x1p-64;
}

Head parse_head(std::string_view text) {
    Head head;
    constexpr std::size_t status_at = std::string_view("HTTP/1.1 ").size();
    if (text.size() > status_at + 3) {
        std::from_chars(text.data() + status_at, text.data() + status_at + 3, head.status);
    }
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find("\r\n"));
        text.remove_prefix(std::min(text.size(), line.size() + 2));
        if (starts_with_name(line, "content-length")) {
            std::string_view value = line.substr(line.find(':') + 1);
            value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
            head.content_length = parse_number<std::uint64_t>(value);
        }
    }
    return head;
}

class Client {
public:
    explicit Client(const Options& options);

    void run();
    [[nodiscard]] std::string report() const;

private:
    void open(std::uint32_t index);
    void reopen(std::uint32_t index);
    void send_what_is_due(Time now);
    void send(std::uint32_t index, Time due, Time now);
    void wait(Time now);
    void receive(std::uint32_t index);
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
    std::uint64_t total_;
    std::uint64_t sent_ = 0;
    std::uint64_t answered_ = 0;
    std::uint64_t received_bytes_ = 0;
    Nanoseconds worst_lateness_{0};
};

Client::Client(const Options& options)
    : options_(options),
      request_(make_request(options)),
      epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      connections_(options.connections),
      received_(receive_bytes, '\0'),
      total_(options.rate == 0 ? std::numeric_limits<std::uint64_t>::max()
                               : options.rate * options.seconds) {
    for (std::uint32_t i = 0; i < options.connections; ++i) {
        open(i);
        idle_.push_back(i);
    }
}

void Client::open(std::uint32_t index) {
    UniqueFd socket(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int on = 1;
    check(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "connect");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, socket.get(), &event), "epoll_ctl");
    connections_[index].socket = std::move(socket);
}

void Client::reopen(std::uint32_t index) {
    Connection& connection = connections_[index];
    if (connection.busy) {
        ++errors_.read;
        idle_.push_back(index);
    }
    const std::uint64_t answers = connection.answers;
    connection = Connection{};
    connection.answers = answers;
    open(index);
}

void Client::run() {
    start_ = Clock::now();
    end_ = start_ + std::chrono::seconds(options_.seconds);
    Time now = start_;
    for (;; now = Clock::now()) {
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
    // A new connection or one whose answer is read to its end: there is room for a request.
    if (::send(connection.socket.get(), request_.data(), request_.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request_.size())) {
        reopen(index);
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
        receive(events[static_cast<std::size_t>(i)].data.u32);
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
        reopen(index);
        return;
    }
    received_bytes_ += static_cast<std::uint64_t>(count);
    const std::string_view bytes(received_.data(), static_cast<std::size_t>(count));
    if (!connection.busy || connection.head.size() > head_bytes_max) {
        ++errors_.length;  // bytes that nobody asked for
        reopen(index);
        return;
    }
    if (consume(connection, bytes)) {
        latencies_.add(Clock::now() - connection.due);
        ++answered_;
        ++connection.answers;
        connection.busy = false;
        connection.in_body = false;
        connection.head.clear();
        idle_.push_back(index);
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
        begin_body(connection, parse_head(std::string_view(connection.head).substr(0, end)));
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
        << std::chrono::microseconds(std::chrono::seconds(options_.seconds)).count()
        << R"(, "bytes": )" << received_bytes_ << R"(, "percentiles_us": {)";
    for (const char* separator = "";
         const char* name : {"50", "75", "90", "95", "99", "99.5", "99.9", "99.99"}) {
        out << separator << '"' << name << R"(": )" << latencies_.percentile(std::stod(name));
        separator = ", ";
    }
    out << R"(, "100": )" << latencies_.max_us() << R"(}, "worst_lateness_us": )"
        << static_cast<double>(worst_lateness_.count()) / 1e3
        << R"(, "answers_per_connection": {"lowest": )" << answers.front() << R"(, "median": )"
        << answers[answers.size() / 2] << R"(, "highest": )" << answers.back()
        << R"(}, "errors": {"read": )" << errors_.read << R"(, "status": )" << errors_.status
        << R"(, "length": )" << errors_.length << R"(, "unanswered": )" << errors_.unanswered
        << "}}";
    return out.str();
}

}  // namespace

int main(int argc, char** argv) {
    try {
        // The kernel may wake a sleeper 50 us late by default, to wake several at a time.
        check(::prctl(PR_SET_TIMERSLACK, 1), "PR_SET_TIMERSLACK");
        Client client(parse_options({argv, static_cast<std::size_t>(argc)}));
        client.run();
        std::cout << client.report() << '\n';
    } catch (const std::exception& error) {
        std::cerr << "paced: " << error.what() << '\n';
        return 1;
    }
}
