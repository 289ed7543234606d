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

UniqueFd connect_to(const config::OperatorCommand& command) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string& path = command.socket_path;
    if (path.size() >= sizeof address.sun_path) {
        explain(command, Errno(ENAMETOOLONG));
    }
    std::memcpy(address.sun_path, path.data(), path.size());
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket ||
        ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        explain(command, Errno::last());
    }
    if (command.kind == Kind::status) {
        ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &status_patience,
                     sizeof status_patience);
    }
    return socket;
}

Response ask(const config::OperatorCommand& command) {
    const UniqueFd socket = connect_to(command);
    const std::string request =
        fmt::format("{} /{} HTTP/1.1\r\nHost: localhost\r\nAccept: {}\r\n\r\n",
                    command.kind == Kind::status ? "GET" : "POST", config::word_of(command.kind),
                    command.format == config::OperatorCommand::Format::json ? "application/json"
                                                                            : "text/plain");
    if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
        explain(command, Errno::last());
    }
    std::string received;
    std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): is received.
    ssize_t count = 0;
    while ((count = ::recv(socket.get(), buffer.data(), buffer.size(), 0)) > 0) {
        received.append(buffer.data(), static_cast<std::size_t>(count));
    }
    const std::size_t end = received.find("\r\n\r\n");
    if (count < 0 || end == std::string::npos) {
        throw StartError(fmt::format("torc {}: the server at {} {}", config::word_of(command.kind),
                                     command.socket_path,
                                     count < 0 ? "does not respond" : "has ended meanwhile"));
    }
    return {.head = received.substr(0, end + 2), .content = received.substr(end + 4)};
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

}  // namespace torc::server
