#pragma once

#include <torc/file/change_notifier.hpp>
#include <torc/io/proactor.hpp>
#include <torc/server/served_root.hpp>
#include <torc/site/site.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace torc::server {

/// Watches the directories of what is cached and tells the site what changes there, so that a hit
/// is right without a look at the disk.
///
/// A directory is watched only together with all those above it, up to the root: what is renamed
/// there moves what is beneath. Where it can't be watched (a symbolic link leads there, another
/// mount, the user's watches are used up) nothing is lost but that its assets are looked at every
/// second.
class ChangeWatch {
public:
    ChangeWatch(io::Proactor& proactor, site::Site& site) noexcept
        : proactor_(proactor), site_(site) {}
    ChangeWatch(const ChangeWatch&) = delete;
    ChangeWatch& operator=(const ChangeWatch&) = delete;
    ~ChangeWatch() = default;

    /// Whether every change in `directory` and above it is reported from now on.
    [[nodiscard]] bool covers(std::string_view directory) const noexcept;
    /// Begins to watch `directory`, which exists, and those above it, unless that was tried.
    void want(std::string_view directory, const SharedRoot& root);
    /// The completion of one of its operations.
    void completed(const io::Completion& completion);
    /// Forgets all directories: the root is another one.
    void reset();

    /// Whether an operation is under way that uses memory of this.
    [[nodiscard]] bool is_opening() const noexcept { return opening_ > 0; }

private:
    using Watch = file::ChangeNotifier::Watch;
    using Change = file::ChangeNotifier::Change;

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

    struct Hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view path) const noexcept {
            return std::hash<std::string_view>{}(path);
        }
    };

    [[nodiscard]] bool is_ready();
    void open_next(std::uint32_t index);
    void opened(std::uint32_t index, const io::Completion& completion);
    void end(Descent& descent) noexcept;
    /// Negative: it can't be watched.
    void note(std::string_view directory, Watch watch);
    void await_changes();
    void take_changes();
    void take(const Change& change);
    void forget_beneath(const std::string& directory);

    io::Proactor& proactor_;
    site::Site& site_;
    std::optional<file::ChangeNotifier> notifier_;
    bool is_unavailable_ = false;
    bool is_awaiting_ = false;
    std::vector<Descent> descents_{descents_max};
    std::size_t opening_ = 0;
    std::unordered_map<std::string, Watch, Hash, std::equal_to<>> by_directory_;
    std::unordered_map<Watch, std::string> by_watch_;
};

}  // namespace torc::server
