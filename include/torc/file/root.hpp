#pragma once

#include <torc/base/errno.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/file/symlink_policy.hpp>

#include <linux/openat2.h>

#include <string>

namespace torc::file {

/// The directory that is served. Nothing in torc opens a served path but beneath one, with `how`.
class Root {
public:
    /// Opens the directory itself, following symbolic links to it. Errors: as open(2); ENOTDIR for
    /// a file.
    [[nodiscard]] static Result<Root> open(const std::string& path) noexcept;

    /// An O_PATH descriptor, the `dirfd` of openat2(2); lives as long as the root.
    [[nodiscard]] int descriptor() const noexcept { return directory_.get(); }

    /// How every served file is opened: for reading, without waiting for the other end of a FIFO,
    /// and by `policy`, which the kernel sees to in the same step. What it forbids fails the
    /// opening: EXDEV for whatever leaves the root (but for SymlinkPolicy::all, where the caller
    /// sees to it that the path itself does not, as http::Target's never does), ELOOP for a link
    /// where none is followed. Magic links, such as /proc/self/exe, always give ELOOP. Lives for
    /// ever.
    [[nodiscard]] static const open_how& how(SymlinkPolicy policy) noexcept;

private:
    explicit Root(UniqueFd directory) noexcept : directory_(std::move(directory)) {}

    UniqueFd directory_;
};

}  // namespace torc::file
