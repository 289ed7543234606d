#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/local_ref.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/load/load_rules.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/asset_loader.hpp>
#include <torc/worker/current_root.hpp>
#include <torc/worker/loader_services.hpp>
#include <torc/worker/previous_roots.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace torc::worker {

/// A directory, and the rules by which paths lead to its files. All workers share it, and so do the
/// configurations that have it: what is cached for it outlives a reload that leaves it as it is.
struct Tree {
    std::shared_ptr<CurrentRoot> root;
    site::LoadRules rules;
    /// Null: none are kept.
    std::shared_ptr<PreviousRoots> previous{};
};
using SharedTree = std::shared_ptr<const Tree>;

/// One worker's view of a tree: what of it is in memory, and what is on its way there.
class HostedTree : public LocallyCounted {
public:
    /// `index`: in the tokens of its operations.
    HostedTree(LoaderServices& services, SharedTree tree, std::uint32_t index)
        : tree_(std::move(tree)),
          site_(tree_->rules, services.budgets),
          loader_(services, site_, *tree_->root, index, tree_->previous.get()),
          index_(index) {}

    [[nodiscard]] const SharedTree& tree() const noexcept { return tree_; }
    [[nodiscard]] site::Site& site() noexcept { return site_; }
    [[nodiscard]] AssetLoader& loader() noexcept { return loader_; }
    [[nodiscard]] std::uint32_t index() const noexcept { return index_; }

private:
    friend class HostedTrees;

    SharedTree tree_;
    site::Site site_;
    AssetLoader loader_;
    const std::uint32_t index_;
    /// The last iteration in which somebody asked for something of it.
    std::uint64_t used_in_ = 0;
    /// Whether it is in HostedTrees::active_.
    bool is_active_ = false;
};
using HostedTreeRef = LocalRef<HostedTree>;

/// All trees of a worker. An iteration of the loop costs no more for those that nobody asks for,
/// however many they are: only the active ones are looked at, which were asked for in this
/// iteration or have something under way.
///
/// A tree that no configuration has any more is *retired*: what it has cached is let go of, a
/// little in each iteration, and it goes itself when its last operation is over.
class HostedTrees {
public:
    /// All of them outlive it.
    explicit HostedTrees(LoaderServices& services) noexcept : services_(services) {}
    HostedTrees(const HostedTrees&) = delete;
    HostedTrees& operator=(const HostedTrees&) = delete;
    ~HostedTrees() = default;

    /// The worker's own view of `tree`: the one that there is, or a new one.
    [[nodiscard]] HostedTreeRef host(const SharedTree& tree);
    [[nodiscard]] HostedTree& at(std::uint32_t index) noexcept { return *trees_[index]; }

    /// Nobody may have some of them any more; sees to it that the next iteration comes at once.
    void look_for_unused() noexcept {
        if (!std::exchange(may_have_unused_, true)) {
            services_.proactor.wake();
        }
    }

    // In the order of an iteration.

    /// Begins an iteration: those that are active go over to what their roots' paths lead to. So do
    /// the others, once in `all_looked_at_every`, so that they hold nothing of what was deleted;
    /// and all let go of what is cached from directories whose time as roots before is over.
    void begin_iteration(Now now);
    static constexpr std::chrono::seconds all_looked_at_every{1};
    /// Before something is asked of a tree: brings it to this iteration.
    void use(HostedTree& tree) {
        if (tree.used_in_ != iteration_) {
            begin_use(tree);
        }
    }
    [[nodiscard]] std::uint64_t iteration() const noexcept { return iteration_; }
    [[nodiscard]] Now now() const noexcept { return now_; }

    /// Makes `waiter` wait for an asset of a tree; see AssetLoader::join.
    [[nodiscard]] bool join(HostedTree& tree, std::string_view key, site::Site::Waiter waiter);
    /// The completion of an operation of a tree, or of what they share.
    void completed(const io::Completion& completion);
    /// See AssetLoader.
    [[nodiscard]] MonotonicTime next_deadline() const noexcept;
    void expire();
    /// Lets go of some of what was forgotten; sees to it that the next iteration comes at once
    /// while there is more.
    void reclaim() noexcept;

    /// Whether operations are under way that use memory of the trees.
    [[nodiscard]] bool is_busy() const noexcept;

private:
    void begin_use(HostedTree& tree);
    void activate(HostedTree& tree);
    void look_at_all() noexcept;
    void changes_completed() noexcept;
    void mounts_completed(const io::Completion& completion) noexcept;
    void forget_all() noexcept;
    void retire_unused() noexcept;
    void free(HostedTreeRef& tree) noexcept;

    LoaderServices& services_;
    /// Null: free.
    std::vector<HostedTreeRef> trees_;
    std::vector<std::uint32_t> free_;
    std::unordered_map<const Tree*, std::uint32_t> by_tree_;
    /// Has room for all of them.
    std::vector<HostedTree*> active_;
    std::uint64_t iteration_ = 0;
    Now now_{};
    MonotonicTime all_looked_at_{};
    bool may_have_unused_ = false;
};

}  // namespace torc::worker
