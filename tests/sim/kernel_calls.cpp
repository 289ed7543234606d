// The system calls that production code makes by itself, and not through a proactor: at the start,
// for what waits for nothing, and in the jobs that threads carry out. The linker leads them here
// (--wrap); what is about the simulation's descriptors, or its paths, goes to the simulated kernel,
// and all else to the real one. So production code has no seam for this, and pays for none.

#include "sim/kernel.hpp"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdarg>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace {

using torc::sim::Descriptors;
using torc::sim::Kernel;

constexpr std::string_view descriptor_path = "/proc/self/fd/";

bool is_simulated(int fd) noexcept {
    return Kernel::current() != nullptr && Descriptors::is_simulated(fd);
}

bool is_simulated_path(std::string_view path) noexcept {
    return Kernel::current() != nullptr &&
           (path.starts_with("/srv") || path == "/proc/self/mountinfo");
}

/// The simulated descriptor that `path` names in /proc, if it does.
std::optional<int> descriptor_in(std::string_view path) noexcept {
    int fd = -1;
    if (!path.starts_with(descriptor_path)) {
        return std::nullopt;
    }
    path.remove_prefix(descriptor_path.size());
    std::from_chars(path.data(), path.data() + path.size(), fd);
    return is_simulated(fd) ? std::optional(fd) : std::nullopt;
}

/// As the C library gives a result: -1, and the error in errno.
template <typename Number>
Number result_of(Number result) noexcept {
    if (result < 0) {
        errno = static_cast<int>(-result);
        return -1;
    }
    return result;
}

}  // namespace

// Names that the linker asks for.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming,cppcoreguidelines-pro-type-vararg)
extern "C" {

int __real_open(const char* path, int flags, ...);
int __real_close(int fd);
ssize_t __real_read(int fd, void* buffer, std::size_t bytes);
off_t __real_lseek(int fd, off_t offset, int whence);
int __real_poll(pollfd* waited, nfds_t count, int timeout);
int __real_statx(int directory, const char* path, int flags, unsigned mask, struct statx* status);
int __real_fstatfs(int fd, struct statfs* status);
ssize_t __real_readlink(const char* path, char* buffer, std::size_t bytes);
long __real_syscall(long number, ...);
int __real_inotify_init1(int flags);
int __real_inotify_add_watch(int notifier, const char* path, std::uint32_t mask);
int __real_inotify_rm_watch(int notifier, int watch);
ssize_t __real_getrandom(void* buffer, std::size_t bytes, unsigned flags);
int __real_accept4(int socket, sockaddr* address, socklen_t* length, int flags);
int __real_setsockopt(int socket, int level, int name, const void* value, socklen_t length);

int __wrap_open(const char* path, int flags, ...) {
    if (is_simulated_path(path)) {
        return result_of(Kernel::current()->call_open(path, flags));
    }
    va_list rest;
    va_start(rest, flags);
    const bool has_mode = (flags & (O_CREAT | O_TMPFILE)) != 0;
    const unsigned mode = has_mode ? va_arg(rest, unsigned) : 0;
    va_end(rest);
    return __real_open(path, flags, mode);
}

int __wrap_close(int fd) {
    return is_simulated(fd) ? result_of(Kernel::current()->call_close(fd)) : __real_close(fd);
}

ssize_t __wrap_read(int fd, void* buffer, std::size_t bytes) {
    return is_simulated(fd) ? result_of(Kernel::current()->call_read(
                                  fd, {static_cast<std::byte*>(buffer), bytes}))
                            : __real_read(fd, buffer, bytes);
}

off_t __wrap_lseek(int fd, off_t offset, int whence) {
    return is_simulated(fd) ? result_of(Kernel::current()->call_seek(fd, offset))
                            : __real_lseek(fd, offset, whence);
}

int __wrap_poll(pollfd* waited, nfds_t count, int timeout) {
    // Of the mounts, which don't change.
    return count == 1 && is_simulated(waited->fd) ? 0 : __real_poll(waited, count, timeout);
}

int __wrap_statx(int directory, const char* path, int flags, unsigned mask, struct statx* status) {
    return is_simulated(directory) && *path == '\0'
               ? result_of(Kernel::current()->call_stat(directory, *status))
               : __real_statx(directory, path, flags, mask, status);
}

int __wrap_fstatfs(int fd, struct statfs* status) {
    if (!is_simulated(fd)) {
        return __real_fstatfs(fd, status);
    }
    *status = {};
    status->f_type = EXT4_SUPER_MAGIC;
    return 0;
}

ssize_t __wrap_readlink(const char* path, char* buffer, std::size_t bytes) {
    const auto fd = descriptor_in(path);
    return fd ? result_of(Kernel::current()->call_read_link(*fd, {buffer, bytes}))
              : __real_readlink(path, buffer, bytes);
}

long __wrap_syscall(long number, ...) {
    va_list list;
    va_start(list, number);
    const long first = va_arg(list, long);
    const long second = va_arg(list, long);
    const long third = va_arg(list, long);
    const long fourth = va_arg(list, long);
    const long fifth = va_arg(list, long);
    const long sixth = va_arg(list, long);
    va_end(list);
    if (number == SYS_openat2 && is_simulated(static_cast<int>(first))) {
        const auto opened =
            Kernel::current()->open(static_cast<int>(first), reinterpret_cast<const char*>(second),
                                    *reinterpret_cast<const open_how*>(third));
        return result_of(opened ? *opened : -opened.error().value());
    }
    return __real_syscall(number, first, second, third, fourth, fifth, sixth);
}

int __wrap_inotify_init1(int flags) {
    return Kernel::current() != nullptr ? Kernel::current()->make_notifier()
                                        : __real_inotify_init1(flags);
}

int __wrap_inotify_add_watch(int notifier, const char* path, std::uint32_t mask) {
    const auto directory = descriptor_in(path);
    return is_simulated(notifier) && directory
               ? result_of(Kernel::current()->call_watch(notifier, *directory, mask))
               : __real_inotify_add_watch(notifier, path, mask);
}

int __wrap_inotify_rm_watch(int notifier, int watch) {
    return is_simulated(notifier) ? result_of(Kernel::current()->call_unwatch(notifier, watch))
                                  : __real_inotify_rm_watch(notifier, watch);
}

ssize_t __wrap_getrandom(void* buffer, std::size_t bytes, unsigned flags) {
    if (Kernel::current() == nullptr) {
        return __real_getrandom(buffer, bytes, flags);
    }
    // Always the same: some keys are drawn once in a process, by whichever run is the first.
    std::memset(buffer, 0x5c, bytes);
    return static_cast<ssize_t>(bytes);
}

int __wrap_accept4(int socket, sockaddr* address, socklen_t* length, int flags) {
    if (!is_simulated(socket)) {
        return __real_accept4(socket, address, length, flags);
    }
    const auto accepted = Kernel::current()->accept(socket);
    return result_of(accepted ? *accepted : -accepted.error().value());
}

int __wrap_setsockopt(int socket, int level, int name, const void* value, socklen_t length) {
    if (!is_simulated(socket)) {
        return __real_setsockopt(socket, level, name, value, length);
    }
    if (level == SOL_SOCKET && (name == SO_ATTACH_FILTER || name == SO_DETACH_FILTER)) {
        if (auto* const listener = Kernel::current()->find_listener(socket)) {
            listener->ignores_connections = name == SO_ATTACH_FILTER;
        }
    } else if (level == IPPROTO_TCP && name == TCP_DEFER_ACCEPT) {
        Kernel::current()->show_silent_connections(socket);
    }
    return 0;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp,readability-identifier-naming,cppcoreguidelines-pro-type-vararg)
