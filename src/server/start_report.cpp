#include <torc/http/percent_encoder.hpp>
#include <torc/server/start_report.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <ifaddrs.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

namespace torc::server {
namespace {

/// The machine's own addresses that a socket bound to `wildcard` can be reached by.
std::vector<std::string> urls_of_wildcard(const Endpoint& wildcard) {
    ifaddrs* list = nullptr;
    if (::getifaddrs(&list) < 0) {
        return {wildcard.url()};
    }
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &::freeifaddrs);
    std::vector<std::string> urls;
    for (const ifaddrs* interface = list; interface != nullptr; interface = interface->ifa_next) {
        const sockaddr* address = interface->ifa_addr;
        if (address == nullptr || address->sa_family != wildcard.address()->sa_family) {
            continue;
        }
        Endpoint endpoint(address, wildcard.is_ipv6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
        endpoint.set_port(wildcard.port());
        // A link-local address means nothing without its interface, and browsers take none with
        // one.
        if (!endpoint.is_link_local()) {
            urls.push_back(endpoint.url());
        }
    }
    return urls;
}

/// The path of what is served, from the root: "" or the name of the only file, percent-encoded.
std::string served_path(const Settings& settings) {
    std::string path;
    http::PercentEncoder encoder(http::PercentEncoder::Part::path, settings.load_rules.only_file);
    for (std::string_view piece = encoder.next(); !piece.empty(); piece = encoder.next()) {
        path += piece;
    }
    return path;
}

std::string describe_urls(const Server& server) {
    const std::string path = served_path(server.settings());
    std::string text;
    for (const Endpoint& endpoint : server.endpoints()) {
        const auto urls = endpoint.is_wildcard() ? urls_of_wildcard(endpoint)
                                                 : std::vector<std::string>{endpoint.url()};
        for (const std::string& url : urls) {
            text += fmt::format("  {}{}\n", url, path);
        }
    }
    return text;
}

/// " on CPUs 0,1"; nothing where workers are not pinned.
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
    return fmt::format(" on CPU{} {}", cpus.size() == 1 ? "" : "s", fmt::join(cpus, ","));
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
    const std::filesystem::path directory = server.settings().directory;
    const auto absolute = std::filesystem::canonical(directory, error);
    std::filesystem::path served = error ? directory : absolute;
    if (const std::string& file = server.settings().load_rules.only_file; !file.empty()) {
        served /= file;
    }
    std::string text = fmt::format("torc {} serves {}\n", TORC_VERSION, served.string());
    text += describe_urls(server);
    text += describe_workers(server);
    if (std::ranges::all_of(server.endpoints(), &Endpoint::is_loopback)) {
        text += "Only this machine can connect; to share: --address 0.0.0.0 --address ::\n";
    }
    text += "Ctrl-C stops it.\n";
    return text;
}

}  // namespace torc::server
