#pragma once

#include <torc/base/unique_fd.hpp>
#include <torc/file/mount_table.hpp>
#include <torc/io/proactor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace torc::worker {

/// Tells where something was mounted or unmounted, which inotify(7) does not: files that are
/// reached by a path are other ones then, and neither they nor their directories have changed.
///
/// The kernel says that mounts have changed (poll(2) of /proc/self/mountinfo); which ones, a job on
/// another thread finds out, since with thousands of them that takes longer than the loop may be
/// held up.
class MountWatch {
public:
    /// Knows the mounts of now. `path`: see proc_pid_mountinfo(5).
    explicit MountWatch(io::Proactor& proactor,
                        const char* path = file::MountTable::mountinfo_path);
    MountWatch(const MountWatch&) = delete;
    MountWatch& operator=(const MountWatch&) = delete;
    ~MountWatch();

    /// Begins to wait for changes, those since the construction included; without effect when that
    /// has begun. False: mounts can't be watched here, as /proc is not mounted.
    [[nodiscard]] bool start();

    /// The completion of one of its operations. Gives the absolute paths where there is another
    /// mount than before, or none any more. Throws std::bad_alloc: there may be such anywhere.
    [[nodiscard]] std::vector<std::string> completed(const io::Completion& completion);

    /// Whether a job is under way, which uses memory of this.
    [[nodiscard]] bool is_reading() const noexcept { return job_ != nullptr; }

private:
    class ReadJob;

    /// Waits for the next change, and reads what came before it.
    void await();
    void read();

    io::Proactor& proactor_;
    const char* const path_;
    /// Of its own, since a poll of it takes the news away from others.
    UniqueFd events_;
    file::MountTable known_;
    bool is_awaiting_ = false;
    /// The mounts have changed since the job began.
    bool is_stale_ = false;
    /// Null: none is under way.
    std::unique_ptr<ReadJob> job_;
};

}  // namespace torc::worker
