#include <torc/base/assert.hpp>
#include <torc/site/cache/directory_tree.hpp>
#include <torc/site/routing/path.hpp>

#include <utility>

namespace torc::site {
std::size_t DirectoryTree::cost_bytes(const Directory& directory) noexcept {
    // Beside the pair, a node of the map has three pointers and a colour.
    return sizeof(Directories::value_type) + 4 * sizeof(void*) + directory.path.size();
}

void DirectoryTree::add(Member& member, std::string_view directory) {
    TORC_ASSERT(member.directory_ == nullptr);
    member.directory_ = &directory_at(directory);
    member.since_ = ++time_;
    member.directory_->members.push_back(member);
}

void DirectoryTree::renew(Member& member) noexcept {
    member.unlink();
    member.since_ = ++time_;
    member.directory_->members.push_back(member);
}

void DirectoryTree::remove(Member& member) noexcept {
    member.unlink();
    remove_if_empty(std::exchange(member.directory_, nullptr));
}

DirectoryTree::Directory& DirectoryTree::directory_at(std::string_view deepest) {
    const std::string_view path = first_directories(deepest, depth_max);
    if (const auto found = directories_.find(path); found != directories_.end()) {
        return found->second;
    }
    // From the top down: at no time is one in the tree without those above it.
    Directory* above = nullptr;
    try {
        for (std::size_t length = 0;; length = path.find('/', length) + 1) {
            const auto [position, is_new] =
                directories_.try_emplace(std::string(path.substr(0, length)));
            Directory& directory = position->second;
            if (is_new) {
                directory.path = position->first;
                directory.parent = above;
                directory.outdated_at = time_;
                memory_bytes_ += cost_bytes(directory);
                if (above != nullptr) {
                    above->subdirectories.push_back(directory);
                }
            }
            if (length == path.size()) {
                return directory;
            }
            above = &directory;
        }
    } catch (...) {
        remove_if_empty(above);
        throw;
    }
}

void DirectoryTree::remove_if_empty(Directory* directory) noexcept {
    while (directory != nullptr && directory->members.empty() &&
           directory->subdirectories.empty() && directory->untold.empty()) {
        Directory* const parent = directory->parent;
        directory->ListLink<ByParent>::unlink();
        directory->ListLink<ToSearch>::unlink();
        memory_bytes_ -= cost_bytes(*directory);
        directories_.erase(directories_.find(directory->path));
        directory = parent;
    }
}

void DirectoryTree::outdate(std::string_view directory) noexcept {
    const auto found = directories_.find(first_directories(directory, depth_max));
    if (found != directories_.end()) {
        outdate(found->second, time_);
    }
}

void DirectoryTree::outdate(Directory& directory, std::uint64_t time) noexcept {
    if (directory.outdated_at >= time) {
        return;  // Nothing was added since.
    }
    directory.outdated_at = time;
    directory.untold.take_all(directory.subdirectories);
    if (!directory.ListLink<ToSearch>::is_linked()) {
        to_search_.push_back(directory);
    }
}

bool DirectoryTree::is_beneath_outdated(const Member& member) noexcept {
    for (const Directory* above = member.directory_; above != nullptr; above = above->parent) {
        if (member.since_ <= above->outdated_at) {
            return true;
        }
    }
    return false;
}

DirectoryTree::Member* DirectoryTree::next_outdated(std::size_t& steps) noexcept {
    while (Directory* const directory = to_search_.front()) {
        if (steps == 0) {
            return nullptr;
        }
        --steps;
        Member* const oldest = directory->members.front();
        if (oldest != nullptr && oldest->since_ <= directory->outdated_at) {
            return oldest;
        }
        if (Directory* const below = directory->untold.front()) {
            below->ListLink<ByParent>::unlink();
            directory->subdirectories.push_back(*below);
            outdate(*below, directory->outdated_at);
        } else {
            directory->ListLink<ToSearch>::unlink();
        }
    }
    return nullptr;
}

}  // namespace torc::site
