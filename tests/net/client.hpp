#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/endpoint.hpp>

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace torc::net::test {

/// A blocking client, whose receives give up after some seconds.
class Client {
public:
    explicit Client(const Endpoint& endpoint) : endpoint_(endpoint) {
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

    Endpoint endpoint_;
    UniqueFd socket_{::socket(endpoint_.address()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    bool has_timed_out_ = false;
    bool was_reset_ = false;
};

}  // namespace torc::net::test
