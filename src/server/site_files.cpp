#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/config/site_files.hpp>
#include <torc/file/contents.hpp>
#include <torc/file/metadata.hpp>
#include <torc/server/detached_task.hpp>
#include <torc/server/document_root.hpp>
#include <torc/server/site_files.hpp>
#include <torc/site/routing/site_files.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <expected>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

namespace torc::server {
namespace {

/// All redirects that there may be have 2.1 MB when each is as long as it may be.
constexpr std::size_t site_file_bytes_max = std::size_t{4} << 20U;
constexpr std::size_t problems_shown_max = 20;

/// Why a file can't be read, and what to do about it.
std::string explain(Errno error) {
    switch (error.value()) {
        case EACCES:
            return fmt::format("this user (uid {}) may not read it; let it: chmod o+r",
                               ::geteuid());
        case EXDEV:
        case ELOOP:
            return "a symbolic link that leads out of the root, or is not followed; put the file "
                   "itself there";
        case ENOSYS:
        case EPERM:
            return fmt::format(
                "the system call openat2 is missing or forbidden ({}); allow it in the container's "
                "seccomp profile, or leave out site_files",
                error.name());
        default:
            return error.message();
    }
}

/// The text of a file of the root, or what is wrong with it.
std::expected<std::string, std::string> read_file(const file::Root& root, std::string_view name,
                                                  file::SymlinkPolicy symlinks) {
    auto file = root.open_beneath(std::string(name).c_str(), file::Root::how(symlinks));
    if (!file) {
        return file.error() == Errno(ENOENT) ? std::expected<std::string, std::string>()
                                             : std::unexpected(explain(file.error()));
    }
    const auto metadata = file::Metadata::of(file->get());
    if (!metadata) {
        return std::unexpected(metadata.error().message());
    }
    if (metadata->kind != file::Kind::regular) {
        return std::unexpected("no regular file; remove it, or leave out site_files");
    }
    auto text = file::read_up_to(file->get(), site_file_bytes_max + 1);
    if (!text) {
        return std::unexpected(text.error().message());
    }
    if (text->size() > site_file_bytes_max) {
        return std::unexpected(fmt::format("longer than {} bytes", site_file_bytes_max));
    }
    return *std::move(text);
}

struct Reading {
    config::SiteFileTexts texts;
    /// A line each.
    std::vector<std::string> problems;
};

/// Throws StartError for the root. Of the area it needs no more than is copied here: it may go on
/// when nobody waits for it any more.
Reading read_files(const config::AreaSettings& area) {
    const std::string& directory = area.directory;
    if (std::error_code error; std::filesystem::is_regular_file(directory, error)) {
        throw UsageError(fmt::format(
            "{} is a file, which is served alone: leave out site_files, or give its directory",
            directory));
    }
    const worker::SharedRoot root = open_document_root(area);
    const file::SymlinkPolicy symlinks = area.load_rules.symlinks == file::SymlinkPolicy::none
                                             ? file::SymlinkPolicy::none
                                             : file::SymlinkPolicy::inside;
    Reading reading;
    const auto read = [&](std::string_view name, std::string& text) {
        auto found = read_file(*root, name, symlinks);
        if (found) {
            text = *std::move(found);
        } else {
            reading.problems.push_back(fmt::format("{}/{}: {}", directory, name, found.error()));
        }
    };
    read(site::redirects_file_name, reading.texts.redirects);
    read(site::headers_file_name, reading.texts.headers);
    return reading;
}

/// The same on a thread of its own, which is left behind when it does not end in time.
Reading read_files_within(std::chrono::seconds patience, const config::AreaSettings& area) {
    DetachedTask<Reading> reading(
        [area] { return read_files(area); },
        fmt::format("{}: no thread to read the site's files with", area.directory));
    pollfd event{.fd = reading.descriptor(), .events = POLLIN, .revents = 0};
    const MonotonicTime give_up = monotonic_now() + patience;
    while (!reading.is_over()) {
        if (::poll(&event, 1, milliseconds_until(give_up)) == 0 && monotonic_now() >= give_up) {
            throw StartError(
                fmt::format("{}: the file system has not responded for {} s, so {} and {} can't be "
                            "read; mend it, or leave out site_files",
                            area.directory, patience.count(), site::redirects_file_name,
                            site::headers_file_name));
        }
    }
    return reading.take();
}

}  // namespace

std::vector<std::string> load_site_files(config::SiteSettings& site,
                                         std::chrono::seconds patience) {
    Reading reading = read_files_within(patience, site.whole);
    std::ranges::move(config::add_site_files(site, reading.texts),
                      std::back_inserter(reading.problems));
    return std::move(reading.problems);
}

void load_site_files(config::Settings& settings) {
    std::vector<std::string> problems;
    for (config::SiteSettings& site : settings.sites) {
        if (site.has_site_files) {
            std::ranges::move(load_site_files(site, settings.timeouts.load),
                              std::back_inserter(problems));
        }
    }
    if (problems.empty()) {
        return;
    }
    if (problems.size() > problems_shown_max) {
        const std::size_t more = problems.size() - problems_shown_max;
        problems.resize(problems_shown_max);
        problems.push_back(fmt::format("and {} more", more));
    }
    throw StartError(fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace torc::server
