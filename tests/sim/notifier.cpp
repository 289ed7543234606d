#include "sim/notifier.hpp"

#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace torc::sim {
namespace {

constexpr int no_watch = -1;

/// A name is padded with NULs, of which there is at least one, to a multiple of an event's size.
std::size_t padded_bytes(const std::string& name) noexcept {
    constexpr std::size_t unit = sizeof(inotify_event);
    return name.empty() ? 0 : (name.size() / unit + 1) * unit;
}

}  // namespace

int Notifier::watch(const InodeRef& directory, std::uint32_t mask) {
    const auto known = std::ranges::find_if(
        watches_, [&](const auto& one) { return one.second.directory == directory; });
    if (known != watches_.end()) {
        known->second.mask = mask;
        return known->first;
    }
    watches_.emplace(++last_watch_, Watch{.directory = directory, .mask = mask});
    return last_watch_;
}

bool Notifier::unwatch(int watch) {
    if (watches_.erase(watch) == 0) {
        return false;
    }
    add({.watch = watch, .mask = IN_IGNORED});
    return true;
}

void Notifier::on_change(const FileTree::Change& change) {
    const auto known = std::ranges::find_if(
        watches_, [&](const auto& one) { return one.second.directory.get() == change.directory; });
    if (known == watches_.end() || (known->second.mask & change.mask) == 0) {
        return;
    }
    const int watch = known->first;
    if (machine_.strikes(Fault::lost_notices)) {
        add({.watch = no_watch, .mask = IN_Q_OVERFLOW});
    } else {
        add({.watch = watch, .mask = change.mask, .name = std::string(change.name)});
    }
    if ((change.mask & IN_DELETE_SELF) != 0) {
        watches_.erase(watch);
        add({.watch = watch, .mask = IN_IGNORED});
    }
}

void Notifier::add(Event event) {
    queue_.push_back(std::move(event));
    if (listener_) {
        listener_();
    }
}

std::ptrdiff_t Notifier::read(std::span<std::byte> buffer) {
    std::size_t written = 0;
    while (!queue_.empty()) {
        const Event& event = queue_.front();
        const std::size_t name_bytes = padded_bytes(event.name);
        if (written + sizeof(inotify_event) + name_bytes > buffer.size()) {
            return written > 0 ? static_cast<std::ptrdiff_t>(written) : -EINVAL;
        }
        inotify_event head{};
        head.wd = event.watch;
        head.mask = event.mask;
        head.len = static_cast<std::uint32_t>(name_bytes);
        std::memcpy(&buffer[written], &head, sizeof head);
        written += sizeof head;
        if (name_bytes > 0) {
            std::memset(&buffer[written], 0, name_bytes);
            std::memcpy(&buffer[written], event.name.data(), event.name.size());
        }
        written += name_bytes;
        queue_.pop_front();
    }
    return written > 0 ? static_cast<std::ptrdiff_t>(written) : -EAGAIN;
}

}  // namespace torc::sim
