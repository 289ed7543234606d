#include "integration/support/slow_file_system.hpp"

#include "support/temporary_mount.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace torc::test {
namespace {

#ifdef TORC_SLOWFS
constexpr std::string_view slowfs_binary = TORC_SLOWFS;
#else
constexpr std::string_view slowfs_binary;
#endif

}  // namespace

std::optional<std::string> slow_file_system_obstacle() {
    if (slowfs_binary.empty()) {
        return "slowfs was not built: apt-get install libfuse3-dev";
    }
    if (!may_mount()) {
        return "it takes root, or CAP_SYS_ADMIN, to mount the slow file system";
    }
    if (const UniqueFd device(::open("/dev/fuse", O_RDWR | O_CLOEXEC)); !device) {
        return "/dev/fuse can't be opened: " + std::generic_category().message(errno);
    }
    return std::nullopt;
}

SlowFileSystem::SlowFileSystem(std::filesystem::path mountpoint)
    : mountpoint_(std::move(mountpoint)) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    control_.reset(ends[0]);
    // Closed as soon as the process has it: the end of the process must be the end of its output.
    UniqueFd its_end(ends[1]);
    process_.emplace(LaunchOptions{.program = slowfs_binary,
                                   .arguments = {mountpoint_.string()},
                                   .standard_input = its_end.get(),
                                   .standard_output = its_end.get()});
    its_end.reset();
    if (receive_line() != "ready") {
        throw std::runtime_error("slowfs is not ready:\n" + process_->standard_error());
    }
}

SlowFileSystem::~SlowFileSystem() {
    // The end of its input.
    control_.reset();
    if (!process_->ends_within(patience)) {
        ::umount2(mountpoint_.c_str(), MNT_DETACH);
    }
}

void SlowFileSystem::stall(std::string_view call) {
    command(fmt::format("stall {}", call));
}

void SlowFileSystem::delay(std::string_view call, std::chrono::milliseconds delay) {
    command(fmt::format("delay {} {}", call, delay.count()));
}

void SlowFileSystem::release(std::string_view call) {
    command(fmt::format("release {}", call));
}

std::size_t SlowFileSystem::waiting(std::string_view call) {
    return std::stoul(command(fmt::format("waiting {}", call)));
}

std::size_t SlowFileSystem::count(std::string_view call) {
    return std::stoul(command(fmt::format("count {}", call)));
}

void SlowFileSystem::set_caching(SlowFileCaching caching) {
    command(caching == SlowFileCaching::direct_io ? "mode direct-io" : "mode keep-cache");
}

void SlowFileSystem::set_valid_for(std::chrono::milliseconds duration) {
    command(fmt::format("valid {}", duration.count()));
}

void SlowFileSystem::heed_signals() {
    command("heed-signals");
}

std::string SlowFileSystem::contents(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<char>('a' + i % 26);
    }
    return bytes;
}

std::string SlowFileSystem::command(const std::string& line) {
    const std::string bytes = line + '\n';
    if (::send(control_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("slowfs has ended:\n" + process_->standard_error());
    }
    const std::string answer = receive_line();
    constexpr std::string_view success = "ok";
    if (!answer.starts_with(success)) {
        throw std::runtime_error(fmt::format("slowfs answered '{}' to '{}'", answer, line));
    }
    return answer.substr(success.size());
}

std::string SlowFileSystem::receive_line() {
    constexpr int timeout_ms = static_cast<int>(std::chrono::milliseconds(patience).count());
    std::string line;
    while (true) {
        pollfd event{.fd = control_.get(), .events = POLLIN, .revents = 0};
        char byte = 0;
        if (::poll(&event, 1, timeout_ms) != 1 || ::read(control_.get(), &byte, 1) != 1) {
            throw std::runtime_error("slowfs does not answer:\n" + process_->standard_error());
        }
        if (byte == '\n') {
            return line;
        }
        line += byte;
    }
}

void SlowSiteTest::SetUp() {
    ServerTest::SetUp();
    if (IsSkipped()) {
        return;
    }
    if (const auto obstacle = slow_file_system_obstacle()) {
        GTEST_SKIP() << *obstacle;
    }
    const std::filesystem::path mountpoint = site() / "slow";
    std::filesystem::create_directory(mountpoint);
    slow_.emplace(mountpoint);
}

void SlowSiteTest::TearDown() {
    if (slow_) {
        slow_->release();
    }
    ServerTest::TearDown();
}

}  // namespace torc::test
