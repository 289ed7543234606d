#pragma once

#include <filesystem>

namespace torc::test {

/// Whether this process may mount: as root it may, but not in every container.
[[nodiscard]] bool may_mount();

/// A mount that is taken off on destruction. Whoever uses one checks `may_mount` before.
class TemporaryMount {
public:
    /// `source` over `target`: both directories, or both files. Throws std::system_error.
    [[nodiscard]] static TemporaryMount bind(const std::filesystem::path& source,
                                             const std::filesystem::path& target);
    /// An empty file system in memory over the directory `target`.
    [[nodiscard]] static TemporaryMount tmpfs(const std::filesystem::path& target);
    TemporaryMount(const TemporaryMount&) = delete;
    TemporaryMount& operator=(const TemporaryMount&) = delete;
    ~TemporaryMount();

    /// Takes it off now.
    void unmount();

private:
    explicit TemporaryMount(std::filesystem::path target) : target_(std::move(target)) {}

    /// Empty once it was taken off.
    std::filesystem::path target_;
};

}  // namespace torc::test
