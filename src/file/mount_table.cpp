#include <torc/file/mount_table.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <iterator>
#include <set>
#include <utility>

namespace torc::file {
namespace {

constexpr std::size_t read_bytes = std::size_t{16} * 1024;

/// The next word of `text`, up to a space; takes it and the space off.
std::string_view take_word(std::string_view& text) noexcept {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
}

bool is_octal(char character) noexcept {
    return character >= '0' && character <= '7';
}

/// The kernel writes space, tab, line end and backslash as a backslash and three octal digits.
std::string unescape(std::string_view text) {
    constexpr std::size_t escape_bytes = 4;
    std::string plain;
    while (!text.empty()) {
        const bool is_escape = text.size() >= escape_bytes && text[0] == '\\' &&
                               is_octal(text[1]) && is_octal(text[2]) && is_octal(text[3]);
        if (is_escape) {
            plain += static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0');
        } else {
            plain += text.front();
        }
        text.remove_prefix(is_escape ? escape_bytes : 1);
    }
    return plain;
}

std::uint32_t parse_number(std::string_view text) noexcept {
    std::uint32_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// Whether `path` is `point` or beneath it.
bool is_at_or_beneath(std::string_view path, std::string_view point) noexcept {
    return path.starts_with(point) &&
           (point == "/" || path.size() == point.size() || path[point.size()] == '/');
}

}  // namespace

MountTable::MountTable(const char* path) : file_(::open(path, O_RDONLY | O_CLOEXEC)) {
    read();
}

void MountTable::refresh() {
    pollfd event{.fd = file_.get(), .events = POLLPRI, .revents = 0};
    if (::poll(&event, 1, 0) == 1) {
        read();
    }
}

void MountTable::read() {
    mounts_.clear();
    std::string text;
    std::array<char, read_bytes> buffer;
    if (!file_ || ::lseek(file_.get(), 0, SEEK_SET) < 0) {
        return;
    }
    while (true) {
        const ssize_t got = ::read(file_.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        if (Mount mount; parse(rest.substr(0, end), mount)) {
            mounts_.push_back(std::move(mount));
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
}

// 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
bool MountTable::parse(std::string_view line, Mount& mount) {
    const std::size_t separator = line.find(" - ");
    if (separator == std::string_view::npos) {
        return false;
    }
    std::string_view type = line.substr(separator + 3);
    const std::string_view whole = line;
    take_word(line);
    take_word(line);
    const std::string_view device = take_word(line);
    take_word(line);
    mount.identity = whole.substr(0, whole.size() - line.size());
    mount.point = unescape(take_word(line));
    const std::size_t colon = std::min(device.find(':'), device.size() - 1);
    mount.device =
        device_lane(parse_number(device.substr(0, colon)), parse_number(device.substr(colon + 1)));
    mount.traits = file_system_traits(take_word(type));
    return !device.empty() && mount.point.starts_with('/');
}

const MountTable::Mount* MountTable::find(std::string_view path) const noexcept {
    const Mount* nearest = nullptr;
    for (const Mount& mount : mounts_) {
        if (is_at_or_beneath(path, mount.point) &&
            (nearest == nullptr || mount.point.size() >= nearest->point.size())) {
            nearest = &mount;
        }
    }
    return nearest;
}

std::vector<std::string> MountTable::changed_points(const MountTable& before,
                                                    const MountTable& after) {
    using Known = std::set<std::pair<std::string_view, std::string_view>>;
    const auto known = [](const MountTable& table) {
        Known mounts;
        for (const Mount& mount : table.mounts_) {
            mounts.emplace(mount.identity, mount.point);
        }
        return mounts;
    };
    const Known old_mounts = known(before);
    const Known new_mounts = known(after);
    Known different;
    std::ranges::set_symmetric_difference(old_mounts, new_mounts,
                                          std::inserter(different, different.end()));
    std::vector<std::string> points;
    for (const auto& [identity, point] : different) {
        points.emplace_back(point);
    }
    return points;
}

Lane MountTable::lane_of_path(std::string_view path) const noexcept {
    const Mount* const mount = find(path);
    return mount != nullptr ? mount->lane() : Lane::first_linked;
}

FileSystemTraits MountTable::traits_of_path(std::string_view path) const noexcept {
    const Mount* const mount = find(path);
    return mount != nullptr ? mount->traits : FileSystemTraits{};
}

Lane MountTable::lane_of_device(std::uint64_t device) const noexcept {
    const Lane wanted =
        device_lane(static_cast<std::uint32_t>(device >> 32U), static_cast<std::uint32_t>(device));
    for (const Mount& mount : mounts_) {
        if (mount.device == wanted) {
            return mount.lane();
        }
    }
    return wanted;
}

}  // namespace torc::file
