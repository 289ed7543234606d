#include <torc/worker/hosted_tree.hpp>
#include <torc/worker/operation.hpp>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace torc::worker {
namespace {

/// Of how many trees that nobody has any more the end begins, or is over, in one iteration.
constexpr std::size_t retired_per_iteration_max = 64;

}  // namespace

HostedTreeRef HostedTrees::host(const SharedTree& tree) {
    if (const auto known = by_tree_.find(tree.get()); known != by_tree_.end()) {
        return trees_[known->second];
    }
    if (free_.empty()) {
        // All memory before anything changes. Their ends then need none.
        free_.reserve(trees_.size() + 1);
        active_.reserve(trees_.size() + 1);
        trees_.emplace_back();
        free_.push_back(static_cast<std::uint32_t>(trees_.size() - 1));
    }
    const std::uint32_t index = free_.back();
    HostedTreeRef hosted(new HostedTree(services_, tree, index));
    by_tree_.emplace(tree.get(), index);
    free_.pop_back();
    trees_[index] = hosted;
    return hosted;
}

void HostedTrees::begin_iteration(Now now) {
    ++iteration_;
    now_ = now;
    if (now.monotonic >= all_looked_at_ + all_looked_at_every) {
        all_looked_at_ = now.monotonic;
        look_at_all();
    }
    for (HostedTree* const tree : active_) {
        tree->loader_.follow_root(now_.monotonic);
    }
}

void HostedTrees::look_at_all() noexcept {
    for (const HostedTreeRef& tree : trees_) {
        if (!tree) {
            continue;
        }
        tree->loader_.forget_previous(now_.monotonic);
        if (tree->loader_.is_behind_root()) {
            activate(*tree);
        }
    }
}

void HostedTrees::begin_use(HostedTree& tree) {
    tree.used_in_ = iteration_;
    tree.site_.set_time(now_.wall);
    if (!tree.is_active_) {
        activate(tree);
        tree.loader_.follow_root(now_.monotonic);
    }
    tree.loader_.keep_root_verified(now_.monotonic);
}

void HostedTrees::activate(HostedTree& tree) {
    if (!std::exchange(tree.is_active_, true)) {
        active_.push_back(&tree);
    }
}

bool HostedTrees::join(HostedTree& tree, std::string_view key, site::Site::Waiter waiter) {
    use(tree);
    return tree.loader_.join(key, waiter, now_.monotonic);
}

void HostedTrees::completed(const io::Completion& completion) {
    switch (operation_of(completion.token)) {
        case Operation::watch_changes:
            changes_completed();
            break;
        case Operation::mounts_changed:
        case Operation::mounts_read:
            mounts_completed(completion);
            break;
        case Operation::load_open:
        case Operation::load_stat:
        case Operation::load_read:
        case Operation::load_list:
        case Operation::root_open:
        case Operation::watch_open:
        case Operation::accept:
        case Operation::receive:
        case Operation::send:
        case Operation::send_file:
        case Operation::password_check: {
            HostedTree& tree = at(completion.token.generation);
            activate(tree);
            tree.loader_.completed(completion, now_.monotonic);
            break;
        }
    }
}

void HostedTrees::changes_completed() noexcept {
    try {
        services_.notices.completed();
    } catch (const std::bad_alloc&) {
        forget_all();
    }
    for (const HostedTreeRef& tree : trees_) {
        if (tree && tree->loader_.has_work()) {
            activate(*tree);
        }
    }
}

void HostedTrees::mounts_completed(const io::Completion& completion) noexcept {
    try {
        const std::vector<std::string> places = services_.mount_watch.completed(completion);
        for (const HostedTreeRef& tree : trees_) {
            if (tree && !places.empty()) {
                activate(*tree);
                tree->loader_.remounted(places, now_.monotonic);
            }
        }
    } catch (const std::bad_alloc&) {
        forget_all();
    }
}

void HostedTrees::forget_all() noexcept {
    for (const HostedTreeRef& tree : trees_) {
        if (tree) {
            tree->loader_.forget_all();
            activate(*tree);
        }
    }
}

MonotonicTime HostedTrees::next_deadline() const noexcept {
    MonotonicTime next = never;
    for (const HostedTree* const tree : active_) {
        next = std::min(next, tree->loader_.next_deadline());
    }
    return next;
}

void HostedTrees::expire() {
    // By position: what is expired may activate others.
    for (std::size_t position = 0; position < active_.size(); ++position) {
        AssetLoader& loader = active_[position]->loader_;
        if (now_.monotonic >= loader.next_deadline()) {
            loader.expire(now_.monotonic);
        }
    }
}

void HostedTrees::reclaim() noexcept {
    for (HostedTree* const tree : active_) {
        tree->loader_.reclaim();
    }
    std::erase_if(active_, [this](HostedTree* tree) {
        tree->is_active_ = tree->used_in_ == iteration_ || tree->loader_.has_work();
        // Its last operation may be over, for which its end waited.
        may_have_unused_ |= !tree->is_active_ && !trees_[tree->index_].is_shared();
        return !tree->is_active_;
    });
    if (may_have_unused_) {
        retire_unused();
    }
}

void HostedTrees::retire_unused() noexcept {
    may_have_unused_ = false;
    std::size_t retired = 0;
    for (HostedTreeRef& tree : trees_) {
        if (!tree || tree.is_shared()) {
            continue;
        }
        if (retired == retired_per_iteration_max) {
            look_for_unused();
            return;
        }
        if (tree->site_.cache().size() > 0 || tree->site_.missing().size() > 0) {
            // What it kept goes a little at a time; see AssetLoader::reclaim.
            tree->loader_.forget_all();
            activate(*tree);
            look_for_unused();
            ++retired;
        } else if (tree->loader_.has_forgotten()) {
            look_for_unused();
        } else if (!tree->loader_.is_busy()) {
            free(tree);
            ++retired;
        }
        // Or else it is looked at again when it has nothing under way.
    }
}

void HostedTrees::free(HostedTreeRef& tree) noexcept {
    std::erase(active_, tree.get());
    by_tree_.erase(tree->tree_.get());
    free_.push_back(tree->index_);
    tree = HostedTreeRef();
}

bool HostedTrees::is_busy() const noexcept {
    return services_.mount_watch.is_reading() ||
           std::ranges::any_of(
               trees_, [](const HostedTreeRef& tree) { return tree && tree->loader_.is_busy(); });
}

}  // namespace torc::worker
