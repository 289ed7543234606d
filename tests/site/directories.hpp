#pragma once

#include <torc/file/directory.hpp>
#include <torc/site/listing/listing.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

// Directories to be listed, without a file system.
namespace torc::site::test {

/// Sat, 20 Jul 2024 06:05:09.9 GMT.
inline constexpr WallTime modified{std::chrono::milliseconds(1'721'455'509'900)};

[[nodiscard]] inline file::DirectoryEntry file_entry(std::string_view name, std::uint64_t size = 0,
                                                     WallTime time = modified) {
    return {.name = std::string(name), .kind = file::Kind::regular, .size = size, .modified = time};
}

[[nodiscard]] inline file::DirectoryEntry directory_entry(std::string_view name,
                                                          std::uint64_t size = 4096,
                                                          WallTime time = modified) {
    return {
        .name = std::string(name), .kind = file::Kind::directory, .size = size, .modified = time};
}

}  // namespace torc::site::test
