#include <torc/base/errno.hpp>
#include <torc/base/start_error.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/server/admin_client.hpp>

#include <fmt/format.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

namespace torc::server {
namespace {

using Kind = config::OperatorCommand::Kind;

constexpr std::chrono::seconds watch_interval{2};
/// For what is told at once; orders take as long as they take.
constexpr timeval status_patience{.tv_sec = 10, .tv_usec = 0};

/// The head of a response, and its content.
struct Response {
    std::string head;
    std::string content;

    [[nodiscard]] bool has_status(std::string_view code) const {
        return std::string_view(head)
            .substr(std::string_view("HTTP/1.1 ").size())
            .starts_with(code);
    }
};

[[noreturn]] void explain(const config::OperatorCommand& command, Errno error) {
    const std::string_view word = config::word_of(command.kind);
    const std::string& path = command.socket_path;
    std::string text;
    switch (error.value()) {
        case ENOENT:
        case ENOTDIR:
            text = fmt::format(
                "there is no socket at {}: no torc runs with server.admin = "
                "\"unix:{}\"; --admin or TORC_ADMIN name another",
                path, path);
            break;
        case ECONNREFUSED:
            text = fmt::format("nobody listens at {}: the torc that made it has ended", path);
            break;
        case EACCES:
        case EPERM:
            text = fmt::format(
                "{} may not be opened: run this as root, or as the user that torc "
                "runs as",
                path);
            break;
        default:
            text = fmt::format("{}: {}", path, error.message());
    }
    std::error_code ignored;
    if (std::filesystem::is_directory(std::string(word), ignored)) {
        text += fmt::format(". To serve the directory of that name: torc ./{}", word);
    }
    throw StartError(fmt::format("torc {}: {}", word, text));
}

/// `socket_path`: as it was named. What is asked for, and how long an answer is waited for.
struct Question {
    const std::string& socket_path;
    std::string_view method = "GET";
    std::string_view name;
    std::string_view accept = "text/plain";
    /// Zero: as long as it takes.
    timeval patience{};
};

Result<UniqueFd> connect_to(const Question& question) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& path = question.socket_path;
    if (path.size() >= sizeof address.sun_path) {
        return std::unexpected(Errno(ENAMETOOLONG));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        return std::unexpected(Errno::last());
    }
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &question.patience,
                 sizeof question.patience);
    return socket;
}

/// EPROTO: the server has ended meanwhile, or is none.
Result<Response> receive_response(const UniqueFd& socket) {
    std::string received;
    std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): is received.
    ssize_t count = 0;
    while ((count = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0) {
        received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    if (count < 0) {
        return std::unexpected(Errno::last());
    }
    const std::size_t end = received.find("\r\n\r\n");
    if (end == std::string::npos) {
        return std::unexpected(Errno(EPROTO));
    }
    return Response{.head = received.substr(0, end + 2), .content = received.substr(end + 4)};
}

Result<void> send_request(const UniqueFd& socket, const Question& question) {
    const std::string request =
        fmt::format("{} /{} HTTP/1.1\r\nHost: localhost\r\nAccept: {}\r\n\r\n", question.method,
                    question.name, question.accept);
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
        return std::unexpected(Errno::last());
    }
    return {};
}

Response ask(const config::OperatorCommand& command) {
    const bool is_status = command.kind == Kind::status;
    const bool wants_json = command.format == config::OperatorCommand::Format::json;
    const Question question{.socket_path = command.socket_path,
                            .method = is_status ? "GET" : "POST",
                            .name = config::word_of(command.kind),
                            .accept = wants_json ? "application/json" : "text/plain",
                            .patience = is_status ? status_patience : timeval{}};
    const Result<UniqueFd> socket = connect_to(question);
    if (!socket) {
        explain(command, socket.error());
    }
    if (const Result<void> sent = send_request(*socket, question); !sent) {
        explain(command, sent.error());
    }
    Result<Response> response = receive_response(*socket);
    if (!response) {
        throw StartError(fmt::format(
            "torc {}: the server at {} {}", config::word_of(command.kind), command.socket_path,
            response.error() == Errno(EPROTO) ? "has ended meanwhile" : "does not respond"));
    }
    return *std::move(response);
}

}  // namespace

ExitCode run_operator_command(const config::OperatorCommand& command) {
    if (command.repeat == config::OperatorCommand::Repeat::until_interrupted) {
        const bool is_terminal = ::isatty(STDOUT_FILENO) != 0;
        while (true) {
            const Response response = ask(command);
            // Back to the corner, and nothing left of what was there before.
            fmt::print("{}{}", is_terminal ? "\033[H\033[J" : "", response.content);
            (void)std::fflush(stdout);
            std::this_thread::sleep_for(watch_interval);
        }
    }
    const Response response = ask(command);
    const bool is_done = response.has_status("200");
    fmt::print(is_done ? stdout : stderr, "{}", response.content);
    if (!is_done) {
        return ExitCode::failed_start;
    }
    return response.head.find("\r\nTorc-Pending: ") != std::string::npos ? ExitCode::awaits_upgrade
                                                                         : ExitCode::stopped;
}

Result<std::string> read_running_configuration(const std::string& socket_path) {
    const Question question{
        .socket_path = socket_path, .name = "config", .patience = status_patience};
    const Result<UniqueFd> socket = connect_to(question);
    if (!socket) {
        return std::unexpected(socket.error());
    }
    if (const Result<void> sent = send_request(*socket, question); !sent) {
        return std::unexpected(sent.error());
    }
    Result<Response> response = receive_response(*socket);
    if (!response) {
        return std::unexpected(response.error());
    }
    if (!response->has_status("200")) {
        return std::unexpected(Errno(EPROTO));
    }
    return std::move(response->content);
}

}  // namespace torc::server
