#pragma once

#include <torc/base/clock.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/site.hpp>
#include <torc/worker/change_notices.hpp>
#include <torc/worker/current_root.hpp>
#include <torc/worker/report.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace torc::worker {

/// Watches the directories of what is cached and tells the site what changes there, so that a hit
/// is right without a look at the disk.
///
/// A directory is watched only together with all those above it, up to the root: what is renamed
/// there moves what is beneath. Where it can't be watched (a symbolic link leads there, another
/// mount, the user's watches are used up) nothing is lost but that its assets are looked at every
/// second.
///
/// What changes comes from ChangeNotices.
class ChangeWatch final : private ChangeNotices::Subscriber {
public:
    /// All of them outlive it. `tree`: which of the worker's trees the site is of, as it is in the
    /// tokens of its operations.
    ChangeWatch(io::Proactor& proactor, site::Site& site, ChangeNotices& notices,
                const ReportSink& reports, std::uint32_t tree = 0)
        : proactor_(proactor), site_(site), notices_(notices), reports_(reports), tree_(tree) {
        notices_.subscribe(*this);
    }
    ChangeWatch(const ChangeWatch&) = delete;
    ChangeWatch& operator=(const ChangeWatch&) = delete;
    ~ChangeWatch() { notices_.unsubscribe(*this); }

    /// Whether every change in `directory` and above it is reported from now on.
    [[nodiscard]] bool covers(std::string_view directory) const noexcept;
    /// Begins to watch `directory`, which exists, and those above it, unless that was tried.
    void want(std::string_view directory, const SharedRoot& root);
    /// There is another mount than before at `place`, or none any more. Both paths are absolute;
    /// the root is at `root_path`.
    void remounted(std::string_view place, std::string_view root_path);
    /// The completion of the opening of a directory.
    void completed(const io::Completion& completion);
    /// Forgets all directories, without allocating: the root is another one, or memory is short and
    /// changes may be missed.
    void reset() noexcept;
    /// Whether the kernel still watches directories that were forgotten.
    [[nodiscard]] bool has_forgotten() const noexcept { return !retired_.empty(); }
    /// Ends some of these watches; true when there are more.
    [[nodiscard]] bool reclaim() noexcept;

    /// Whether an operation is under way that uses memory of this.
    [[nodiscard]] bool is_opening() const noexcept { return opening_ > 0; }

private:
    using Watch = ChangeNotices::Watch;
    using Change = ChangeNotices::Change;

    /// The way down to one directory, opening one after the other.
    struct Descent {
        std::string target;
        /// The one that is being opened: this much of `target`.
        std::size_t reached_bytes = 0;
        std::string path{};
        SharedRoot root{};
        /// A directory on the way may have become another one since.
        bool is_outdated = false;
        [[nodiscard]] bool is_under_way() const noexcept { return root != nullptr; }
    };
    static constexpr std::size_t descents_max = 4;

    void on_change(const Change& change) override;
    void on_changes_lost() override;

    void open_next(std::uint32_t index);
    void opened(std::uint32_t index, const io::Completion& completion);
    void end(Descent& descent) noexcept;
    void note(std::string_view directory, Watch watch);
    void retire(Watch watch) noexcept;
    /// A directory, and all beneath it, may be other ones than before.
    void replaced(std::string_view directory);
    /// A directory is the same, but may let in others than before.
    void access_changed(std::string_view directory);

    io::Proactor& proactor_;
    site::Site& site_;
    ChangeNotices& notices_;
    const ReportSink& reports_;
    const std::uint32_t tree_;
    bool has_told_of_shortage_ = false;
    std::vector<Descent> descents_{descents_max};
    std::size_t opening_ = 0;
    /// In order of their paths: what is beneath one of them stands behind it.
    std::map<std::string, Watch, std::less<>> by_directory_;
    /// Ordered, since its nodes can then move to `retired_` without memory.
    std::map<Watch, std::string> by_watch_;
    /// Directories that can't be watched, as far as is known.
    std::set<std::string, std::less<>> unwatchable_;
    /// Watches of directories that were forgotten, and maybe asked for again since.
    std::map<Watch, std::string> retired_;
};

}  // namespace torc::worker
