#include <torc/base/unique_fd.hpp>
#include <torc/file/directory.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

namespace torc::file {
namespace {

struct CloseStream {
    void operator()(DIR* stream) const noexcept { ::closedir(stream); }
};
using Stream = std::unique_ptr<DIR, CloseStream>;

/// A stream of its own, and not fdopendir(3) of the descriptor or of a duplicate, with which the
/// offset would be shared: so it begins at the start, and one descriptor can be read by several
/// threads at once. "." is the directory itself: nothing is resolved that could leave the root.
Result<Stream> open_stream(int directory) noexcept {
    UniqueFd own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!own) {
        return std::unexpected(Errno::last());
    }
    Stream stream(::fdopendir(own.get()));
    if (!stream) {
        return std::unexpected(Errno::last());
    }
    static_cast<void>(own.release());  // It is the stream's now.
    return stream;
}

bool is_the_directory_or_above(std::string_view name) noexcept {
    return name == "." || name == "..";
}

/// Looks at the entries of one directory.
class Examiner {
public:
    Examiner(const Root& root, SymlinkPolicy policy, std::string_view path, int directory,
             LinkReach reach)
        : root_(root),
          how_to_follow_{
              .flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = Root::how(policy).resolve},
          path_(path),
          path_bytes_(path.size()),
          directory_(directory),
          reach_(reach) {
        if (reach == LinkReach::own_mount) {
            how_to_follow_.resolve |= RESOLVE_NO_XDEV;
        }
    }

    [[nodiscard]] bool has_unfollowed_links() const noexcept { return has_unfollowed_links_; }
    /// See Directory::is_watchable.
    [[nodiscard]] bool is_watchable() const noexcept { return is_watchable_; }

    /// Nothing: it is gone, may not be looked at, or is a link that may not be followed.
    std::optional<Metadata> examine(const char* name) {
        // Without AT_NO_AUTOMOUNT one look would mount whatever could be. With DONT_SYNC a server
        // that does not answer, mounted here, does not hold up the listing.
        const auto status =
            stat(directory_, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC);
        if (!status) {
            return std::nullopt;
        }
        is_watchable_ &= S_ISREG(status->stx_mode) && status->stx_nlink == 1;
        return S_ISLNK(status->stx_mode) ? follow(name) : Metadata::from(*status);
    }

private:
    static std::optional<struct statx> stat(int directory, const char* name, int flags) noexcept {
        struct statx status{};
        if (::statx(directory, name, flags, STATX_BASIC_STATS, &status) != 0) {
            return std::nullopt;
        }
        return status;
    }

    /// From the root, as a request for the link does it.
    std::optional<Metadata> follow(const char* name) {
        path_.resize(path_bytes_);
        path_ += name;
        auto target = root_.open_beneath(path_.c_str(), how_to_follow_);
        if (!target && reach_ == LinkReach::own_mount && target.error() == Errno(EXDEV)) {
            open_how cached = how_to_follow_;
            cached.resolve = (cached.resolve & ~std::uint64_t{RESOLVE_NO_XDEV}) | RESOLVE_CACHED;
            target = root_.open_beneath(path_.c_str(), cached);
            has_unfollowed_links_ |= !target && target.error() == Errno(EAGAIN);
        }
        if (!target) {
            return std::nullopt;
        }
        const int sync = reach_ == LinkReach::own_mount ? AT_STATX_DONT_SYNC : 0;
        const auto status = stat(target->get(), "", AT_EMPTY_PATH | sync);
        return status ? std::optional(Metadata::from(*status)) : std::nullopt;
    }

    const Root& root_;
    open_how how_to_follow_;
    /// The directory's path from the root; behind it the name of the last link.
    std::string path_;
    std::size_t path_bytes_;
    int directory_;
    LinkReach reach_;
    bool has_unfollowed_links_ = false;
    bool is_watchable_ = true;
};

}  // namespace

Result<Directory> read_directory(const Root& root, SymlinkPolicy policy, std::string_view path,
                                 int descriptor, LinkReach reach, const HiddenNames& hidden,
                                 std::size_t entries_max) {
    const Result<Stream> stream = open_stream(descriptor);
    if (!stream) {
        return std::unexpected(stream.error());
    }
    Examiner examiner(root, policy, path, descriptor, reach);
    Directory directory;
    while (true) {
        errno = 0;  // Only so can the end be told from an error.
        // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this call's own.
        const dirent* const entry = ::readdir(stream->get());
        if (entry == nullptr && errno != 0) {
            return std::unexpected(Errno::last());
        }
        if (entry == nullptr) {
            break;
        }
        const std::string_view name = entry->d_name;
        if (hidden.may_hide(path, name) &&
            (is_the_directory_or_above(name) || hidden.hide(std::string(path).append(name)))) {
            continue;
        }
        const std::optional<Metadata> metadata = examiner.examine(entry->d_name);
        if (!metadata || metadata->kind == Kind::other) {
            continue;
        }
        if (directory.entries.size() == entries_max) {
            directory.is_truncated = true;
            break;
        }
        directory.entries.push_back(DirectoryEntry{.name = entry->d_name,
                                                   .kind = metadata->kind,
                                                   .size = metadata->size,
                                                   .modified = metadata->modified});
    }
    directory.has_unfollowed_links = examiner.has_unfollowed_links();
    directory.is_watchable = examiner.is_watchable();
    return directory;
}

}  // namespace torc::file
