#include "sim/model.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <optional>
#include <ranges>

namespace torc::sim {
namespace {

using namespace std::chrono_literals;

constexpr int ok = 200;
constexpr int partial = 206;
constexpr int moved = 301;
constexpr int not_modified = 304;
constexpr int forbidden = 403;
constexpr int not_found = 404;
constexpr int timed_out = 408;
constexpr int precondition_failed = 412;
constexpr int not_satisfiable = 416;
constexpr int server_error = 500;
constexpr int unavailable = 503;

/// How old what is served may be: a look at a file holds for a second, and the next one takes a
/// while itself.
constexpr Duration staleness_max = 1200ms;
/// The same where a disk may be slow: loads that began before a change are waited for.
constexpr Duration staleness_max_of_slow_disk = 60s;
/// For a whole head, from its first byte.
constexpr Duration head_time_max = 10s;
constexpr int links_followed_max = 40;
/// Larger files have tags of their times, and such that are made of something else as long as those
/// prove nothing.
constexpr std::size_t hashed_bytes_max = std::size_t{128} * 1024;

std::string_view type_of(std::string_view path) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> types = {
        {{".html", "text/html; charset=utf-8"},
         {".txt", "text/plain; charset=utf-8"},
         {".css", "text/css; charset=utf-8"},
         {".bin", "application/octet-stream"}}};
    const auto* const found =
        std::ranges::find_if(types, [&](const auto& type) { return path.ends_with(type.first); });
    return found == types.end() ? types.front().second : found->second;
}

/// From the first byte to behind the last; nothing: there is no such part of so many bytes.
std::optional<std::pair<std::size_t, std::size_t>> part_of(const RangeAsked& range,
                                                           std::size_t bytes) {
    if (!range.first) {
        const std::size_t count = std::min<std::size_t>(*range.last, bytes);
        return count == 0 ? std::nullopt : std::optional(std::pair(bytes - count, bytes));
    }
    if (*range.first >= bytes) {
        return std::nullopt;
    }
    const std::size_t end = range.last ? std::min<std::size_t>(*range.last + 1, bytes) : bytes;
    return std::pair(static_cast<std::size_t>(*range.first), end);
}

bool has(const std::vector<int>& statuses, int status) {
    return std::ranges::find(statuses, status) != statuses.end();
}

/// The first moment that is later than what a date in HTTP says.
WallTime end_of_second(const std::string& date) {
    std::tm parts{};
    ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    return std::chrono::sys_seconds(std::chrono::seconds(::timegm(&parts))) + 1s;
}

bool is_hidden(std::string_view path) {
    return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace

void Model::follow(std::vector<std::string> paths) {
    for (std::string& path : paths) {
        history_.emplace(std::move(path), std::vector<Version>());
    }
    look();
}

void Model::look() {
    for (auto& [path, versions] : history_) {
        Version version = version_at(path, versions.empty() ? nullptr : versions.back().contents);
        if (versions.empty() || !versions.back().is_same(version)) {
            versions.push_back(std::move(version));
        }
    }
}

bool Model::has_changed(std::string_view path, MonotonicTime since) const {
    const auto found = history_.find(path);
    return found != history_.end() && found->second.back().since >= since;
}

InodeRef Model::walk(const InodeRef& from, std::string_view path, int links,
                     bool& is_forbidden) const {
    InodeRef at = from;
    while (!path.empty() && at != nullptr) {
        const std::size_t end = std::min(path.find('/'), path.size());
        const std::string_view name = path.substr(0, end);
        path.remove_prefix(std::min(end + 1, path.size()));
        if (at->kind != Inode::Kind::directory) {
            return nullptr;
        }
        if (!at->is_searchable()) {
            is_forbidden = true;
            return nullptr;
        }
        const auto entry = at->entries.find(name);
        if (entry == at->entries.end()) {
            return nullptr;
        }
        if (entry->second->kind == Inode::Kind::link) {
            const std::string& target = entry->second->bytes;
            const bool leaves = target.starts_with('/') || target.starts_with("..");
            at = leaves || links == 0 ? nullptr : walk(at, target, links - 1, is_forbidden);
        } else {
            at = entry->second;
        }
    }
    return at;
}

Version Model::version_at(std::string_view path, const Contents& last) const {
    Version version{.since = machine_.now().monotonic};
    const InodeRef root = tree_.find(root_);
    if (root == nullptr || is_hidden(path)) {
        return version;
    }
    const bool wants_directory = path.empty() || path.ends_with('/');
    bool is_forbidden = false;
    InodeRef found = walk(root, path, links_followed_max, is_forbidden);
    if (found != nullptr && found->kind == Inode::Kind::directory) {
        if (!wants_directory) {
            version.kind = Version::Kind::redirect;
            return version;
        }
        found = walk(found, "index.html", links_followed_max, is_forbidden);
    } else if (wants_directory) {
        found = nullptr;
    }
    if (is_forbidden || (found != nullptr && !found->is_readable())) {
        version.kind = Version::Kind::forbidden;
    } else if (found != nullptr && found->kind == Inode::Kind::file) {
        version.kind = Version::Kind::file;
        version.contents = last != nullptr && *last == found->bytes
                               ? last
                               : std::make_shared<const std::string>(found->bytes);
        version.modified = found->modified;
    }
    return version;
}

std::vector<Version> Model::versions(const Request& request, const Response& response) const {
    const Duration staleness =
        machine_.faults().has(Fault::slow_disk) ? staleness_max_of_slow_disk : staleness_max;
    const MonotonicTime first = request.begun_at - staleness;
    const std::vector<Version>& all = history_.find(request.path)->second;
    std::vector<Version> possible;
    for (std::size_t index = 0; index < all.size(); ++index) {
        const bool was_over = index + 1 < all.size() && all[index + 1].since < first;
        if (!was_over && all[index].since <= response.done_at) {
            possible.push_back(all[index]);
        }
    }
    return possible;
}

Model::Certainty Model::has_tag(const Version& version, const Validator& validator) {
    if (*version.contents != *validator.contents) {
        return Certainty::no;
    }
    return version.contents->size() > hashed_bytes_max ? Certainty::maybe : Certainty::yes;
}

bool Model::may_be_unmodified(const Version& version, const Request& request) const {
    // A date does not tell apart what was written in one second, nor that an older file took the
    // place of a newer one; and of a clock that was set back it says too much.
    const Validator& date = *request.if_modified_since;
    return has_tag(version, date) != Certainty::no || version.modified < end_of_second(date.text) ||
           machine_.faults().has(Fault::clock_jumps);
}

std::vector<int> Model::statuses(const Request& request, const Version& version) const {
    switch (version.kind) {
        case Version::Kind::redirect:
            return {moved};
        case Version::Kind::missing:
            return {not_found};
        case Version::Kind::forbidden:
            return {forbidden};
        case Version::Kind::file:
            break;
    }
    std::vector<int> possible;
    if (request.if_match) {
        const Certainty match = has_tag(version, *request.if_match);
        if (match != Certainty::yes) {
            possible.push_back(precondition_failed);
        }
        if (match == Certainty::no) {
            return possible;
        }
    }
    if (request.if_none_match) {
        const Certainty match = has_tag(version, *request.if_none_match);
        if (match != Certainty::no) {
            possible.push_back(not_modified);
        }
        if (match == Certainty::yes) {
            return possible;
        }
    } else if (request.if_modified_since && may_be_unmodified(version, request)) {
        possible.push_back(not_modified);  // Or not, as long as the date proves nothing.
    }
    const Certainty ranged = !request.range || request.is_head ? Certainty::no
                             : request.if_range                ? has_tag(version, *request.if_range)
                                                               : Certainty::yes;
    if (ranged != Certainty::yes) {
        possible.push_back(ok);
    }
    if (ranged != Certainty::no) {
        const bool has_part = part_of(*request.range, version.contents->size()).has_value();
        const bool is_ignored = !request.range->first && version.contents->empty();
        possible.push_back(has_part ? partial : is_ignored ? ok : not_satisfiable);
    }
    return possible;
}

bool Model::is_excused(const Response& response, const Request& request) const {
    const Faults& faults = machine_.faults();
    const bool is_short = faults.has(Fault::slow_disk) || faults.has(Fault::descriptor_shortage) ||
                          faults.has(Fault::disk_errors);
    switch (response.status) {
        case server_error:
            return is_short;
        case unavailable:
            return is_short && response.fields.contains("retry-after");
        case timed_out:
            return response.done_at - request.begun_at >= head_time_max;
        default:
            return false;
    }
}

std::string Model::judge_fields(const Request& request, const Response& response) const {
    for (const std::string_view name : {"date", "server", "x-content-type-options"}) {
        const bool is_of_unknown_type = name == "x-content-type-options";
        if (response.field(name).empty() && !is_of_unknown_type) {
            return "no field " + std::string(name);
        }
    }
    if (!machine_.faults().has(Fault::clock_jumps)) {
        const WallTime from = std::chrono::floor<std::chrono::seconds>(request.begun_at_wall);
        bool is_now = false;
        for (WallTime time = from; time <= machine_.now().wall && !is_now; time += 1s) {
            is_now = response.field("date") == http_date(time);
        }
        if (!is_now) {
            return "a Date of another time: " + std::string(response.field("date"));
        }
    }
    const bool has_file =
        response.status == ok || response.status == partial || response.status == not_modified;
    const bool has_tag = response.fields.contains("etag");
    if (!has_file && (has_tag || response.fields.contains("last-modified"))) {
        return "validators of what is no file";
    }
    return {};
}

std::string Model::judge_by(const Version& version, const Request& request,
                            const Response& response) const {
    const std::vector<int> possible = statuses(request, version);
    if (!has(possible, response.status)) {
        return "status " + std::to_string(response.status) + " instead of " +
               std::to_string(possible.front());
    }
    if (version.kind != Version::Kind::file) {
        return {};
    }
    const std::string& contents = *version.contents;
    const std::string all = std::to_string(contents.size());
    std::string_view body = contents;
    std::string range;
    if (response.status == partial) {
        const auto [begin, end] = *part_of(*request.range, contents.size());
        body = body.substr(begin, end - begin);
        range = "bytes " + std::to_string(begin) + "-" + std::to_string(end - 1) + "/" + all;
    } else if (response.status == not_satisfiable) {
        range = "bytes */" + all;
    }
    if (response.field("content-range") != range) {
        return "Content-Range " + std::string(response.field("content-range")) + " instead of " +
               range;
    }
    if (response.status != ok && response.status != partial) {
        return {};
    }
    if (response.field("content-length") != std::to_string(body.size())) {
        return "Content-Length " + std::string(response.field("content-length")) + " instead of " +
               std::to_string(body.size());
    }
    if (!request.is_head && response.body != body) {
        return "other bytes than the file's";
    }
    if (const std::string_view date = response.field("last-modified");
        !date.empty() && date != http_date(version.modified)) {
        return "Last-Modified " + std::string(date) + " instead of " + http_date(version.modified);
    }
    return response.field("content-type") == type_of(request.path)
               ? ""
               : "Content-Type " + std::string(response.field("content-type"));
}

Contents Model::contents_of(const Response& response) {
    return response.status == ok ? std::make_shared<const std::string>(response.body) : nullptr;
}

std::string Model::note_tag(const Request& request, const Response& response) {
    const std::string_view tag = response.field("etag");
    if (tag.empty() || request.is_head || response.status != ok) {
        return {};
    }
    const auto [known, is_new] =
        tags_.emplace(std::pair(request.path, std::string(tag)), contents_of(response));
    return is_new || *known->second == response.body
               ? ""
               : "an entity tag that other contents had: " + std::string(tag);
}

std::string Model::judge(const Request& request, const Response& response) {
    if (is_excused(response, request)) {
        return {};
    }
    if (std::string error = judge_fields(request, response); !error.empty()) {
        return error;
    }
    if (request.means == Request::Means::refusal) {
        return has(request.statuses, response.status)
                   ? ""
                   : "status " + std::to_string(response.status) + " for a request that is refused";
    }
    std::string error = "a path that nobody follows";
    for (const Version& version : versions(request, response) | std::views::reverse) {
        error = judge_by(version, request, response);
        if (error.empty()) {
            return note_tag(request, response);
        }
    }
    return error;
}

}  // namespace torc::sim
