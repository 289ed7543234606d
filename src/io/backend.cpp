#include <torc/io/backend.hpp>

#include "epoll_proactor.hpp"
#include "uring_operations.hpp"
#include "uring_proactor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/utsname.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::io {
namespace {

/// The sysctl kernel.io_uring_disabled: 0, 1 (only a group may) or 2 (nobody); -1 when it can't be
/// read.
int read_disabled_sysctl() {
    std::ifstream file("/proc/sys/kernel/io_uring_disabled");
    int value = -1;
    return file >> value ? value : -1;
}

std::string explain(Errno error) {
    utsname kernel{};
    ::uname(&kernel);
    const int sysctl = read_disabled_sysctl();
    if (error == Errno(EPERM) && sysctl > 0) {
        return fmt::format(
            "the sysctl kernel.io_uring_disabled is {}; set it to 0 to allow io_uring", sysctl);
    }
    if (error == Errno(EPERM) || error == Errno(EACCES)) {
        return "a seccomp filter forbids it (the default of Docker and Kubernetes); allow "
               "io_uring_setup, io_uring_enter and io_uring_register in the container's profile";
    }
    if (error == Errno(EINVAL)) {
        return fmt::format("kernel {} is too old for the ring that torc needs; 6.1 or newer has it",
                           kernel.release);
    }
    return fmt::format(
        "kernel {} has no io_uring, or a seccomp filter hides it; use kernel 6.1 or "
        "newer, or allow io_uring_setup in the container's profile",
        kernel.release);
}

/// The names of the operations that torc uses and the kernel lacks.
std::vector<std::string_view> missing_operations() {
    std::vector<std::string_view> missing;
    const std::unique_ptr<io_uring_probe, void (*)(io_uring_probe*)> probe(io_uring_get_probe(),
                                                                           &io_uring_free_probe);
    for (const NamedOperation& operation : used_operations) {
        if (probe == nullptr || io_uring_opcode_supported(probe.get(), operation.opcode) == 0) {
            missing.push_back(operation.name);
        }
    }
    return missing;
}

bool is_obstacle(Errno error) noexcept {
    return error == Errno(ENOSYS) || error == Errno(EPERM) || error == Errno(EACCES) ||
           error == Errno(EINVAL);
}

}  // namespace

std::optional<UringObstacle> find_uring_obstacle() {
    // The real thing, small: set-up flags, a provided-buffer ring and thread limits may each be
    // refused.
    const auto probe = UringProactor::create(ProactorOptions{.connections_max = 1});
    if (probe || !is_obstacle(probe.error())) {
        return std::nullopt;
    }
    return UringObstacle{.error = probe.error(), .explanation = explain(probe.error())};
}

std::string describe_kernel() {
    utsname kernel{};
    ::uname(&kernel);
    std::string text = fmt::format("kernel {}\n", kernel.release);
    if (const auto obstacle = find_uring_obstacle()) {
        text +=
            fmt::format("io_uring: no ({}): {}\n", obstacle->error.name(), obstacle->explanation);
    } else {
        const auto missing = missing_operations();
        text += fmt::format(
            "io_uring: yes (liburing {}): single issuer, deferred task work, "
            "provided buffers, {}\n",
            TORC_LIBURING_VERSION,
            missing.empty()
                ? fmt::format("all {} operations that torc uses", used_operations.size())
                : fmt::format("but not {}", fmt::join(missing, ", ")));
    }
    return text + "epoll: yes\n";
}

Result<std::unique_ptr<Proactor>> make_proactor(Backend backend, const ProactorOptions& options) {
    return backend == Backend::uring ? UringProactor::create(options)
                                     : EpollProactor::create(options);
}

}  // namespace torc::io
