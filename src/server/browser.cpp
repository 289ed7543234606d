#include <torc/server/browser.hpp>
#include <torc/server/spawn.hpp>

#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <sstream>

namespace torc::server {

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
    const auto pid = spawn_alone(command_);
    if (!pid) {
        spdlog::warn("--open: {} can't be started: {}; set BROWSER to the program that shows pages",
                     command_.front(), pid.error().message());
        return;
    }
    pid_ = *pid;
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
