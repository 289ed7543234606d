#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/upgrade.hpp>

#include "descriptor_message.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <span>
#include <string_view>
#include <system_error>

namespace torc::server {
namespace {

/// Tells a process that there is one to take over from.
constexpr std::string_view variable = "TORC_UPGRADE_FD";
/// How long a new process has until it accepts.
constexpr std::chrono::seconds start_time_max{30};
/// How long an operator waits at the most for one that was told to go.
constexpr std::chrono::seconds take_over_patience{1};
// The messages. Each is one of a SOCK_SEQPACKET socket, so it comes whole or not at all.
constexpr char own_sockets_message = 's';
constexpr char other_sockets_message = 'o';
/// With the sockets for operators: a version that knows of none closes what comes with this.
constexpr char end_message = 'e';
constexpr char ready_message = 'r';
constexpr char go_message = 'g';

bool send_message(int channel, char kind, std::span<const int> descriptors = {}) noexcept {
    DescriptorMessage message({&kind, 1});
    message.attach(descriptors);
    return message.send(channel) == 1;
}

bool send_sockets(int channel, char kind, std::span<const int> sockets) noexcept {
    while (!sockets.empty()) {
        const std::size_t count = std::min(sockets.size(), DescriptorMessage::descriptors_max);
        if (!send_message(channel, kind, sockets.first(count))) {
            return false;
        }
        sockets = sockets.subspan(count);
    }
    return true;
}

/// Those that were opened by `opened_by`.
std::vector<int> sockets_of(const std::vector<net::Listeners::Passed>& listeners,
                            net::OpenedBy opened_by) {
    std::vector<int> sockets;
    for (const net::Listeners::Passed& listener : listeners) {
        if (listener.opened_by == opened_by) {
            sockets.push_back(listener.socket);
        }
    }
    return sockets;
}

/// Whether both lead to one file.
bool is_same_file(const std::string& path, const std::string& other) noexcept {
    struct stat status{};
    struct stat other_status{};
    return ::stat(path.c_str(), &status) == 0 && ::stat(other.c_str(), &other_status) == 0 &&
           status.st_dev == other_status.st_dev && status.st_ino == other_status.st_ino;
}

/// Where a program is that was called by `name`; empty: unknown.
std::string find_program(const std::string& name) {
    std::error_code error;
    if (name.contains('/')) {
        return std::filesystem::absolute(name, error).string();
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is no other thread yet.
    const char* const path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "";
    while (!rest.empty()) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        const auto candidate =
            std::filesystem::absolute(std::filesystem::path(rest.substr(0, colon)) / name, error);
        if (::access(candidate.c_str(), X_OK) == 0) {
            return candidate.string();
        }
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return "";
}

/// What an upgraded process finds: all variables but those that are for one process alone.
std::vector<std::string> environment_of_successor() {
    std::vector<std::string> variables = environment_of_this_process();
    std::erase_if(variables, [](const std::string& text) {
        return text.starts_with("WATCHDOG_PID=") || text.starts_with(fmt::format("{}=", variable));
    });
    variables.push_back(fmt::format("{}={}", variable, sibling_descriptor));
    return variables;
}

/// What keeps a program from being run (execve(2)), with the remedy.
std::string explain_not_run(const std::string& program, Errno error) {
    std::string remedy;
    switch (error.value()) {
        case ENOENT:
            remedy = "; install it there, and what it needs to be loaded";
            break;
        case EACCES:
        case EPERM:
            remedy =
                "; it must be a file that this process's user may execute (chmod a+x), on a file "
                "system that is not mounted noexec";
            break;
        case ENOEXEC:
            remedy = "; it is no program for this machine, or not whole: install it anew";
            break;
        case ETXTBSY:
            remedy = "; it is being written: try again when that is over";
            break;
        default:
            break;
    }
    return fmt::format("can't run {}: {}{}", program, error.message(), remedy);
}

}  // namespace

Invocation Invocation::of_this_process(int argc, const char* const* argv) {
    constexpr const char* running = "/proc/self/exe";
    Invocation invocation;
    if (argc < 1) {
        return invocation;
    }
    invocation.arguments.assign(argv + 1, argv + argc);
    // Not what the link leads to, if possible: a newer version may come by way of another link.
    invocation.program = find_program(argv[0]);
    if (invocation.program.empty() || !is_same_file(invocation.program, running)) {
        std::error_code error;
        invocation.program = std::filesystem::read_symlink(running, error).string();
    }
    return invocation;
}

Successor::Successor(const Invocation& invocation,
                     const std::vector<net::Listeners::Passed>& listeners,
                     const std::vector<int>& admin_sockets, MonotonicTime now)
    : deadline_(now + start_time_max), program_(invocation.program) {
    std::array<int, 2> pair{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) < 0) {
        throw StartError(fmt::format("socketpair: {}", Errno::last().message()));
    }
    channel_.reset(pair[0]);
    const UniqueFd other_end(pair[1]);
    // Before it runs: it never has to wait for them.
    const bool is_passed = send_sockets(channel_.get(), own_sockets_message,
                                        sockets_of(listeners, net::OpenedBy::torc)) &&
                           send_sockets(channel_.get(), other_sockets_message,
                                        sockets_of(listeners, net::OpenedBy::others)) &&
                           send_message(channel_.get(), end_message, admin_sockets);
    if (!is_passed) {
        throw StartError(
            fmt::format("the listening sockets can't be passed: {}", Errno::last().message()));
    }
    std::vector<std::string> command = {invocation.program};
    std::ranges::copy(invocation.arguments, std::back_inserter(command));
    Result<Sibling> process = spawn_sibling(command, environment_of_successor(), other_end.get());
    if (!process) {
        throw StartError(
            fmt::format("{} can't be started: {}", invocation.program, process.error().message()));
    }
    process_ = *std::move(process);
}

Successor::~Successor() {
    if (!was_told_to_go_) {
        send_signal(SIGKILL);
    }
}

void Successor::send_signal(int signal) const noexcept {
    ::syscall(SYS_pidfd_send_signal, process_.process.get(), signal, nullptr, 0);
}

Successor::Progress Successor::look(MonotonicTime now) {
    if (!failure_.empty()) {
        return Progress::failed;
    }
    // In this order: what it has said before its end is there then.
    pollfd end{.fd = process_.process.get(), .events = POLLIN, .revents = 0};
    const bool has_ended = ::poll(&end, 1, 0) == 1;
    // One byte of its own, or an error number of spawn_sibling's.
    int message = 0;
    ssize_t received = ::recv(channel_.get(), &message, sizeof message, MSG_DONTWAIT);
    if (received < 0 && errno == ECONNRESET) {
        // It has ended without having read all: that comes before what it has said.
        received = ::recv(channel_.get(), &message, sizeof message, MSG_DONTWAIT);
    }
    char kind = 0;
    std::memcpy(&kind, &message, sizeof kind);
    is_ready_ = is_ready_ || (received == 1 && kind == ready_message);
    if (is_ready_ && !has_ended) {
        return Progress::ready;
    }
    if (received == sizeof message) {
        failure_ = explain_not_run(program_, Errno(message));
    } else if (has_ended || received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR)) {
        failure_ = "has ended; what it has printed says why";
    } else if (now >= deadline_) {
        failure_ = fmt::format("does not accept after {} s", start_time_max.count());
    }
    return failure_.empty() ? Progress::starting : Progress::failed;
}

bool Successor::tell_to_go() noexcept {
    was_told_to_go_ = send_message(channel_.get(), go_message);
    return was_told_to_go_;
}

void Successor::await_take_over() const noexcept {
    const MonotonicTime end_at = monotonic_now() + take_over_patience;
    // Nothing is said on the channel any more: what comes is its end.
    for (MonotonicTime now = monotonic_now(); now < end_at; now = monotonic_now()) {
        pollfd event{.fd = channel_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&event, 1, milliseconds_until(end_at)) > 0) {
            return;
        }
    }
}

std::optional<Predecessor> Predecessor::of_environment() {
    // NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread yet.
    const std::string name(variable);
    const char* const value = std::getenv(name.c_str());
    const bool is_there = value != nullptr && std::string_view(value) == "3";
    (void)::unsetenv(name.c_str());
    // NOLINTEND(concurrency-mt-unsafe)
    int type = 0;
    socklen_t length = sizeof type;
    if (!is_there || ::getsockopt(sibling_descriptor, SOL_SOCKET, SO_TYPE, &type, &length) < 0 ||
        type != SOCK_SEQPACKET) {
        return std::nullopt;
    }
    ::fcntl(sibling_descriptor, F_SETFD, FD_CLOEXEC);
    Predecessor predecessor{UniqueFd(sibling_descriptor)};
    predecessor.receive_listeners();
    return predecessor;
}

void Predecessor::receive_listeners() {
    while (true) {
        char kind = end_message;
        DescriptorMessage message({&kind, 1});
        std::vector<UniqueFd> sockets;
        if (message.receive(channel_.get(), sockets) != 1) {
            return;
        }
        if (kind == end_message) {
            admin_sockets_ = std::move(sockets);
            return;
        }
        for (UniqueFd& socket : sockets) {
            listeners_.push_back({.socket = std::move(socket),
                                  .opened_by = kind == own_sockets_message
                                                   ? net::OpenedBy::torc
                                                   : net::OpenedBy::others});
        }
    }
}

bool Predecessor::has_let_go() noexcept {
    char kind = 0;
    const ssize_t received = ::recv(channel_.get(), &kind, 1, MSG_DONTWAIT);
    has_let_go_ = has_let_go_ || received >= 0 || (errno != EAGAIN && errno != EINTR);
    return has_let_go_;
}

void Predecessor::announce_ready() noexcept {
    static_cast<void>(send_message(channel_.get(), ready_message));
}

}  // namespace torc::server
