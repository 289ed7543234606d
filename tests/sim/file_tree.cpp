#include "sim/file_tree.hpp"

#include <torc/base/limits.hpp>

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/inotify.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace torc::sim {
namespace {

constexpr int links_followed_max = 40;
constexpr std::size_t name_bytes_max = 255;
constexpr std::uint16_t directory_bits = 0040000;
constexpr std::uint16_t file_bits = 0100000;
constexpr std::uint16_t link_bits = 0120000;

std::pair<std::string_view, std::string_view> split(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return {path.substr(0, slash), path.substr(slash + 1)};
}

bool forbids(const open_how& how, std::uint64_t resolve) noexcept {
    return (how.resolve & resolve) != 0;
}

statx_timestamp timestamp(WallTime time) noexcept {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    statx_timestamp stamp{};
    stamp.tv_sec = seconds.time_since_epoch().count();
    stamp.tv_nsec = static_cast<std::uint32_t>((time - seconds).count());
    return stamp;
}

}  // namespace

/// A resolution under way.
struct FileTree::Walk {
    const open_how& how;
    InodeRef start;
    InodeRef at;
    /// What is still to be gone.
    std::string rest;
    int links_followed = 0;
};

FileTree::FileTree(Machine& machine, Duration granularity)
    : machine_(machine), granularity_(granularity), root_(make(Inode::Kind::directory, {})) {}

Result<InodeRef> FileTree::open(const InodeRef& start, std::string_view path,
                                const open_how& how) const {
    if (path.size() >= limits::path_bytes_max) {
        return std::unexpected(Errno(ENAMETOOLONG));
    }
    if (path.starts_with('/') && forbids(how, RESOLVE_BENEATH)) {
        return std::unexpected(Errno(EXDEV));
    }
    Walk walk{.how = how,
              .start = start,
              .at = path.starts_with('/') ? root_ : start,
              .rest = std::string(path)};
    bool must_be_directory = (how.flags & O_DIRECTORY) != 0;
    while (!walk.rest.empty()) {
        const std::size_t end = std::min(walk.rest.find('/'), walk.rest.size());
        const std::string name = walk.rest.substr(0, end);
        must_be_directory |= end + 1 == walk.rest.size();
        walk.rest.erase(0, end + 1);
        if (auto found = step(walk, name)) {
            walk.at = *std::move(found);
        } else {
            return found;
        }
    }
    if (must_be_directory && walk.at->kind != Inode::Kind::directory) {
        return std::unexpected(Errno(ENOTDIR));
    }
    if ((how.flags & O_PATH) == 0 && !walk.at->is_readable()) {
        return std::unexpected(Errno(EACCES));
    }
    return walk.at;
}

Result<InodeRef> FileTree::step(Walk& walk, std::string_view name) const {
    if (walk.at->kind != Inode::Kind::directory) {
        return std::unexpected(Errno(ENOTDIR));
    }
    if (name.empty() || name == ".") {
        return walk.at;
    }
    if (!walk.at->is_searchable()) {
        return std::unexpected(Errno(EACCES));
    }
    if (name == "..") {
        if (walk.at == walk.start && forbids(walk.how, RESOLVE_BENEATH)) {
            return std::unexpected(Errno(EXDEV));
        }
        return walk.at->parent == nullptr ? walk.at : find(path_of(*walk.at->parent));
    }
    if (name.size() > name_bytes_max) {
        return std::unexpected(Errno(ENAMETOOLONG));
    }
    const auto entry = walk.at->entries.find(name);
    if (entry == walk.at->entries.end()) {
        return std::unexpected(Errno(ENOENT));
    }
    return entry->second->kind == Inode::Kind::link ? follow(walk, *entry->second)
                                                    : Result<InodeRef>(entry->second);
}

Result<InodeRef> FileTree::follow(Walk& walk, const Inode& link) const {
    if (forbids(walk.how, RESOLVE_NO_SYMLINKS) || ++walk.links_followed > links_followed_max) {
        return std::unexpected(Errno(ELOOP));
    }
    const bool is_absolute = link.bytes.starts_with('/');
    if (is_absolute && forbids(walk.how, RESOLVE_BENEATH)) {
        return std::unexpected(Errno(EXDEV));
    }
    walk.rest = link.bytes + (walk.rest.empty() ? "" : "/" + walk.rest);
    return is_absolute ? root_ : walk.at;
}

void FileTree::describe(const Inode& inode, struct statx& status) {
    status = {};
    status.stx_mask = STATX_BASIC_STATS;
    status.stx_blksize = static_cast<std::uint32_t>(limits::page_bytes);
    status.stx_nlink = inode.parent == nullptr ? 0 : 1;
    const auto type = inode.kind == Inode::Kind::file        ? file_bits
                      : inode.kind == Inode::Kind::directory ? directory_bits
                                                             : link_bits;
    status.stx_mode = static_cast<std::uint16_t>(type | inode.permissions);
    status.stx_ino = inode.number;
    status.stx_size = inode.bytes.size();
    status.stx_mtime = timestamp(inode.modified);
    status.stx_ctime = timestamp(inode.changed);
    status.stx_dev_major = device_major;
    status.stx_dev_minor = device_minor;
}

std::string FileTree::path_of(const Inode& inode) {
    std::string path;
    const Inode* at = &inode;
    for (; at->parent != nullptr; at = at->parent) {
        path.insert(0, "/" + at->name);
    }
    const bool is_root = at->name.empty();
    return is_root ? (path.empty() ? "/" : path) : "/" + at->name + path + " (deleted)";
}

InodeRef FileTree::find(std::string_view path) const {
    InodeRef at = root_;
    while (at != nullptr && path.size() > 1) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        const auto entry = at->entries.find(path.substr(0, end));
        at = entry == at->entries.end() ? nullptr : entry->second;
        path.remove_prefix(end);
    }
    return at;
}

WallTime FileTree::stamp() {
    const WallTime now = machine_.now().wall;
    WallTime time = now - (now.time_since_epoch() % granularity_);
    if (granularity_ == Duration(1)) {
        // No two changes are at the same time.
        time = time == last_stamp_ ? time + Duration(1) : time;
    }
    return last_stamp_ = time;
}

InodeRef FileTree::make(Inode::Kind kind, std::string bytes) {
    auto inode = std::make_shared<Inode>();
    inode->number = next_number_++;
    inode->kind = kind;
    inode->permissions = kind == Inode::Kind::file ? 0644 : 0755;
    inode->bytes = std::move(bytes);
    inode->modified = inode->changed = stamp();
    return inode;
}

void FileTree::put(std::string_view path, const InodeRef& inode, std::uint32_t mask) {
    const auto [directory_path, name] = split(path);
    const InodeRef directory = find(directory_path);
    InodeRef& entry = directory->entries[std::string(name)];
    if (entry != nullptr) {
        entry->parent = nullptr;
        entry->changed = stamp();
    }
    entry = inode;
    inode->parent = directory.get();
    inode->name = name;
    directory->modified = directory->changed = stamp();
    const bool is_directory = inode->kind == Inode::Kind::directory;
    tell(mask | (is_directory ? IN_ISDIR : 0U), directory.get(), name);
}

void FileTree::take(const InodeRef& inode) {
    Inode* const directory = inode->parent;
    inode->parent = nullptr;
    inode->changed = stamp();
    directory->entries.erase(inode->name);
    directory->modified = directory->changed = stamp();
}

void FileTree::tell(std::uint32_t mask, const Inode* directory, std::string_view name) {
    if (listener_) {
        listener_({.mask = mask, .directory = directory, .name = name});
    }
}

void FileTree::make_directory(std::string_view path) {
    put(path, make(Inode::Kind::directory, {}), IN_CREATE);
}

void FileTree::replace(std::string_view path, std::string bytes) {
    put(path, make(Inode::Kind::file, std::move(bytes)), has(path) ? IN_MOVED_TO : IN_CREATE);
}

void FileTree::overwrite(std::string_view path, std::size_t offset, std::string_view bytes) {
    const InodeRef file = find(path);
    file->bytes.resize(offset);
    file->bytes += bytes;
    file->modified = file->changed = stamp();
    tell(IN_MODIFY, file->parent, file->name);
}

void FileTree::link(std::string_view path, std::string_view target) {
    put(path, make(Inode::Kind::link, std::string(target)), has(path) ? IN_MOVED_TO : IN_CREATE);
}

void FileTree::remove(std::string_view path) {
    const InodeRef inode = find(path);
    const Inode* const directory = inode->parent;
    take(inode);
    const bool is_directory = inode->kind == Inode::Kind::directory;
    tell(IN_DELETE | (is_directory ? IN_ISDIR : 0U), directory, inode->name);
    if (is_directory) {
        tell(IN_DELETE_SELF, inode.get());
    }
}

void FileTree::rename(std::string_view from, std::string_view to) {
    const InodeRef inode = find(from);
    const bool is_directory = inode->kind == Inode::Kind::directory;
    const Inode* const directory = inode->parent;
    take(inode);
    tell(IN_MOVED_FROM | (is_directory ? IN_ISDIR : 0U), directory, split(from).second);
    put(to, inode, IN_MOVED_TO);
    if (is_directory) {
        tell(IN_MOVE_SELF, inode.get());
    }
}

void FileTree::set_permissions(std::string_view path, std::uint16_t permissions) {
    const InodeRef inode = find(path);
    inode->permissions = permissions;
    inode->changed = stamp();
    const bool is_directory = inode->kind == Inode::Kind::directory;
    tell(IN_ATTRIB | (is_directory ? IN_ISDIR : 0U), inode->parent, inode->name);
    if (is_directory) {
        tell(IN_ATTRIB, inode.get());
    }
}

}  // namespace torc::sim
