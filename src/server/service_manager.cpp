#include <torc/server/service_manager.hpp>

#include "descriptor_message.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace torc::server {
namespace {

/// The first descriptor that is given; sd_listen_fds(3).
constexpr int listen_fds_start = 3;
/// More than that is no service's, but an accident.
constexpr int listen_fds_max = 4096;

// NOLINTBEGIN(concurrency-mt-unsafe): there is no other thread yet.

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

void take_out_variables() {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PIDFDID"}) {
        (void)::unsetenv(name);
    }
}

// NOLINTEND(concurrency-mt-unsafe)

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [parsed_to, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && parsed_to == end ? std::optional(number) : std::nullopt;
}

/// Whether a variable that names a process names this one.
bool is_this_process(const std::string& text) {
    return number_in(text) == static_cast<std::uint64_t>(::getpid());
}

/// The address in the form of sockaddr_un::sun_path; empty: there is none that can be used.
std::string notify_address() {
    std::string address = variable("NOTIFY_SOCKET");
    if (address.size() < 2 || address.size() >= sizeof(sockaddr_un::sun_path) ||
        (address[0] != '/' && address[0] != '@')) {
        return "";
    }
    if (address[0] == '@') {
        address[0] = '\0';
    }
    return address;
}

std::vector<ServiceManager::Given> given_sockets() {
    std::vector<ServiceManager::Given> sockets;
    if (!is_this_process(variable("LISTEN_PID"))) {
        return sockets;
    }
    const auto count = number_in(variable("LISTEN_FDS")).value_or(0);
    const std::string names = variable("LISTEN_FDNAMES");
    std::string_view rest = names;
    const int end = listen_fds_start + static_cast<int>(std::min<std::uint64_t>(
                                           count, static_cast<std::uint64_t>(listen_fds_max)));
    for (int descriptor = listen_fds_start; descriptor < end; ++descriptor) {
        const std::size_t colon = std::min(rest.find(':'), rest.size());
        const std::string_view name = rest.substr(0, colon);
        rest.remove_prefix(std::min(colon + 1, rest.size()));
        if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) < 0) {
            continue;
        }
        sockets.push_back({.socket = UniqueFd(descriptor), .name = std::string(name)});
    }
    return sockets;
}

/// What is told without any memory of the heap's: it may be short.
class Lines {
public:
    /// What ends with a name; empty: that is too long.
    [[nodiscard]] std::string_view with_name(std::string_view begin,
                                             std::string_view name) noexcept {
        if (begin.size() + name.size() > text_.size()) {
            return {};
        }
        const auto end = std::ranges::copy(begin, text_.begin()).out;
        return {text_.begin(), std::ranges::copy(name, end).out};
    }

private:
    std::array<char, 64 + ServiceManager::name_bytes_max> text_{};
};

}  // namespace

ServiceManager ServiceManager::of_environment() {
    ServiceManager manager;
    manager.notify_address_ = notify_address();
    manager.store_size_ = number_in(variable("FDSTORE")).value_or(0);
    const auto interval = number_in(variable("WATCHDOG_USEC"));
    const std::string watched = variable("WATCHDOG_PID");
    if (interval && *interval > 0 && (watched.empty() || is_this_process(watched))) {
        manager.watchdog_interval_ = std::chrono::microseconds(*interval);
    }
    manager.sockets_ = given_sockets();
    take_out_variables();
    return manager;
}

void ServiceManager::store(std::string_view name, std::span<const int> sockets) const noexcept {
    // Not polled: a listener that is stored would be let go of for an error that is pending.
    Lines storage;
    const std::string_view lines = storage.with_name("FDSTORE=1\nFDPOLL=0\nFDNAME=", name);
    while (!sockets.empty()) {
        const auto count = std::min(sockets.size(), DescriptorMessage::descriptors_max);
        send(lines, sockets.first(count));
        sockets = sockets.subspan(count);
    }
}

void ServiceManager::remove_stored(std::string_view name) const noexcept {
    Lines lines;
    notify(lines.with_name("FDSTOREREMOVE=1\nFDNAME=", name));
}

void ServiceManager::send(std::string_view lines, std::span<const int> descriptors) const noexcept {
    if (!is_there() || lines.empty()) {
        return;
    }
    const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    // Its queue is short, ten messages on some machines.
    constexpr timeval patience{.tv_sec = 2, .tv_usec = 0};
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::ranges::copy(notify_address_, std::begin(address.sun_path));
    // sendmsg(2) only reads it.
    DescriptorMessage message({const_cast<char*>(lines.data()), lines.size()});
    message.set_address(
        reinterpret_cast<sockaddr*>(&address),
        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + notify_address_.size()));
    message.attach(descriptors);
    (void)message.send(socket.get());
}

}  // namespace torc::server
