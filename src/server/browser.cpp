#include <torc/base/errno.hpp>
#include <torc/server/browser.hpp>

#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <sstream>

namespace torc::server {
namespace {

/// Starts a program that has none of torc's streams, signals and terminal. The error of
/// posix_spawnp(3), or 0.
int spawn(const std::vector<std::string>& command, pid_t& pid) {
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& argument : command) {
        arguments.push_back(const_cast<char*>(argument.c_str()));
    }
    arguments.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
    }
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    const int error =
        ::posix_spawnp(&pid, arguments.front(), &actions, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    return error;
}

}  // namespace

std::vector<std::string> browser_command(const std::string& preference, const std::string& url) {
    constexpr std::string_view place_of_url = "%s";
    std::vector<std::string> command;
    bool has_url = false;
    std::istringstream words(preference.substr(0, preference.find(':')));
    for (std::string word; words >> word;) {
        if (const std::size_t place = word.find(place_of_url); place != std::string::npos) {
            word.replace(place, place_of_url.size(), url);
            has_url = true;
        }
        command.push_back(word);
    }
    if (command.empty()) {
        command.emplace_back("xdg-open");
    }
    if (!has_url) {
        command.push_back(url);
    }
    return command;
}

Browser::Browser(const std::string& url) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    const char* const preference = std::getenv("BROWSER");
    command_ = browser_command(preference != nullptr ? preference : "", url);
    if (const int error = spawn(command_, pid_); error != 0) {
        spdlog::warn("--open: {} can't be started: {}; set BROWSER to the program that shows pages",
                     command_.front(), Errno(error).message());
        return;
    }
    process_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    auto abandoned = EventFd::create();
    if (process_ && abandoned) {
        abandoned_ = *std::move(abandoned);
        watcher_ = std::thread([this] { watch(); });
    }
}

Browser::~Browser() {
    if (watcher_.joinable()) {
        abandoned_.signal();
        watcher_.join();
    }
}

void Browser::watch() const {
    std::array<pollfd, 2> events{
        pollfd{.fd = process_.get(), .events = POLLIN, .revents = 0},
        pollfd{.fd = abandoned_.descriptor(), .events = POLLIN, .revents = 0}};
    while (::poll(events.data(), events.size(), -1) < 0) {
    }
    if (events[0].revents == 0) {
        return;
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        spdlog::warn(
            "--open: {} failed; open {} yourself, or set BROWSER to the program that "
            "shows pages",
            command_.front(), command_.back());
    }
}

}  // namespace torc::server
