// What a connection tells of its responses: in the access log, and in Server-Timing.

#include <torc/worker/connection.hpp>

#include <memory>
#include <utility>

namespace torc::worker {

void Connection::log_response(const site::Answer& response) {
    AccessLogs& logs = *services_.access_logs;
    HostedSite* const site = services_.scratch.site;
    const LogChoice choice = site != nullptr ? site->log(logs) : logs.server_log();
    if (choice.log != nullptr) {
        const http::Request& request = services_.scratch.request;
        const AccessEntry entry{.remote_address = remote_address_,
                                .remote_port = remote_port_,
                                .client_address = client_text(),
                                .user = services_.scratch.user,
                                .request_line = request.request_line,
                                .method = request.method_text,
                                .target = request.target,
                                .host = request.value(http::FieldName::host),
                                .status = response.status,
                                .referer = request.value(http::FieldName::referer),
                                .user_agent = request.value(http::FieldName::user_agent)};
        if (content_.has_more() || has_times(choice.format)) {
            log_later(response, choice, entry);
        } else {
            logs.append(*choice.log, entry, response.content_bytes, services_.now);
        }
    }
}

void Connection::log_later(const site::Answer& response, const LogChoice& choice,
                           const AccessEntry& entry) {
    if (!lines_) {
        lines_ = std::make_unique<LinesUnderWay>();
    }
    lines_->add({.log = WorkerLogRef(choice.log),
                 .text = services_.access_logs->open_line(choice, entry),
                 .content_bytes = response.content_bytes,
                 .is_in_batch = !content_.has_more(),
                 .end_in_batch = batch_->total_bytes(),
                 .began_at = std::min(waits_since_, services_.now),
                 .disk = disk_wait_});
}

std::string_view Connection::render_timing() {
    std::string& field = services_.scratch.timing;
    field = "Server-Timing: cache;desc=hit\r\n";
    if (disk_wait_ > ResponseTimes::Duration::zero()) {
        field = "Server-Timing: cache;desc=miss, disk;dur=";
        append_milliseconds(disk_wait_, field);
        field += "\r\n";
    }
    return field;
}

void Connection::finish_lines() noexcept {
    lines_->finish(*services_.access_logs, services_.now);
    lines_.reset();
}

void Connection::cut_off_lines() noexcept {
    lines_->cut_off(*services_.access_logs, batch_ != nullptr ? batch_->sent_bytes() : 0,
                    services_.now);
}

}  // namespace torc::worker
