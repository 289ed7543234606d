#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace torc::test {

/// A fresh directory that is deleted, with all in it, on destruction.
class TemporaryDirectory {
public:
    TemporaryDirectory();
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory();

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

    /// Writes a file, making the directories that it needs; gives its absolute path.
    std::filesystem::path write(std::string_view relative_path, std::string_view contents) const;

private:
    std::filesystem::path path_;
};

/// `count` bytes that differ from place to place (and for another `seed`), so that a byte out of
/// place shows.
[[nodiscard]] std::string patterned_bytes(std::size_t count, unsigned seed = 1);

}  // namespace torc::test
