#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/settings.hpp>
#include <torc/server/detached_task.hpp>
#include <torc/server/server_state.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/log_writer.hpp>
#include <torc/worker/snapshot.hpp>

#include <chrono>
#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace torc::server {

/// An access log that is open, with the thread that writes it.
struct OpenLog : worker::LogOutput {
    OpenLog(worker::LogOutput output, worker::LogFile file, std::string name);

    worker::LogWriter writer;
};
using SharedOpenLog = std::shared_ptr<OpenLog>;

/// What errors call the setting of the server's own log.
[[nodiscard]] std::string_view log_setting(const config::Settings& settings) noexcept;

/// Opens the access logs of a configuration, each once, and takes over those that the one before
/// has open.
class LogOpener {
public:
    /// `previous`: null at the start. `setting`: what errors call the server's own log.
    LogOpener(const worker::Snapshot* previous, std::string_view setting);

    /// See worker::OpenLog. Throws StartError where the file can't be written, there is no thread,
    /// or it is open already by another name.
    [[nodiscard]] worker::SharedLog open(const config::AccessLogSettings& log,
                                         const std::string& site);
    /// Those that were not open before.
    [[nodiscard]] std::vector<SharedOpenLog> take_opened() noexcept { return std::move(opened_); }

private:
    [[nodiscard]] worker::SharedLog open_file(const std::string& path, const std::string& site);
    void require_one_name(const std::string& path, const std::string& setting);

    std::string setting_;
    /// By path: those of the configuration before.
    std::unordered_map<std::string, worker::SharedLog> known_;
    /// By path: those of this one.
    std::unordered_map<std::string, worker::SharedLog> logs_;
    std::vector<SharedOpenLog> opened_;
    /// Files, by device and inode, with the paths that lead there.
    std::unordered_map<std::string, std::string> files_;
};

/// The access logs of a process that are open. Belongs to the main thread.
class OpenLogs {
public:
    OpenLogs() = default;
    OpenLogs(const OpenLogs&) = delete;
    OpenLogs& operator=(const OpenLogs&) = delete;
    ~OpenLogs() = default;

    /// Takes the memory for so many more. Throws std::bad_alloc.
    void reserve(std::size_t more) { logs_.reserve(logs_.size() + more); }
    void add(std::vector<SharedOpenLog> logs);
    [[nodiscard]] std::size_t size() const noexcept { return logs_.size(); }

    /// The others are those of configurations before, whose requests some clients still make: their
    /// directories may be gone.
    void note_served(const worker::Snapshot& snapshot) noexcept;

    /// Closes those that no configuration and no worker has any more, once their lines are written
    /// or have waited for long enough: a FIFO that nobody reads takes none, and what is left is
    /// counted as lost. To be called now and then.
    /// Gives whether one was closed.
    bool close_unused(MonotonicTime now);
    /// How long the lines of a log that nobody has any more may wait to be written.
    static constexpr std::chrono::seconds unused_patience{2};

    // The files are opened anew, for logs that were moved away: all of them first, on a thread that
    // is left behind if a file system does not respond, and only then the logs go over to them. If
    // one can't be opened that is served by, all stay as they are; another stays as it is alone.

    /// How long opening may take.
    static constexpr std::chrono::seconds reopen_patience{10};
    /// What came of it.
    struct Reopened {
        std::size_t logs = 0;
        /// Why none was; empty: all were.
        std::string error{};
    };
    /// Begins; once more when what is under way is over, for that may have come too early for
    /// whoever asks now. Gives what is done, to be reported: nothing is, if no log has a path.
    /// Throws StartError when there is no thread.
    std::string begin_to_reopen(MonotonicTime now);
    [[nodiscard]] bool is_reopening() const noexcept { return reopening_.has_value(); }
    /// Readable when `look_after_reopening` has something to do: for poll(2); -1: nothing is under
    /// way.
    [[nodiscard]] int descriptor() const noexcept {
        return reopening_ ? reopening_->task.descriptor() : -1;
    }
    /// By when it has at the latest.
    [[nodiscard]] MonotonicTime deadline() const noexcept {
        return reopening_ ? reopening_->give_up_at : never;
    }
    /// What came of it, once; the workers are to be woken then, to push the lines that are for the
    /// old files. Throws StartError as `begin_to_reopen`.
    [[nodiscard]] std::optional<Reopened> look_after_reopening(MonotonicTime now);

    /// The lines of each, with its path.
    [[nodiscard]] std::vector<ServerState::Log> tallies() const;

    /// Writes what is left, and closes all. `wait`: waits for one of the descriptors, and gives
    /// false when that has lasted long enough.
    void finish(const std::function<bool(const std::vector<int>& descriptors)>& wait);

private:
    struct Entry {
        SharedOpenLog log;
        /// Of one that nobody has any more.
        MonotonicTime close_by = never;
        /// Whether the configuration that serves has it.
        bool is_served = true;
    };

    /// One for each log, or none where it may stay as it is; or why there is none.
    using Files = std::expected<std::vector<std::optional<worker::LogFile>>, std::string>;
    struct Reopening {
        std::vector<SharedOpenLog> logs;
        DetachedTask<Files> task;
        MonotonicTime give_up_at;
    };

    std::vector<Entry> logs_;
    std::optional<Reopening> reopening_;
    bool reopens_again_ = false;
};

}  // namespace torc::server
