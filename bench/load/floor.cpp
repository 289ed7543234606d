// floor: the price of the kernel alone. An io_uring loop that answers every request with the same
// prepared bytes, or with one file that it opened at its start: no parsing beyond counting the
// blank lines that end requests, no routing. What a real server spends above this, per request, is
// its own doing.
//
//   floor --port PORT --body FILE [--close]
//
// Single-shot receives, one operation at a time per connection. Measured against it (server CPU per
// 1 KiB answer, 64 connections, medians of 12 interleaved runs of 2 s on a machine with other work;
// the same way varied by 7 % between such series):
//   this way                                        7.6 us
//   POLL_FIRST on the receive                       7.6 us
//   the next receive linked behind the send         7.7 us
//   multishot receive                               7.4 us
// and direct descriptors, in fewer runs, within the same noise. Leaving the plainest way gains
// nothing that can be told from noise.

#include <torc/base/unique_fd.hpp>

#include "program.hpp"

#include <liburing.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using torc::UniqueFd;
using torc::bench::check;
using torc::bench::fail;
using torc::bench::parse_number;

// From here on sendfile(2), which copies nothing on its way in, beats sending from memory.
constexpr std::size_t sendfile_from_bytes = 256UZ * 1024;
// Pipelined requests are answered by one send of so many copies of the answer.
constexpr std::size_t max_batch_answers = 64;
constexpr std::size_t max_batch_bytes = 1024UZ * 1024;

constexpr unsigned submission_entries = 4096;
constexpr unsigned completion_entries = 32768;
// A power of two, as the kernel wants it; few, for it fills them in turn and they stay in the
// cache.
constexpr unsigned receive_buffers = 64;
constexpr std::size_t receive_buffer_bytes = 4096;
constexpr int listen_backlog = 4096;

/// For liburing and for completions, which give the negated error.
void check_ring(int result, const char* what) {
    if (result < 0) {
        fail(what, -result);
    }
}

constexpr const char* usage = "usage: floor --port PORT --body FILE [--close]";

struct Options {
    std::uint16_t port = 0;
    std::filesystem::path body;
    bool close = false;
};

Options parse_options(std::span<char*> arguments) {
    Options options;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        const std::string_view name = arguments[i];
        if (name == "--close") {
            options.close = true;
        } else if (name == "--port" && i + 1 < arguments.size()) {
            options.port = parse_number<std::uint16_t>(arguments[++i]);
        } else if (name == "--body" && i + 1 < arguments.size()) {
            options.body = arguments[++i];
        } else {
            throw std::invalid_argument(usage);
        }
    }
    if (options.port == 0 || options.body.empty()) {
        throw std::invalid_argument(usage);
    }
    return options;
}

/// The fields that torc sends with a file, of the same length.
std::string make_head(std::size_t body_bytes, bool close) {
    return "HTTP/1.1 200 OK\r\n"
           "Server: torc\r\n"
           "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
           "Content-Type: application/octet-stream\r\n"
           "Content-Length: " +
           std::to_string(body_bytes) +
           "\r\n"
           "Last-Modified: Sat, 01 Jan 2000 00:00:00 GMT\r\n"
           "ETag: \"187a5bbd4b2f8000-100000\"\r\n"
           "Accept-Ranges: bytes\r\n" +
           (close ? "Connection: close\r\n\r\n" : "\r\n");
}

UniqueFd make_listener(std::uint16_t port) {
    UniqueFd listener(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int on = 1;
    check(::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
    // Accepted sockets inherit it.
    check(::setsockopt(listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    // The connection is accepted when its request is there: one wake-up less (17.0 us instead
    // of 22.1 for a connection with one 1 KiB answer).
    const int seconds = 1;
    check(::setsockopt(listener.get(), IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof seconds),
          "TCP_DEFER_ACCEPT");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    check(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
          "bind");
    check(::listen(listener.get(), listen_backlog), "listen");
    return listener;
}

/// The very file that the servers beside it send: sendfile(2) of 100 MiB takes half the CPU time
/// where the page cache holds it by large folios, and that depends on how it came there.
UniqueFd open_body(const std::filesystem::path& path) {
    return UniqueFd(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str()));
}

std::string read_all(int file, std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t read_bytes = 0; read_bytes < size;) {
        const ssize_t count = ::read(file, bytes.data() + read_bytes, size - read_bytes);
        if (check(static_cast<int>(count), "read") == 0) {
            throw std::runtime_error("the body's file became shorter");
        }
        read_bytes += static_cast<std::size_t>(count);
    }
    return bytes;
}

/// What the floor knows of a connection.
struct Connection {
    std::size_t unanswered = 0;  // requests received and not yet answered
    std::size_t sent_bytes =
        0;  // of the answer under way, head included; counted by sendfile alone
    std::uint8_t end_matched = 0;  // bytes of "\r\n\r\n" seen so far
};

/// Requests that end in `bytes`. `matched` carries an end that is split over two receives.
std::size_t count_request_ends(std::span<const char> bytes, std::uint8_t& matched) {
    static constexpr std::string_view request_end = "\r\n\r\n";
    std::size_t count = 0;
    for (const char byte : bytes) {
        if (byte != request_end[matched]) {
            matched = byte == '\r' ? 1 : 0;
        } else if (++matched == request_end.size()) {
            matched = 0;
            ++count;
        }
    }
    return count;
}

class Floor {
public:
    explicit Floor(const Options& options);
    Floor(const Floor&) = delete;
    Floor(Floor&&) = delete;
    Floor& operator=(const Floor&) = delete;
    Floor& operator=(Floor&&) = delete;
    ~Floor();

    [[noreturn]] void run();

private:
    enum class Operation : std::uint8_t { accept, receive, send, poll };

    void register_receive_buffers();
    void return_buffer(std::uint16_t id);
    void publish_returned_buffers();

    io_uring_sqe* submission();
    static void set_tag(io_uring_sqe* entry, Operation operation, int fd) {
        io_uring_sqe_set_data64(entry, std::uint64_t{std::to_underlying(operation)} << 32U |
                                           static_cast<std::uint32_t>(fd));
    }

    void accept();
    void receive(int fd);
    /// Starts the connection's next operation: there is one in flight at any time, or it is closed.
    void proceed(int fd);
    void send_batch(int fd);
    void send_file(int fd);
    void answered(int fd, std::size_t count);

    void dispatch(const io_uring_cqe& completion);
    void on_accepted(const io_uring_cqe& completion);
    void on_received(int fd, const io_uring_cqe& completion);
    void on_sent(int fd, int result);

    [[nodiscard]] bool uses_sendfile() const { return body_file_.get() >= 0; }
    Connection& connection(int fd) { return connections_[static_cast<std::size_t>(fd)]; }

    io_uring ring_{};
    io_uring_buf_ring* buffer_ring_ = nullptr;
    int returned_buffers_ = 0;  // not yet published to the kernel
    std::vector<std::array<char, receive_buffer_bytes>> buffers_{receive_buffers};
    std::vector<Connection> connections_;  // the index is the descriptor

    bool close_after_answer_;
    std::string head_;
    std::size_t answer_bytes_ = 0;  // head and body
    std::size_t batch_answers_ = 0;
    std::string batch_;   // batch_answers_ answers on end; empty where sendfile is used
    UniqueFd body_file_;  // only where sendfile is used
    UniqueFd listener_;
};

Floor::Floor(const Options& options)
    : close_after_answer_(options.close), listener_(make_listener(options.port)) {
    const auto body_bytes = static_cast<std::size_t>(std::filesystem::file_size(options.body));
    head_ = make_head(body_bytes, options.close);
    answer_bytes_ = head_.size() + body_bytes;
    UniqueFd body = open_body(options.body);
    if (body_bytes >= sendfile_from_bytes) {
        body_file_ = std::move(body);
    } else {
        batch_answers_ =
            std::clamp<std::size_t>(max_batch_bytes / answer_bytes_, 1, max_batch_answers);
        const std::string answer = head_ + read_all(body.get(), body_bytes);
        for (std::size_t i = 0; i < batch_answers_; ++i) {
            batch_ += answer;
        }
    }
    io_uring_params parameters{};
    parameters.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                       IORING_SETUP_SUBMIT_ALL | IORING_SETUP_CQSIZE;
    parameters.cq_entries = completion_entries;
    check_ring(io_uring_queue_init_params(submission_entries, &ring_, &parameters),
               "io_uring_setup");
    check_ring(io_uring_register_ring_fd(&ring_), "register ring");
    register_receive_buffers();
}

Floor::~Floor() {
    io_uring_queue_exit(&ring_);
    ::munmap(buffer_ring_, receive_buffers * sizeof(io_uring_buf));
}

void Floor::register_receive_buffers() {
    void* memory = ::mmap(nullptr, receive_buffers * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                          MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (memory == MAP_FAILED) {
        fail("mmap");
    }
    buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
    registration.ring_entries = receive_buffers;
    check_ring(io_uring_register_buf_ring(&ring_, &registration, 0), "register buffers");
    io_uring_buf_ring_init(buffer_ring_);
    for (std::uint16_t id = 0; id < receive_buffers; ++id) {
        return_buffer(id);
    }
    publish_returned_buffers();
}

void Floor::return_buffer(std::uint16_t id) {
    io_uring_buf_ring_add(buffer_ring_, buffers_[id].data(), receive_buffer_bytes, id,
                          io_uring_buf_ring_mask(receive_buffers), returned_buffers_++);
}

void Floor::publish_returned_buffers() {
    io_uring_buf_ring_advance(buffer_ring_, std::exchange(returned_buffers_, 0));
}

io_uring_sqe* Floor::submission() {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    if (entry == nullptr) {
        check_ring(io_uring_submit(&ring_), "submit");
        entry = io_uring_get_sqe(&ring_);
    }
    return entry;
}

void Floor::accept() {
    io_uring_sqe* entry = submission();
    // sendfile(2) is called directly and must not block the loop; the ring's operations don't care.
    io_uring_prep_multishot_accept(entry, listener_.get(), nullptr, nullptr,
                                   uses_sendfile() ? SOCK_NONBLOCK : 0);
    set_tag(entry, Operation::accept, listener_.get());
}

void Floor::receive(int fd) {
    io_uring_sqe* entry = submission();
    io_uring_prep_recv(entry, fd, nullptr, receive_buffer_bytes, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = 0;
    set_tag(entry, Operation::receive, fd);
}

void Floor::proceed(int fd) {
    if (connection(fd).unanswered == 0) {
        receive(fd);
    } else if (uses_sendfile()) {
        send_file(fd);
    } else {
        send_batch(fd);
    }
}

void Floor::send_batch(int fd) {
    io_uring_sqe* entry = submission();
    const std::size_t answers = std::min(connection(fd).unanswered, batch_answers_);
    io_uring_prep_send(entry, fd, batch_.data(), answers * answer_bytes_,
                       MSG_WAITALL | MSG_NOSIGNAL);
    set_tag(entry, Operation::send, fd);
}

void Floor::send_file(int fd) {
    std::size_t& sent = connection(fd).sent_bytes;
    while (sent < answer_bytes_) {
        ssize_t count = 0;
        if (sent < head_.size()) {
            count = ::send(fd, head_.data() + sent, head_.size() - sent, MSG_MORE | MSG_NOSIGNAL);
        } else {
            auto offset = static_cast<off_t>(sent - head_.size());
            count = ::sendfile(fd, body_file_.get(), &offset, answer_bytes_ - sent);
        }
        if (count < 0 && errno == EAGAIN) {
            io_uring_sqe* entry = submission();
            io_uring_prep_poll_add(entry, fd, POLLOUT);
            set_tag(entry, Operation::poll, fd);
            return;
        }
        if (count <= 0) {
            ::close(fd);
            return;
        }
        sent += static_cast<std::size_t>(count);
    }
    sent = 0;
    answered(fd, 1);
}

void Floor::answered(int fd, std::size_t count) {
    if (close_after_answer_) {
        ::close(fd);
        return;
    }
    connection(fd).unanswered -= count;
    proceed(fd);
}

void Floor::on_accepted(const io_uring_cqe& completion) {
    check_ring(completion.res, "accept");
    if ((completion.flags & IORING_CQE_F_MORE) == 0) {
        accept();
    }
    const auto index = static_cast<std::size_t>(completion.res);
    if (index >= connections_.size()) {
        connections_.resize(index + 1);
    }
    connections_[index] = Connection{};
    receive(completion.res);
}

void Floor::on_received(int fd, const io_uring_cqe& completion) {
    if (completion.res == -ENOBUFS) {
        receive(fd);
        return;
    }
    if (completion.res <= 0) {  // the peer closed or reset
        ::close(fd);
        return;
    }
    const auto buffer = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    const std::span bytes(buffers_[buffer].data(), static_cast<std::size_t>(completion.res));
    connection(fd).unanswered += count_request_ends(bytes, connection(fd).end_matched);
    return_buffer(buffer);
    proceed(fd);
}

void Floor::on_sent(int fd, int result) {
    if (result <= 0 || static_cast<std::size_t>(result) % answer_bytes_ != 0) {
        ::close(fd);  // the peer went away in the middle
        return;
    }
    answered(fd, static_cast<std::size_t>(result) / answer_bytes_);
}

void Floor::dispatch(const io_uring_cqe& completion) {
    const auto operation = static_cast<Operation>(completion.user_data >> 32);
    const auto fd = static_cast<int>(completion.user_data & UINT32_MAX);
    switch (operation) {
        case Operation::accept:
            return on_accepted(completion);
        case Operation::receive:
            return on_received(fd, completion);
        case Operation::send:
            return on_sent(fd, completion.res);
        case Operation::poll:
            return send_file(fd);
    }
}

void Floor::run() {
    accept();
    for (;;) {
        if (const int result = io_uring_submit_and_wait(&ring_, 1); result != -EINTR) {
            check_ring(result, "submit and wait");
        }
        unsigned head = 0;
        unsigned seen = 0;
        io_uring_cqe* completion = nullptr;
        io_uring_for_each_cqe(&ring_, head, completion) {
            dispatch(*completion);
            ++seen;
        }
        io_uring_cq_advance(&ring_, seen);
        publish_returned_buffers();
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        // sendfile(2) has no MSG_NOSIGNAL.
        if (std::signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
            fail("signal");
        }
        Floor(parse_options({argv, static_cast<std::size_t>(argc)})).run();
    } catch (const std::exception& error) {
        std::cerr << "floor: " << error.what() << '\n';
        return 1;
    }
}
