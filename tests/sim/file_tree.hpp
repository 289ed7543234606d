#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/errno.hpp>

#include "sim/machine.hpp"

#include <linux/openat2.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct statx;

namespace torc::sim {

/// A file, directory or symbolic link of the simulated file system.
struct Inode {
    ~Inode() {
        for (const auto& [entry_name, entry] : entries) {
            entry->parent = nullptr;
        }
    }

    enum class Kind : std::uint8_t { file, directory, link };

    std::uint64_t number = 0;
    Kind kind = Kind::file;
    std::uint16_t permissions = 0644;
    /// Of a file its contents, of a link its target.
    std::string bytes{};
    std::map<std::string, std::shared_ptr<Inode>, std::less<>> entries{};
    /// Null: the root, or deleted.
    Inode* parent = nullptr;
    std::string name{};
    WallTime modified{};
    WallTime changed{};
    /// Whether its pages are in memory.
    bool is_cached = true;

    [[nodiscard]] bool is_readable() const noexcept { return (permissions & 0444U) != 0; }
    [[nodiscard]] bool is_searchable() const noexcept { return (permissions & 0111U) != 0; }
};
using InodeRef = std::shared_ptr<Inode>;

/// The simulated file system: one mount of ext4's traits, as a user sees it who is not root.
class FileTree {
public:
    /// What of an inode has changed, as inotify(7) tells it: by its directory, and by itself.
    struct Change {
        std::uint32_t mask = 0;
        const Inode* directory = nullptr;
        std::string_view name{};
    };
    using Listener = std::function<void(const Change& change)>;

    static constexpr std::uint32_t device_major = 8;
    static constexpr std::uint32_t device_minor = 1;

    /// `granularity`: of the times of its inodes.
    FileTree(Machine& machine, Duration granularity);
    FileTree(const FileTree&) = delete;
    FileTree& operator=(const FileTree&) = delete;
    ~FileTree() = default;

    void listen(Listener listener) { listener_ = std::move(listener); }

    /// Called when a file begins to be read.
    void listen_reads(std::function<void(const Inode& file)> listener) {
        read_listener_ = std::move(listener);
    }
    void note_read(const Inode& file) const {
        if (read_listener_) {
            read_listener_(file);
        }
    }

    // As the kernel resolves paths.

    [[nodiscard]] const InodeRef& root() const noexcept { return root_; }
    /// openat2(2) from `start`, without the descriptor.
    [[nodiscard]] Result<InodeRef> open(const InodeRef& start, std::string_view path,
                                        const open_how& how) const;
    /// statx(2).
    static void describe(const Inode& inode, struct statx& status);
    /// The absolute path of an inode; " (deleted)" behind it when it has none.
    [[nodiscard]] static std::string path_of(const Inode& inode);

    // What somebody does to it. All paths are absolute and lead through no symbolic link; all but
    // the last name is there.

    void make_directory(std::string_view path);
    /// A new file, or a new inode in the place of one (rename(2) of a temporary file).
    void replace(std::string_view path, std::string bytes);
    /// A file is written in place: from `offset` on it holds `bytes`, and ends with them.
    void overwrite(std::string_view path, std::size_t offset, std::string_view bytes);
    void link(std::string_view path, std::string_view target);
    void remove(std::string_view path);
    /// The name of a file or directory, which may replace a file.
    void rename(std::string_view from, std::string_view to);
    void set_permissions(std::string_view path, std::uint16_t permissions);
    [[nodiscard]] bool has(std::string_view path) const { return find(path) != nullptr; }
    [[nodiscard]] InodeRef find(std::string_view path) const;

private:
    struct Walk;

    [[nodiscard]] Result<InodeRef> step(Walk& walk, std::string_view name) const;
    [[nodiscard]] Result<InodeRef> follow(Walk& walk, const Inode& link) const;
    [[nodiscard]] WallTime stamp();
    [[nodiscard]] InodeRef make(Inode::Kind kind, std::string bytes);
    void put(std::string_view path, const InodeRef& inode, std::uint32_t mask);
    void take(const InodeRef& inode);
    void tell(std::uint32_t mask, const Inode* directory, std::string_view name = {});

    Machine& machine_;
    const Duration granularity_;
    std::uint64_t next_number_ = 2;
    WallTime last_stamp_{};
    InodeRef root_;
    Listener listener_;
    std::function<void(const Inode& file)> read_listener_;
};

}  // namespace torc::sim
