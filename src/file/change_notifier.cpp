#include <torc/file/change_notifier.hpp>

#include <sys/inotify.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace torc::file {
namespace {

constexpr std::uint32_t watched_events = static_cast<std::uint32_t>(
    IN_MODIFY | IN_ATTRIB | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF |
    IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK);

bool has(const inotify_event& event, std::uint32_t bits) noexcept {
    return (event.mask & bits) != 0;
}

ChangeNotifier::Change::Kind kind_of(const inotify_event& event) noexcept {
    using Kind = ChangeNotifier::Change::Kind;
    if (has(event, IN_Q_OVERFLOW)) {
        return Kind::overflow;
    }
    if (has(event, IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT)) {
        return Kind::itself;
    }
    if (has(event, IN_ATTRIB) && (event.len == 0 || has(event, IN_ISDIR))) {
        return Kind::attributes;
    }
    if (event.len == 0) {
        return Kind::itself;
    }
    return has(event, IN_ISDIR) ? Kind::directory : Kind::file;
}

}  // namespace

Result<ChangeNotifier> ChangeNotifier::create() noexcept {
    UniqueFd inotify(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!inotify) {
        return std::unexpected(Errno::last());
    }
    return ChangeNotifier(std::move(inotify));
}

Result<ChangeNotifier::Watch> ChangeNotifier::watch(int directory) noexcept {
    // By the descriptor: a path could lead elsewhere by now.
    constexpr std::string_view prefix = "/proc/self/fd/";
    std::array<char, 32> path{};
    std::memcpy(path.data(), prefix.data(), prefix.size());
    std::to_chars(path.data() + prefix.size(), path.data() + path.size() - 1, directory);
    const int watch = ::inotify_add_watch(inotify_.get(), path.data(), watched_events);
    if (watch < 0) {
        return std::unexpected(Errno::last());
    }
    return watch;
}

void ChangeNotifier::unwatch(Watch watch) noexcept {
    ::inotify_rm_watch(inotify_.get(), watch);
}

std::span<const ChangeNotifier::Change> ChangeNotifier::read() {
    changes_.clear();
    const ssize_t got = ::read(inotify_.get(), buffer_.data(), buffer_.size());
    std::size_t offset = 0;
    while (std::cmp_less(offset, got)) {
        inotify_event event{};
        std::memcpy(&event, buffer_.data() + offset, sizeof event);
        // Padded with NULs behind its end.
        const char* const name =
            reinterpret_cast<const char*>(buffer_.data() + offset + sizeof event);
        changes_.push_back(Change{
            .kind = kind_of(event), .watch = event.wd, .name = {name, ::strnlen(name, event.len)}});
        offset += sizeof event + event.len;
    }
    return changes_;
}

}  // namespace torc::file
