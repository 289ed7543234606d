#include "integration/support/service_manager.hpp"

#include "integration/support/subprocess.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

namespace torc::test {
namespace {

constexpr std::size_t descriptors_max = 253;

/// Whether `line` is one of the lines of `message`; one that ends with '=' stands for all that
/// begin so.
bool has_line(std::string_view message, std::string_view line) {
    while (!message.empty()) {
        const std::size_t end = std::min(message.find('\n'), message.size());
        const std::string_view each = message.substr(0, end);
        if (each == line || (line.ends_with('=') && each.starts_with(line))) {
            return true;
        }
        message.remove_prefix(std::min(end + 1, message.size()));
    }
    return false;
}

/// What stands behind `name` in one of the lines; empty: nothing.
std::string value_of(std::string_view message, std::string_view name) {
    const std::size_t at = message.find(name);
    if (at == std::string_view::npos) {
        return "";
    }
    message.remove_prefix(at + name.size());
    return std::string(message.substr(0, message.find('\n')));
}

/// Each socket has one of its own.
ino_t inode_of(const UniqueFd& socket) {
    struct stat status{};
    return ::fstat(socket.get(), &status) == 0 ? status.st_ino : 0;
}

}  // namespace

ServiceManagerStandIn::ServiceManagerStandIn(const std::filesystem::path& directory)
    : path_(directory / "notify"), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    std::ranges::copy(path_.string(), std::begin(address.sun_path));
    if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        throw std::runtime_error("no notify socket at " + path_.string());
    }
}

std::vector<std::string> ServiceManagerStandIn::environment() const {
    return {"NOTIFY_SOCKET=" + path_.string(), fmt::format("FDSTORE={}", store_size_),
            "WATCHDOG_USEC=200000"};
}

std::string ServiceManagerStandIn::await(std::string_view line) {
    const auto find = [&]() -> std::optional<std::string> {
        const auto found = std::ranges::find_if(
            messages_, [&](const std::string& message) { return has_line(message, line); });
        if (found == messages_.end()) {
            return std::nullopt;
        }
        std::string message = *found;
        messages_.erase(messages_.begin(), found + 1);
        return message;
    };
    while (true) {
        if (auto found = find()) {
            return *std::move(found);
        }
        messages_.push_back(receive());
    }
}

std::string ServiceManagerStandIn::stored_names() const {
    return fmt::format("{}", fmt::join(names_, ":"));
}

std::string ServiceManagerStandIn::receive() {
    pollfd event{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    const std::chrono::milliseconds time = patience;
    if (::poll(&event, 1, static_cast<int>(time.count())) != 1) {
        throw std::runtime_error(fmt::format("the service says no more; before: {}", messages_));
    }
    std::array<char, 4096> text{};
    iovec part{.iov_base = text.data(), .iov_len = text.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(descriptors_max * sizeof(int))> control{};
    msghdr header{};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t count = ::recvmsg(socket_.get(), &header, MSG_CMSG_CLOEXEC);
    std::string message(text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    std::vector<UniqueFd> descriptors;
    for (cmsghdr* each = CMSG_FIRSTHDR(&header); each != nullptr;
         each = CMSG_NXTHDR(&header, each)) {
        const std::size_t numbers = (each->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t index = 0; index < numbers; ++index) {
            int descriptor = -1;
            std::memcpy(&descriptor, CMSG_DATA(each) + index * sizeof descriptor,
                        sizeof descriptor);
            descriptors.emplace_back(descriptor);
        }
    }
    obey(message, std::move(descriptors));
    return message;
}

void ServiceManagerStandIn::obey(const std::string& message, std::vector<UniqueFd> descriptors) {
    const std::string name = value_of(message, "FDNAME=");
    if (has_line(message, "FDSTORE=1")) {
        for (UniqueFd& descriptor : descriptors) {
            const bool is_there = std::ranges::any_of(stored_, [&](const UniqueFd& other) {
                return inode_of(other) == inode_of(descriptor);
            });
            if (!is_there && stored_.size() < store_size_) {
                stored_.push_back(std::move(descriptor));
                names_.push_back(name);
            }
        }
    }
    if (has_line(message, "FDSTOREREMOVE=1")) {
        for (std::size_t index = names_.size(); index-- > 0;) {
            if (names_[index] == name) {
                names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(index));
                stored_.erase(stored_.begin() + static_cast<std::ptrdiff_t>(index));
            }
        }
    }
}

}  // namespace torc::test
