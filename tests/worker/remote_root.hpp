#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/file/mount_table.hpp>
#include <torc/file/root.hpp>
#include <torc/worker/current_root.hpp>

#include <fcntl.h>

#include <filesystem>
#include <memory>
#include <utility>

namespace torc::worker::test {

/// A root of which nothing can be known without asking: so every step is an operation, and nothing
/// is watched.
[[nodiscard]] inline SharedRoot remote_root(const std::filesystem::path& path) {
    UniqueFd directory(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    const file::Metadata metadata = *file::Metadata::of(directory.get());
    return std::make_shared<const file::Root>(file::Root::replacing(
        *file::Root::open("/proc"), std::move(directory), metadata, file::MountTable("/nowhere")));
}

}  // namespace torc::worker::test
