#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/directory.hpp>
#include <torc/site/listing/listing_style.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// A file::DirectoryEntry of a ListedDirectory, and as long-lived.
struct ListedEntry {
    std::string_view name;
    file::Kind kind = file::Kind::regular;
    std::uint64_t size = 0;
    WallTime modified{};
};

/// What a directory showed when it was read: every order and format of its listing is made of it.
/// Never changes once it is made, so threads can share one. It has few blocks of memory however
/// many entries there are, so that letting go of it takes no time.
class ListedDirectory {
public:
    /// `read_at`: when the reading began.
    explicit ListedDirectory(const file::Directory& directory, MonotonicTime read_at = {});
    ListedDirectory(const ListedDirectory&) = delete;
    ListedDirectory& operator=(const ListedDirectory&) = delete;
    ~ListedDirectory() = default;

    /// Directories first, then in the order; see render_listing.
    [[nodiscard]] std::vector<const ListedEntry*> sorted(ListingStyle style) const;
    [[nodiscard]] bool is_truncated() const noexcept { return is_truncated_; }
    /// See file::Directory.
    [[nodiscard]] bool is_watchable() const noexcept { return is_watchable_; }

    /// How long it took to read it and to make the first listing of it. For who made this, before
    /// anybody else sees it.
    void set_took(std::chrono::nanoseconds took) noexcept { took_ = took; }
    /// Until when it may be taken for the present, if it may for `duration`: but it is never read
    /// again before as much time has passed again as that took, so that a directory of many
    /// entries that always changes leaves time for others.
    [[nodiscard]] MonotonicTime fresh_until(std::chrono::nanoseconds duration) const noexcept;

    [[nodiscard]] std::size_t memory_bytes() const noexcept;

private:
    std::string names_;
    /// By name, in natural order, the first `directories_` of them directories.
    std::vector<ListedEntry> entries_;
    std::size_t directories_ = 0;
    bool is_truncated_;
    bool is_watchable_;
    MonotonicTime read_at_;
    std::chrono::nanoseconds took_{};
};

using ListedDirectoryRef = std::shared_ptr<const ListedDirectory>;

}  // namespace torc::site
