#pragma once

#include <torc/base/clock.hpp>
#include <torc/config/settings.hpp>
#include <torc/worker/access_logs.hpp>
#include <torc/worker/log_writer.hpp>
#include <torc/worker/snapshot.hpp>

#include <cstddef>
#include <functional>
#include <memory>
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

    void add(std::vector<SharedOpenLog> logs);
    [[nodiscard]] std::size_t size() const noexcept { return logs_.size(); }

    /// Closes those that no configuration and no worker has any more, once their lines are written.
    /// To be called now and then.
    void close_unused();

    /// Opens all files anew, each behind the lines that were logged before the call; the workers
    /// are to be woken then. Gives what was done, to be reported.
    std::string reopen();

    /// Writes what is left, and closes all. `wait`: waits for one of the descriptors, and gives
    /// false when that has lasted long enough.
    void finish(const std::function<bool(const std::vector<int>& descriptors)>& wait);

private:
    std::vector<SharedOpenLog> logs_;
};

}  // namespace torc::server
