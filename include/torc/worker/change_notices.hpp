#pragma once

#include <torc/base/clock.hpp>
#include <torc/file/change_notifier.hpp>
#include <torc/io/proactor.hpp>
#include <torc/worker/report.hpp>

#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

namespace torc::worker {

/// What the kernel tells of changes in directories, for all that a worker serves: by one inotify
/// instance, of which a user has 128, and a directory that is part of several trees is watched
/// once.
///
/// No iteration of the loop is held up by how much changes. Only so many changes are read in one;
/// the rest stays in the kernel's queue for the next. When that has not run empty for a while, or
/// ran over, everything counts as changed.
class ChangeNotices {
public:
    using Watch = file::ChangeNotifier::Watch;
    using Change = file::ChangeNotifier::Change;

    /// Who is told.
    class Subscriber {
    public:
        Subscriber() = default;
        Subscriber(const Subscriber&) = delete;
        Subscriber& operator=(const Subscriber&) = delete;

        /// In a directory that it watches; not an overflow.
        virtual void on_change(const Change& change) = 0;
        /// Changes of any directory may have been missed.
        virtual void on_changes_lost() = 0;

    protected:
        ~Subscriber() = default;
    };

    /// All of them outlive it.
    ChangeNotices(io::Proactor& proactor, const ReportSink& reports) noexcept
        : proactor_(proactor), reports_(reports) {}
    ChangeNotices(const ChangeNotices&) = delete;
    ChangeNotices& operator=(const ChangeNotices&) = delete;
    /// Precondition: nobody subscribes any more.
    ~ChangeNotices() = default;

    // A subscriber is told of what it watches from `subscribe` to `unsubscribe`.
    void subscribe(Subscriber& subscriber) { subscribers_.emplace(&subscriber, 0); }
    /// Ends its watches too.
    void unsubscribe(Subscriber& subscriber) noexcept;

    /// Whether anything can be watched; reports once why not.
    [[nodiscard]] bool is_ready();
    /// Watches the directory behind a descriptor for `subscriber`. Errors: as
    /// ChangeNotifier::watch. Precondition: is_ready().
    [[nodiscard]] Result<Watch> watch(Subscriber& subscriber, int directory);
    /// Without effect when it does not watch there.
    void unwatch(Subscriber& subscriber, Watch watch) noexcept;

    /// The completion of its operation: tells the subscribers. Throws std::bad_alloc: some were not
    /// told.
    void completed();

private:
    void await();
    void take_changes();
    void take(const Change& change);
    void lose_changes();

    io::Proactor& proactor_;
    const ReportSink& reports_;
    std::optional<file::ChangeNotifier> notifier_;
    bool is_unavailable_ = false;
    bool is_awaiting_ = false;
    /// With how many directories each watches.
    std::unordered_map<Subscriber*, std::size_t> subscribers_;
    /// Who watches what. Of one directory mostly one.
    std::unordered_multimap<Watch, Subscriber*> watches_;
    /// Who is to be told of the change that is taken.
    std::vector<Subscriber*> told_;
    /// Since when some changes have been left unread.
    MonotonicTime unread_since_ = never;
};

}  // namespace torc::worker
