// Unix-domain sockets that listen. There is no SO_REUSEPORT group of them: each has one queue.

#include "claim.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace torc::net {
namespace {

Result<UniqueFd> make_socket() noexcept {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    return socket ? Result<UniqueFd>(std::move(socket)) : std::unexpected(Errno::last());
}

Result<void> bind_and_listen(int socket, const Endpoint& endpoint) noexcept {
    // The kernel cuts the backlog down to the sysctl net.core.somaxconn.
    if (::bind(socket, endpoint.address(), endpoint.length()) < 0 ||
        ::listen(socket, std::numeric_limits<int>::max()) < 0) {
        return std::unexpected(Errno::last());
    }
    return {};
}

/// Keeps other torcs from claiming a socket in the same directory meanwhile: one that is bound and
/// does not listen yet looks as if nobody did. Nothing that another program does is kept out.
Result<UniqueFd> lock_directory_of(const std::string& path) {
    const std::string directory = path.substr(0, path.rfind('/') + 1);
    UniqueFd lock(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Who may not list the directory goes without.
    if (!lock && errno != EACCES) {
        return std::unexpected(Errno::last());
    }
    // A file system without such locks goes without too.
    if (lock && ::flock(lock.get(), LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        return std::unexpected(Errno(EADDRINUSE));
    }
    return lock;
}

/// Removes what is at the path of `endpoint` if nobody listens there. EADDRINUSE, EEXIST: see
/// claim_unix.
Result<void> remove_stale(const Endpoint& endpoint) {
    const std::string path = endpoint.path();
    struct stat status{};
    if (::lstat(path.c_str(), &status) < 0) {
        return errno == ENOENT ? Result<void>() : std::unexpected(Errno::last());
    }
    if (!S_ISSOCK(status.st_mode)) {
        return std::unexpected(Errno(EEXIST));
    }
    const auto probe = make_socket();
    if (!probe) {
        return std::unexpected(probe.error());
    }
    if (::connect(probe->get(), endpoint.address(), endpoint.length()) == 0 || errno == EAGAIN) {
        return std::unexpected(Errno(EADDRINUSE));
    }
    if (errno != ECONNREFUSED && errno != ENOENT) {
        return std::unexpected(Errno::last());
    }
    return ::unlink(path.c_str()) == 0 || errno == ENOENT ? Result<void>()
                                                          : std::unexpected(Errno::last());
}

}  // namespace

Result<FirstListener> claim_unix(const ListenPlace& place) {
    auto socket = make_socket();
    if (!socket) {
        return std::unexpected(socket.error());
    }
    const std::string path = place.endpoint.path();
    const bool has_file = path.starts_with('/');
    UniqueFd lock;
    if (has_file) {
        auto locked = lock_directory_of(path);
        if (!locked) {
            return std::unexpected(locked.error());
        }
        lock = *std::move(locked);
        if (const auto removed = remove_stale(place.endpoint); !removed) {
            return std::unexpected(removed.error());
        }
        // The file that bind(2) makes has no permissions but these, less the mask; so nobody gets
        // in before it has those that it is to have.
        static_cast<void>(::fchmod(socket->get(), place.mode));
    }
    if (const auto listens = bind_and_listen(socket->get(), place.endpoint); !listens) {
        return std::unexpected(listens.error());
    }
    FirstListener first{.place = place, .socket = *std::move(socket)};
    if (has_file) {
        first.file = SocketFile(path);
        first.file.set_mode(place.mode);
    }
    return first;
}

std::string explain_unix(const Endpoint& endpoint, Errno error) {
    const auto why = [&]() -> std::string {
        switch (error.value()) {
            case EADDRINUSE:
                return "another process listens there; stop it, or choose another path";
            case EEXIST:
                return "the file there is no socket; remove it, or choose another path";
            case ENOENT:
            case ENOTDIR:
                return "its directory does not exist; make it, or have systemd do so "
                       "(RuntimeDirectory=)";
            case EACCES:
            case EPERM:
                return fmt::format(
                    "{}; the user that torc runs as must be able to write to its directory",
                    error.message());
            default:
                return error.message();
        }
    };
    return fmt::format("can't listen on {}: {}", endpoint.host(), why());
}

}  // namespace torc::net
