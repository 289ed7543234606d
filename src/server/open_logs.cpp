#include <torc/base/limits.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/open_logs.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace torc::server {
namespace {

bool report_of_writer(worker::LogWriter::Severity severity, const std::string& message) {
    const bool is_error = severity == worker::LogWriter::Severity::error;
    spdlog::log(is_error ? spdlog::level::err : spdlog::level::warn, "{}", message);
    return true;
}

/// Device and inode of a regular file; empty: it is none.
std::string file_behind(const std::string& path) {
    struct stat status{};
    const int error = path == "-" ? ::fstat(STDOUT_FILENO, &status) : ::stat(path.c_str(), &status);
    return error == 0 && S_ISREG(status.st_mode)
               ? fmt::format("{}:{}", status.st_dev, status.st_ino)
               : std::string();
}

bool has_finished(const worker::LogWriter& writer) {
    pollfd finished{.fd = writer.finished_descriptor(), .events = POLLIN, .revents = 0};
    return ::poll(&finished, 1, 0) == 1;
}

struct LogToReopen {
    std::string path;
    /// Whether it may not stay as it is.
    bool is_served = true;
};

/// Opens each; or says which can't be, and closes those that could.
std::expected<std::vector<std::optional<worker::LogFile>>, std::string> open_all(
    const std::vector<LogToReopen>& logs) {
    std::vector<std::optional<worker::LogFile>> files;
    for (const auto& [path, is_served] : logs) {
        auto file = worker::LogFile::open(path);
        if (file) {
            files.emplace_back(*std::move(file));
        } else if (is_served) {
            return std::unexpected(fmt::format(
                "access log {} can't be opened anew, the old file{} in use: {}", path,
                logs.size() == 1 ? " stays" : "s of all logs stay", file.error().message()));
        } else {
            files.emplace_back();
        }
    }
    return files;
}

/// Closes a log, whether or not all of it was written.
void close(OpenLog& log) {
    if (const std::uint64_t lost = log.writer.end(); lost > 0) {
        spdlog::warn("{}: {} line{} lost in all", log.writer.name(), lost,
                     lost == 1 ? " was" : "s were");
    }
}

}  // namespace

OpenLog::OpenLog(worker::LogOutput output, worker::LogFile file, std::string name)
    : LogOutput(std::move(output)),
      writer(std::move(file), queue, std::move(name), report_of_writer) {}

std::string_view log_setting(const config::Settings& settings) noexcept {
    return settings.configuration_file.empty() ? "--access-log" : "server.log.access";
}

LogOpener::LogOpener(const worker::Snapshot* previous, std::string_view setting)
    : setting_(setting) {
    if (previous == nullptr) {
        return;
    }
    const auto add = [this](const worker::SharedLog& log) {
        if (log != nullptr) {
            known_.emplace(log->path, log);
        }
    };
    add(previous->access_log);
    for (const worker::SharedSite& site : previous->sites) {
        add(site->access_log);
    }
}

worker::SharedLog LogOpener::open(const config::AccessLogSettings& log, const std::string& site) {
    if (const auto open = logs_.find(log.file); open != logs_.end()) {
        return open->second;
    }
    return logs_.emplace(log.file, open_file(log.file, site)).first->second;
}

worker::SharedLog LogOpener::open_file(const std::string& path, const std::string& site) {
    const std::string setting = site.empty()
                                    ? fmt::format("{} {}", setting_, path)
                                    : fmt::format("site.access_log {} of site '{}'", path, site);
    if (const auto known = known_.find(path); known != known_.end()) {
        require_one_name(path, setting);
        return known->second;
    }
    auto file = worker::LogFile::open(path);
    if (!file) {
        throw StartError(fmt::format("{}: can't be written: {}", setting, file.error().message()));
    }
    require_one_name(path, setting);
    const auto pace = file->is_terminal() ? worker::LogPace::at_once : worker::LogPace::batches;
    worker::LogOutput output{
        .path = path,
        .queue = std::make_shared<worker::LogQueue>(limits::access_log_queue_bytes_max),
        .pace = pace};
    return opened_.emplace_back(std::make_shared<OpenLog>(
        std::move(output), *std::move(file),
        site.empty() ? std::string("access log") : fmt::format("access log {}", path)));
}

void LogOpener::require_one_name(const std::string& path, const std::string& setting) {
    const std::string file = file_behind(path);
    if (file.empty()) {
        return;
    }
    const auto [other, is_new] = files_.emplace(file, path);
    if (!is_new) {
        throw StartError(fmt::format("{}: it is the same file as {}; give it the same name",
                                     setting, other->second));
    }
}

void OpenLogs::add(std::vector<SharedOpenLog> logs) {
    reserve(logs.size());
    for (SharedOpenLog& log : logs) {
        logs_.push_back({.log = std::move(log)});
    }
}

void OpenLogs::note_served(const worker::Snapshot& snapshot) noexcept {
    for (Entry& entry : logs_) {
        entry.is_served = entry.log == snapshot.access_log ||
                          std::ranges::any_of(snapshot.sites, [&](const worker::SharedSite& site) {
                              return entry.log == site->access_log;
                          });
    }
}

bool OpenLogs::close_unused(MonotonicTime now) {
    const auto closed = std::erase_if(logs_, [now](Entry& entry) {
        // Nobody can come to have it again.
        if (entry.log.use_count() > 1) {
            return false;
        }
        if (entry.close_by == never) {
            entry.close_by = now + unused_patience;
            entry.log->writer.finish();
        }
        if (!has_finished(entry.log->writer) && now < entry.close_by) {
            return false;
        }
        close(*entry.log);
        return true;
    });
    return closed > 0;
}

std::string OpenLogs::begin_to_reopen(MonotonicTime now) {
    if (logs_.empty()) {
        return "there is no access log";
    }
    std::vector<SharedOpenLog> logs;
    std::vector<LogToReopen> to_reopen;
    for (const Entry& entry : logs_) {
        if (const std::string& path = entry.log->writer.path(); !path.empty()) {
            logs.push_back(entry.log);
            to_reopen.push_back({.path = path, .is_served = entry.is_served});
        }
    }
    if (logs.empty()) {
        const std::string& path = logs_.front().log->path;
        return fmt::format(
            "the access log ({}) was open before torc began, so it can't be opened anew; give "
            "--access-log the path of a file for that",
            path == "-" ? "standard output" : path);
    }
    std::string done = logs.size() == 1 ? "opening the access log anew"
                                        : fmt::format("opening {} access logs anew", logs.size());
    if (reopening_) {
        reopens_again_ = true;
        return done;
    }
    DetachedTask<Files> task([to_reopen = std::move(to_reopen)] { return open_all(to_reopen); },
                             "there is no thread to open the access logs anew");
    reopening_.emplace(Reopening{
        .logs = std::move(logs), .task = std::move(task), .give_up_at = now + reopen_patience});
    return done;
}

std::optional<OpenLogs::Reopened> OpenLogs::look_after_reopening(MonotonicTime now) {
    if (!reopening_ || (!reopening_->task.is_over() && now < reopening_->give_up_at)) {
        return std::nullopt;
    }
    Reopening done = *std::move(reopening_);
    reopening_.reset();
    if (!done.task.is_over()) {
        reopens_again_ = false;
        return Reopened{.error =
                            fmt::format("no access log was opened anew, for a file system has not "
                                        "responded for {} s",
                                        reopen_patience.count())};
    }
    if (std::exchange(reopens_again_, false)) {
        begin_to_reopen(now);
        return std::nullopt;
    }
    Files files = done.task.take();
    if (!files) {
        return Reopened{.error = std::move(files).error()};
    }
    Reopened reopened;
    for (std::size_t index = 0; index < files->size(); ++index) {
        if (auto& file = (*files)[index]) {
            done.logs[index]->writer.reopen(*std::move(file));
            ++reopened.logs;
        }
    }
    return reopened;
}

std::vector<ServerState::Log> OpenLogs::tallies() const {
    std::vector<ServerState::Log> tallies;
    tallies.reserve(logs_.size());
    for (const Entry& entry : logs_) {
        tallies.push_back({.path = entry.log->path, .tally = entry.log->writer.tally()});
    }
    return tallies;
}

void OpenLogs::finish(const std::function<bool(const std::vector<int>& descriptors)>& wait) {
    std::ranges::for_each(logs_, [](const Entry& entry) { entry.log->writer.finish(); });
    while (true) {
        std::vector<int> unfinished;
        for (const Entry& entry : logs_) {
            if (!has_finished(entry.log->writer)) {
                unfinished.push_back(entry.log->writer.finished_descriptor());
            }
        }
        if (unfinished.empty() || !wait(unfinished)) {
            break;
        }
    }
    std::ranges::for_each(logs_, [](const Entry& entry) { close(*entry.log); });
}

}  // namespace torc::server
