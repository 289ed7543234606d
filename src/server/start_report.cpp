#include <torc/base/ascii.hpp>
#include <torc/server/server_urls.hpp>
#include <torc/server/start_report.hpp>

#include "qr_code.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <vector>

namespace torc::server {
namespace {

std::string describe_urls(const std::vector<ServerUrl>& urls) {
    std::string text;
    for (const ServerUrl& url : urls) {
        text += fmt::format("  {}\n", url.text);
    }
    return text;
}

/// Whether standard error is a terminal that draws the blocks of a QR code.
bool draws_blocks() {
    if (::isatty(STDERR_FILENO) == 0) {
        return false;
    }
    // The first of them that is set counts (locale(7)).
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
        const char* const value = std::getenv(name);
        if (value != nullptr && *value != '\0') {
            std::string locale(value);
            std::ranges::transform(locale, locale.begin(), to_lower);
            return locale.contains("utf-8") || locale.contains("utf8");
        }
    }
    return false;
}

/// Whether standard error, a terminal, shows all of the code at once. One that does not say how
/// large it is may.
bool has_room_for(const QrCode& code) {
    winsize size{};
    const bool is_known =
        ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    return !is_known || (code.columns <= size.ws_col && code.lines < size.ws_row);
}

/// The QR code of the URL that others are to take; nothing where there is none, or no place for it.
std::string describe_share(const Server& server, const std::vector<ServerUrl>& urls) {
    const bool is_reachable = !urls.empty() && !urls.front().endpoint.is_loopback();
    if (!server.settings().shares || !is_reachable || !draws_blocks()) {
        return "";
    }
    const QrCode code = draw_qr_code(urls.front().text);
    return has_room_for(code) ? code.drawing : "";
}

/// " on CPUs 0,1" where each worker is pinned to one, " within CPUs 0,1" where each may run on any
/// of them; nothing where they may run on all.
std::string describe_cpus(const Server& server) {
    std::vector<unsigned> cpus;
    for (const std::vector<unsigned>& of_worker : server.worker_cpus()) {
        cpus.insert(cpus.end(), of_worker.begin(), of_worker.end());
    }
    if (cpus.empty()) {
        return "";
    }
    std::ranges::sort(cpus);
    const auto repeated = std::ranges::unique(cpus);
    cpus.erase(repeated.begin(), repeated.end());
    const bool are_pinned = std::ranges::all_of(
        server.worker_cpus(), [](const auto& of_worker) { return of_worker.size() == 1; });
    return fmt::format(" {} CPU{} {}", are_pinned ? "on" : "within", cpus.size() == 1 ? "" : "s",
                       fmt::join(cpus, ","));
}

std::string describe_workers(const Server& server) {
    const std::size_t workers = server.worker_cpus().size();
    return fmt::format("{} worker{}{}, {}\n", workers, workers == 1 ? "" : "s",
                       describe_cpus(server),
                       server.backend() == io::Backend::uring ? "io_uring" : "epoll");
}

}  // namespace

std::string describe_start(const Server& server) {
    std::error_code error;
    const config::AreaSettings& site = server.first_site().whole;
    const std::filesystem::path directory = site.directory;
    const auto absolute = std::filesystem::canonical(directory, error);
    std::filesystem::path served = error ? directory : absolute;
    if (!site.load_rules.only_file.empty()) {
        served /= site.load_rules.only_file;
    }
    std::string text = fmt::format("torc {} serves {}\n", TORC_VERSION, served.string());
    const std::vector<ServerUrl> urls = server_urls(server);
    text += describe_urls(urls);
    text += describe_share(server, urls);
    text += describe_workers(server);
    if (std::ranges::all_of(server.endpoints(), &net::Endpoint::is_loopback)) {
        // Beside an address that was given, --share adds none.
        text += fmt::format(
            "Only this machine can connect; to let others in: {}\n",
            server.settings().addresses.empty() ? "--share" : "--address 0.0.0.0 instead");
    }
    text += "Ctrl-C stops it.\n";
    return text;
}

}  // namespace torc::server
