#include <torc/worker/log_file.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <climits>
#include <expected>
#include <optional>
#include <utility>

namespace torc::worker {
namespace {

/// The descriptor that `target` names, if it names one.
std::optional<int> named_descriptor(std::string_view target) {
    if (target == "-" || target == "/dev/stdout") {
        return STDOUT_FILENO;
    }
    if (target == "/dev/stderr") {
        return STDERR_FILENO;
    }
    for (const std::string_view directory : {"/dev/fd/", "/proc/self/fd/"}) {
        if (target.starts_with(directory)) {
            const std::string_view digits = target.substr(directory.size());
            const char* const end = digits.data() + digits.size();
            int number = -1;
            const auto parsed = std::from_chars(digits.data(), end, number);
            if (parsed.ec == std::errc() && parsed.ptr == end && number >= 0) {
                return number;
            }
        }
    }
    return std::nullopt;
}

bool is_fifo(const std::string& path) noexcept {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
}

}  // namespace

Result<LogFile> LogFile::open(std::string_view target) {
    const auto descriptor = named_descriptor(target);
    return descriptor ? of_descriptor(*descriptor) : open_path(std::string(target));
}

Result<LogFile> LogFile::of_descriptor(int descriptor) {
    const int flags = ::fcntl(descriptor, F_GETFL);
    if (flags < 0) {
        return std::unexpected(Errno::last());
    }
    if ((flags & O_ACCMODE) == O_RDONLY) {
        return std::unexpected(Errno(EBADF));
    }
    UniqueFd duplicate(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    if (!duplicate) {
        return std::unexpected(Errno::last());
    }
    const Kind kind = kind_of(duplicate.get());
    return LogFile(std::move(duplicate), kind, {});
}

Result<LogFile> LogFile::open_path(const std::string& path) {
    constexpr mode_t mode = 0640;
    // O_NONBLOCK: opening a FIFO would otherwise wait for somebody who reads it.
    UniqueFd file(::open(path.c_str(),
                         O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, mode));
    if (!file) {
        const Errno error = Errno::last();
        if (error == Errno(ENXIO) && is_fifo(path)) {
            return LogFile(UniqueFd(), Kind::fifo_by_path, path);
        }
        return std::unexpected(error);
    }
    const Kind kind = kind_of(file.get());
    return LogFile(std::move(file), kind == Kind::pipe ? Kind::fifo_by_path : kind, path);
}

LogFile::Kind LogFile::kind_of(int descriptor) {
    struct stat status{};
    if (::fstat(descriptor, &status) < 0) {
        return Kind::device;
    }
    switch (status.st_mode & S_IFMT) {
        case S_IFREG:
            return Kind::regular_file;
        case S_IFIFO:
            return Kind::pipe;
        case S_IFSOCK:
            return Kind::socket;
        default:
            return Kind::device;
    }
}

Result<std::size_t> LogFile::write(std::string_view lines) {
    if (!file_) {
        auto opened = open_path(path_);
        if (!opened || !opened->file_) {
            return std::unexpected(opened ? Errno(ENXIO) : opened.error());
        }
        *this = *std::move(opened);
    }
    if (kind_ != Kind::regular_file && kind_ != Kind::socket && lines.size() > PIPE_BUF) {
        // Up to here a write is not torn (pipe(7)), and does not block when poll(2) saw room.
        const std::size_t end = lines.substr(0, PIPE_BUF).rfind('\n');
        lines = lines.substr(0, end == std::string_view::npos ? PIPE_BUF : end + 1);
    }
    // The descriptor may block, and others may rely on that: its flags are not ours to change.
    pollfd room{.fd = file_.get(), .events = POLLOUT, .revents = 0};
    if (::poll(&room, 1, 0) == 0) {
        return std::unexpected(Errno(EAGAIN));
    }
    const ssize_t written =
        kind_ == Kind::socket
            ? ::send(file_.get(), lines.data(), lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
            : ::write(file_.get(), lines.data(), lines.size());
    if (written >= 0) {
        return static_cast<std::size_t>(written);
    }
    const Errno error = Errno::last();
    if (error == Errno(EPIPE) && kind_ == Kind::fifo_by_path) {
        // Another reader may come.
        file_.reset();
        return std::unexpected(Errno(ENXIO));
    }
    return std::unexpected(error);
}

bool LogFile::is_terminal() const noexcept {
    return ::isatty(file_.get()) == 1;
}

std::string_view LogFile::reason_for_slowness() const noexcept {
    switch (kind_) {
        case Kind::regular_file:
            return "the disk takes lines more slowly than they come";
        case Kind::fifo_by_path:
            return file_ ? "the reader of the FIFO takes lines more slowly than they come"
                         : "nobody reads the FIFO";
        case Kind::pipe:
            return "the reader of the pipe takes lines more slowly than they come";
        case Kind::socket:
            return "the other end of the socket takes lines more slowly than they come";
        case Kind::device:
            return "the terminal or device takes lines more slowly than they come";
    }
    return {};
}

}  // namespace torc::worker
