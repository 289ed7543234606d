#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace torc::test {

/// Nanoseconds since 1970, as utimensat(2) sets them.
using FileTime = std::chrono::sys_time<std::chrono::nanoseconds>;

/// The modification time of every file of the tree that has no reason for another one.
inline constexpr FileTime tree_time{std::chrono::seconds(1'580'608'922) +
                                    std::chrono::nanoseconds(123'456'789)};
inline constexpr std::string_view tree_date = "Sun, 02 Feb 2020 02:02:02 GMT";

inline constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz";
/// More than torc keeps in memory, which is 128 KiB.
inline constexpr std::size_t large_bytes = std::size_t{200} * 1024;
/// Of a file that is a hole but for its last bytes, which are the alphabet.
inline constexpr std::uint64_t sparse_bytes = (std::uint64_t{1} << 32U) + 4096;

/// The documents that the suite asks for: /alphabet.txt, /empty.txt, /three.txt, /five.txt,
/// /large.bin, /sparse.bin, /index.html, /dir/ with an index, /bare/ without one, styles with
/// precompressed sidecars, hidden names, odd names, links, a FIFO, odd times, error pages.
class DocumentTree {
public:
    /// Writes the tree into `root`, which exists. `outside`: an absolute path that is not in
    /// `root`, for links that lead out.
    DocumentTree(std::filesystem::path root, const std::filesystem::path& outside);
    DocumentTree(const DocumentTree&) = delete;
    DocumentTree& operator=(const DocumentTree&) = delete;
    /// Makes what nobody may read removable.
    ~DocumentTree();

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    /// The contents of /large.bin.
    [[nodiscard]] const std::string& large() const { return large_; }

    /// Makes or overwrites a file of the tree, by a new inode that takes the place of the old one
    /// at once.
    void write(std::string_view name, std::string_view contents, FileTime time = tree_time) const;
    /// Overwrites a file in its place: the inode stays.
    void overwrite(std::string_view name, std::string_view contents, FileTime time) const;

private:
    void write_names() const;
    void write_links(const std::filesystem::path& outside) const;
    void write_variants() const;

    std::filesystem::path root_;
    std::string large_;
};

/// Sets the time of last modification.
void set_time(const std::filesystem::path& path, FileTime time);

}  // namespace torc::test
