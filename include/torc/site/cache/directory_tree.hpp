#pragma once

#include <torc/base/intrusive_list.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace torc::site {

/// The directories of what somebody keeps by path, as a tree, so that all that is beneath one of
/// them can be given up at once: `outdate` costs the same whatever is there. What was given up is
/// found again a little at a time, by `next_outdated`; until then `is_outdated` tells it apart.
///
/// A directory is in the tree as long as something is kept in it or beneath it. Those deeper than
/// `depth_max` are not: what is in them is in the last one above that is, and is given up with it.
/// So a path of thousands of segments, which any client can make up, does not cost as many.
class DirectoryTree {
    struct Directory;

public:
    /// In how many directories, one in the other, a directory of the tree is at the most.
    static constexpr std::size_t depth_max = 16;

    struct ByAge;

    /// Something that is kept, as its base class. It is taken out (`remove`) before it dies.
    class Member : ListLink<ByAge> {
        friend class DirectoryTree;
        template <typename Element, typename Tag>
        friend class torc::IntrusiveList;

        Directory* directory_ = nullptr;
        /// The tree's time when it was added or renewed.
        std::uint64_t since_ = 0;
    };

    DirectoryTree() = default;
    DirectoryTree(const DirectoryTree&) = delete;
    DirectoryTree& operator=(const DirectoryTree&) = delete;
    /// Precondition: everything was removed.
    ~DirectoryTree() = default;

    /// Puts `member`, which is in no tree, into `directory`: "" or "a/b/".
    void add(Member& member, std::string_view directory);
    /// Makes `member` count as added just now, where it is.
    void renew(Member& member) noexcept;
    void remove(Member& member) noexcept;

    /// Gives up all that is in `directory` or beneath it by now. Not what is added or renewed
    /// later.
    void outdate(std::string_view directory) noexcept;
    /// Whether `member` was given up. As many steps as it has directories above it, or none where
    /// nothing is left to be removed.
    [[nodiscard]] bool is_outdated(const Member& member) const noexcept {
        return has_outdated() && is_beneath_outdated(member);
    }

    /// Whether `next_outdated` has anything to do.
    [[nodiscard]] bool has_outdated() const noexcept { return !to_search_.empty(); }
    /// One that was given up, to be removed; null when there is none, or none was found yet. Takes
    /// what it looked at off `steps`, and looks at no more than that.
    [[nodiscard]] Member* next_outdated(std::size_t& steps) noexcept;

    /// How many directories there are.
    [[nodiscard]] std::size_t size() const noexcept { return directories_.size(); }
    /// What the directories cost, in bytes of memory. What a member costs is its owner's account.
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return memory_bytes_; }

private:
    struct ByParent;
    struct ToSearch;
    using Members = IntrusiveList<Member, ByAge>;
    using Subdirectories = IntrusiveList<Directory, ByParent>;

    struct Directory : ListLink<ByParent>, ListLink<ToSearch> {
        std::string_view path;
        Directory* parent = nullptr;
        /// What is in it or beneath it, and not from later than this, was given up.
        std::uint64_t outdated_at = 0;
        /// Oldest first, so that those that were given up are in front.
        Members members;
        Subdirectories subdirectories;
        /// Of these the ones that have not been told of `outdated_at`.
        Subdirectories untold;
    };
    /// In order of their paths. Not hashed: whoever may name directories can't make it slow.
    using Directories = std::map<std::string, Directory, std::less<>>;

    [[nodiscard]] static std::size_t cost_bytes(const Directory& directory) noexcept;
    [[nodiscard]] static bool is_beneath_outdated(const Member& member) noexcept;
    [[nodiscard]] Directory& directory_at(std::string_view deepest);
    void outdate(Directory& directory, std::uint64_t time) noexcept;
    void remove_if_empty(Directory* directory) noexcept;

    Directories directories_;
    IntrusiveList<Directory, ToSearch> to_search_;
    /// Ticks with each member that is added.
    std::uint64_t time_ = 1;
    std::size_t memory_bytes_ = 0;
};

}  // namespace torc::site
