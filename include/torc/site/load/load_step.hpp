#pragma once

#include <torc/site/listing/listing_key.hpp>

#include <linux/stat.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>

namespace torc::site {

// What a load needs done next, by the driver that owns the descriptors and makes the system calls.
// Operands live until the next event. A step that fails is followed by `on_failed`.

/// openat2(2) beneath the root; then `on_opened`.
struct OpenFile {
    /// Relative to the root.
    const char* path = nullptr;
    /// By file::Root::strict_how(), which refuses symbolic links and other mounts. False: as the
    /// site's symlink policy allows.
    bool is_strict = true;
};

/// statx(2) of an open file; then `on_stated`.
struct StatFile {
    int descriptor = -1;
    /// Where the result goes.
    struct statx* status = nullptr;
};

/// pread(2); then `on_read`.
struct ReadFile {
    int descriptor = -1;
    std::span<std::byte> buffer{};
    std::uint64_t offset = 0;
};

/// No system call: a large file is about to be read for the digest of its contents, which takes
/// FileLoad::reserve_for_digest(). When that may begin, `on_digest_begun`.
struct BeginDigest {};

/// Reading a whole directory and making its listing; then `on_listed`. Only of an AssetLoad.
struct ListDirectory {
    int descriptor = -1;
    /// Which listing is made of it.
    ListingKey key;
};

/// No system call: there is nothing at the path, and a directory that was the root before may have
/// it. If there is another one that is kept, all that is opened from now on is beneath that, and
/// `on_previous_root` follows; else `on_no_previous_root`. Only of an AssetLoad.
struct TryPreviousRoot {};

/// There is a result.
struct LoadFinished {};

using LoadStep = std::variant<OpenFile, StatFile, ReadFile, BeginDigest, ListDirectory,
                              TryPreviousRoot, LoadFinished>;

/// Whether `step` is a `Step`.
template <typename Step>
[[nodiscard]] constexpr bool is(const LoadStep& step) noexcept {
    return std::holds_alternative<Step>(step);
}

}  // namespace torc::site
