#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/file/media_type.hpp>
#include <torc/file/metadata.hpp>
#include <torc/site/cache/asset.hpp>
#include <torc/site/cache/asset_cache.hpp>

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace torc::site::test {

/// "Sun, 06 Nov 1994 08:49:37 GMT", RFC 9110's own example.
inline constexpr WallTime last_modified{std::chrono::seconds(784'111'777)};
/// The entity tag of a file in memory that holds "12345", as xxhsum(1) -H128 has it.
inline constexpr std::string_view etag_of_12345 = "\"4af3da69f61e14cf26f4c14b6b6bfdb4\"";
/// That of a file on disk of 5 bytes that was last modified then.
inline constexpr std::string_view etag_of_5_bytes_on_disk = "\"ae1b981bc490a00-5\"";

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

/// When the files of these tests are looked at.
inline constexpr WallTime loaded_at{std::chrono::seconds(1'700'000'000)};

/// What a file by this name says of itself.
[[nodiscard]] inline RepresentationTraits traits_of(
    std::string_view name, std::uint64_t size, WallTime modified = last_modified,
    http::ContentCoding coding = http::ContentCoding::identity) {
    return RepresentationTraits{.content_type = file::media_type(name),
                                .coding = coding,
                                .cache_control = "no-cache",
                                .metadata = regular_file(size, modified),
                                .now = loaded_at};
}

/// A file held in memory.
[[nodiscard]] inline RepresentationRef memory_file(
    std::string_view bytes, std::string_view name = "page.html", WallTime modified = last_modified,
    http::ContentCoding coding = http::ContentCoding::identity) {
    return Representation::in_memory(traits_of(name, bytes.size(), modified, coding),
                                     copy_of(bytes));
}

/// An asset of one representation.
[[nodiscard]] inline AssetRef asset_of(RepresentationRef representation) {
    Asset::Representations representations;
    representations[0] = std::move(representation);
    return Asset::file(std::move(representations));
}

[[nodiscard]] inline AssetRef memory_asset(std::string_view bytes,
                                           std::string_view name = "page.html",
                                           WallTime modified = last_modified) {
    return asset_of(memory_file(bytes, name, modified));
}

/// A descriptor of an anonymous file with these bytes.
[[nodiscard]] inline UniqueFd anonymous_file(std::string_view bytes,
                                             WallTime modified = last_modified) {
    UniqueFd file(::memfd_create("asset", MFD_CLOEXEC));
    if (!file ||
        ::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("can't make an anonymous file");
    }
    const auto seconds = std::chrono::floor<std::chrono::seconds>(modified);
    const timespec time{.tv_sec = seconds.time_since_epoch().count(),
                        .tv_nsec = (modified - seconds).count()};
    const std::array times = {time, time};
    ::futimens(file.get(), times.data());
    return file;
}

/// A file held by its descriptor.
[[nodiscard]] inline RepresentationRef disk_file(std::string_view bytes,
                                                 std::string_view name = "large.bin",
                                                 WallTime modified = last_modified) {
    UniqueFd file = anonymous_file(bytes, modified);
    RepresentationTraits traits = traits_of(name, bytes.size());
    traits.metadata = *file::Metadata::of(file.get());
    return Representation::on_disk(traits, std::move(file));
}

[[nodiscard]] inline AssetRef disk_asset(std::string_view bytes,
                                         std::string_view name = "large.bin",
                                         WallTime modified = last_modified) {
    return asset_of(disk_file(bytes, name, modified));
}

/// Caches a file as a load does that has looked at `path` alone.
inline void cache_file_at(AssetCache& cache, std::string_view path) {
    const std::array looks = {LookedAt::name(path, PathHash())};
    cache.insert(path, memory_asset("1"), never, looks);
}

}  // namespace torc::site::test
