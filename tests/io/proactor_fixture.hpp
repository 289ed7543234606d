#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/limits.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/io/backend.hpp>
#include <torc/io/proactor.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

namespace torc::io::test {

/// A completion copied out of the proactor, so that it outlives the next wait.
struct Outcome {
    Token token;
    std::int32_t result = 0;
    bool more = false;
    std::chrono::microseconds file_wait{};
    std::string data{};
};

/// A message of pieces that its maker keeps alive.
class Message {
public:
    Message(std::initializer_list<std::string_view> pieces) { fill(pieces); }
    explicit Message(const std::vector<std::string_view>& pieces) { fill(pieces); }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    Message(Message&&) = delete;
    Message& operator=(Message&&) = delete;
    ~Message() = default;

    [[nodiscard]] const msghdr& header() const { return header_; }

private:
    template <typename Pieces>
    void fill(const Pieces& pieces) {
        for (const std::string_view piece : pieces) {
            // Never written through: sending only reads it.
            pieces_.push_back(
                {.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()});
        }
        header_.msg_iov = pieces_.data();
        header_.msg_iovlen = pieces_.size();
    }

    std::vector<iovec> pieces_;
    msghdr header_{};
};

/// `result`, or an exception that names the call: for calls that a test takes for granted.
inline int check(int result, const char* call) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), call);
    }
    return result;
}

/// Sets what the process does on `signal`; gives what it did before.
inline auto handle_signal(int signal, void (*handler)(int)) {
    const auto previous = std::signal(signal, handler);
    if (previous == SIG_ERR) {
        throw std::system_error(errno, std::generic_category(), "signal");
    }
    return previous;
}

/// A listener on a free loopback port.
inline UniqueFd listen_on_loopback(int backlog) {
    UniqueFd listener(
        check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket"));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "bind");
    check(::listen(listener.get(), backlog), "listen");
    return listener;
}

/// A blocking client connected to `listener`; its receives give up after some seconds.
inline UniqueFd connect_to(int listener) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    check(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), "getsockname");
    UniqueFd client(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    check(::setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience),
          "setsockopt");
    check(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "connect");
    return client;
}

/// Sends all of `bytes` on the test's own, blocking end.
inline void write_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        bytes.remove_prefix(static_cast<std::size_t>(check(static_cast<int>(sent), "send")));
    }
}

/// Reads `count` bytes, or up to the end if that comes first.
inline std::string read_exactly(int socket, std::size_t count) {
    std::string bytes(count, '\0');
    std::size_t filled = 0;
    while (filled < count) {
        const ssize_t got = ::recv(socket, bytes.data() + filled, count - filled, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (check(static_cast<int>(got), "recv") == 0) {
            break;
        }
        filled += static_cast<std::size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

/// Appends what is there, at most `limit` bytes, without waiting. False: the peer has ended.
inline bool read_some(int socket, std::string& bytes, std::size_t limit) {
    std::string chunk(limit, '\0');
    const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got < 0) {
        return errno == EAGAIN;
    }
    bytes.append(chunk, 0, static_cast<std::size_t>(got));
    return got > 0;
}

/// Ends the stream of the test's own end, and waits until the other end has seen it.
inline void half_close(int peer, int socket) {
    check(::shutdown(peer, SHUT_WR), "shutdown");
    pollfd event{.fd = socket, .events = POLLRDHUP, .revents = 0};
    check(::poll(&event, 1, -1), "poll");
}

/// Closes with a reset instead of an orderly end.
inline void reset_connection(UniqueFd& socket) {
    const linger abort{.l_onoff = 1, .l_linger = 0};
    check(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort), "setsockopt");
    socket.reset();
}

/// A connection over loopback TCP.
struct Connection {
    /// The proactor's end, non-blocking; the fixture closes it.
    int socket = -1;
    /// The test's end, blocking.
    UniqueFd peer;
};

/// A proactor of each backend, watched: an operation that completes twice, that completes unasked
/// or that never completes fails the test.
class ProactorTest : public testing::TestWithParam<Backend> {
protected:
    static constexpr std::chrono::seconds patience{20};

    void SetUp() override {
        if (GetParam() == Backend::uring) {
            if (const auto obstacle = find_uring_obstacle()) {
                GTEST_SKIP() << "no io_uring here: " << obstacle->explanation;
            }
        }
        // As main does: sendfile(2) has no MSG_NOSIGNAL.
        handle_signal(SIGPIPE, SIG_IGN);
        auto made = make_proactor(GetParam(), ProactorOptions{.connections_max = 2048});
        ASSERT_TRUE(made.has_value()) << made.error().message();
        proactor_ = std::move(*made);
    }

    void TearDown() override {
        if (proactor_ == nullptr) {
            return;
        }
        for (const int socket : adopted_) {
            proactor_->shutdown(socket, SHUT_RDWR);
        }
        const MonotonicTime give_up = std::chrono::steady_clock::now() + patience;
        while (!in_flight_.empty() && std::chrono::steady_clock::now() < give_up) {
            turn(give_up);
        }
        EXPECT_TRUE(in_flight_.empty()) << in_flight_.size() << " operations never completed";
        for (const int socket : std::exchange(adopted_, {})) {
            proactor_->close(socket);
        }
        proactor_.reset();
    }

    [[nodiscard]] Proactor& proactor() { return *proactor_; }
    [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

    /// Lets the fixture end and close a socket of the proactor's.
    int adopt(int socket) {
        adopted_.push_back(socket);
        return socket;
    }
    void close(int socket) {
        std::erase(adopted_, socket);
        proactor().close(socket);
    }

    [[nodiscard]] Connection connect() {
        const UniqueFd listener = listen_on_loopback(1);
        UniqueFd peer = connect_to(listener.get());
        const int socket = check(
            ::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC), "accept4");
        return Connection{.socket = adopt(socket), .peer = std::move(peer)};
    }

    /// A token that no other operation of this test has, for an operation that starts now.
    [[nodiscard]] Token new_token() {
        ++tokens_;
        const Token token{
            .operation = static_cast<std::uint8_t>(tokens_ % Token::reserved_operations),
            .generation = (tokens_ * 7919) & 0xff'ffffU,
            .slot = tokens_ | 0x8000'0000U};
        in_flight_.insert(token.pack());
        return token;
    }

    // The proactor's operations, each with a new token.
    Token accept(int listener) { return start(&Proactor::accept, listener); }
    Token receive(int socket) { return start(&Proactor::receive, socket); }
    Token send(int socket, const Message& message, bool more_follows = false) {
        return start(&Proactor::send, socket, message.header(), more_follows);
    }
    Token send_rest(int socket, const Message& message, std::size_t sent) {
        return start(&Proactor::send_rest, socket, message.header(), sent, false);
    }
    Token send_file(const FileSlice& slice) { return start(&Proactor::send_file, slice); }
    Token open(int directory, const char* path, const open_how& how, Lane lane = Lane::local) {
        return start(&Proactor::open, directory, path, how, lane);
    }
    Token stat(int fd, struct statx& status, Lane lane = Lane::local) {
        return start(&Proactor::stat, fd, status, lane);
    }
    Token read(int fd, std::span<std::byte> buffer, std::uint64_t offset, Lane lane = Lane::local) {
        return start(&Proactor::read, fd, buffer, offset, lane);
    }
    Token await_input(int fd) { return start(&Proactor::await_input, fd); }
    Token await_priority(int fd) { return start(&Proactor::await_priority, fd); }
    Token run(BlockingJob& job, Lane lane = Lane::local_threads) {
        return start(&Proactor::run, job, lane);
    }

    /// One call of wait. Every completion is checked against what is in flight and kept for `take`.
    void turn(MonotonicTime deadline) {
        const std::span<const Completion> completions = proactor().wait(deadline);
        if (completions.size() > limits::completions_per_wait_max) {
            throw std::logic_error("a wait reported more than its limit");
        }
        for (const Completion& completion : completions) {
            if (!in_flight_.contains(completion.token.pack())) {
                throw std::logic_error("a completion that nobody waits for");
            }
            if (!completion.more) {
                in_flight_.erase(completion.token.pack());
            }
            const std::string_view data(reinterpret_cast<const char*>(completion.data.data()),
                                        completion.data.size());
            outcomes_.push_back(Outcome{.token = completion.token,
                                        .result = completion.result,
                                        .more = completion.more,
                                        .file_wait = completion.file_wait,
                                        .data = std::string(data)});
        }
    }

    /// Turns once without waiting.
    void turn() { turn(MonotonicTime::min()); }

    /// Turns until nothing has happened for a while: what can complete has completed.
    void settle() {
        std::size_t before = 0;
        do {
            before = outcomes_.size();
            const MonotonicTime quiet =
                std::chrono::steady_clock::now() + std::chrono::milliseconds(30);
            while (std::chrono::steady_clock::now() < quiet) {
                turn(quiet);
            }
        } while (outcomes_.size() != before);
    }

    /// How often a wait returns within `period` though nothing completes: a proactor that is asleep
    /// returns for its deadline alone, one that spins thousands of times.
    [[nodiscard]] std::size_t turns_within(std::chrono::milliseconds period) {
        const MonotonicTime end = std::chrono::steady_clock::now() + period;
        std::size_t turns = 0;
        for (; std::chrono::steady_clock::now() < end; ++turns) {
            turn(end);
        }
        return turns;
    }

    /// The oldest completion of `token` that was not taken yet, if there is one.
    [[nodiscard]] std::optional<Outcome> take(Token token) {
        const auto found = std::ranges::find(outcomes_, token, &Outcome::token);
        if (found == outcomes_.end()) {
            return std::nullopt;
        }
        Outcome outcome = std::move(*found);
        outcomes_.erase(found);
        return outcome;
    }

    /// Every completion that was not taken yet, the oldest first.
    [[nodiscard]] std::vector<Outcome> take_all() { return std::exchange(outcomes_, {}); }

    /// Waits for a completion of `token`; those of others are kept.
    Outcome finish(Token token) {
        return finish(token, MonotonicTime::max(), [] {});
    }

    /// The same; `step` runs before each turn, and no turn waits longer than a moment: for peers
    /// that must do something meanwhile.
    template <typename Step>
    Outcome finish_while(Token token, Step step) {
        return finish(token, std::nullopt, step);
    }

private:
    template <typename Operation, typename... Arguments>
    Token start(Operation operation, Arguments&&... arguments) {
        const Token token = new_token();
        (proactor().*operation)(token, std::forward<Arguments>(arguments)...);
        return token;
    }

    template <typename Step>
    Outcome finish(Token token, std::optional<MonotonicTime> deadline, Step step) {
        const MonotonicTime give_up = std::chrono::steady_clock::now() + patience;
        while (true) {
            if (auto outcome = take(token)) {
                return std::move(*outcome);
            }
            const MonotonicTime now = std::chrono::steady_clock::now();
            if (now > give_up) {
                throw std::runtime_error("an operation does not complete");
            }
            step();
            const MonotonicTime moment = now + std::chrono::milliseconds(1);
            turn(std::min(give_up, deadline.value_or(moment)));
        }
    }

    std::unique_ptr<Proactor> proactor_;
    std::vector<int> adopted_;
    std::uint32_t tokens_ = 0;
    std::unordered_set<std::uint64_t> in_flight_;
    std::vector<Outcome> outcomes_;
};

inline std::string backend_name(const testing::TestParamInfo<Backend>& parameter) {
    return parameter.param == Backend::uring ? "uring" : "epoll";
}

inline auto every_backend() {
    return testing::Values(Backend::uring, Backend::epoll);
}

}  // namespace torc::io::test
