#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/file/metadata.hpp>
#include <torc/site/asset.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace torc::site::test {

/// "Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110's own example.
inline constexpr WallTime last_modified{std::chrono::seconds(784'111'777)};
/// The entity tag of a file of 5 bytes that was last modified then.
inline constexpr std::string_view etag_of_5_bytes = "\"ae1b981bc490a00-5\"";

[[nodiscard]] inline file::Metadata regular_file(std::uint64_t size,
                                                 WallTime modified = last_modified) {
    return file::Metadata{.kind = file::Kind::regular,
                          .size = size,
                          .modified = modified,
                          .changed = modified,
                          .inode = 1,
                          .device = 1};
}

[[nodiscard]] inline Contents copy_of(std::string_view bytes) {
    Contents contents{.bytes = std::make_unique_for_overwrite<char[]>(bytes.size()),
                      .size = bytes.size()};
    std::memcpy(contents.bytes.get(), bytes.data(), bytes.size());
    return contents;
}

/// A file held in memory.
[[nodiscard]] inline AssetRef memory_asset(std::string_view bytes,
                                           std::string_view name = "page.html",
                                           WallTime modified = last_modified) {
    return Asset::in_memory(name, regular_file(bytes.size(), modified), copy_of(bytes));
}

/// A descriptor of an anonymous file with these bytes.
[[nodiscard]] inline UniqueFd anonymous_file(std::string_view bytes) {
    UniqueFd file(::memfd_create("asset", MFD_CLOEXEC));
    if (!file ||
        ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("can't make an anonymous file");
    }
    return file;
}

/// A file held by its descriptor.
[[nodiscard]] inline AssetRef disk_asset(std::string_view bytes,
                                         std::string_view name = "large.bin",
                                         WallTime modified = last_modified) {
    return Asset::on_disk(name, regular_file(bytes.size(), modified), anonymous_file(bytes));
}

[[nodiscard]] inline AssetRef redirect_asset() {
    return Asset::redirect(file::Metadata{.kind = file::Kind::directory,
                                          .size = 4096,
                                          .modified = last_modified,
                                          .changed = last_modified,
                                          .inode = 2,
                                          .device = 1});
}

}  // namespace torc::site::test
