// What routing costs: to compile many sites, redirects and rules, and one
// request's way through them. Prints nanoseconds and milliseconds of wall time;
// run it on a CPU that nobody else uses.

#include <torc/site/routing/area_table.hpp>
#include <torc/site/routing/glob_index.hpp>
#include <torc/site/routing/host_table.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/site/routing/rule_policies.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using torc::site::Redirect;

/// CPU time that the process took.
std::chrono::nanoseconds cpu_time() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

constexpr std::size_t sites = 1'000;
constexpr std::size_t rules = 20'000;
constexpr std::size_t lookups = 2'000'000;

/// Keeps what is measured from being left out.
volatile std::uint64_t sink = 0;

std::string numbered(std::string_view text, std::size_t number) {
    return std::string(text) + std::to_string(number);
}

/// Every 4th is for a prefix, every 16th has names; the others are exact.
std::vector<Redirect> make_redirects(std::size_t count) {
    std::vector<Redirect> list;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string from = numbered("/archive/page-", i);
        if (i % 16 == 1) {
            list.push_back({.from = from + "/:year/:slug", .to = "/posts/:year/:slug"});
        } else if (i % 4 == 0) {
            list.push_back({.from = from + "/*", .to = numbered("/new-", i) + "/:splat"});
        } else {
            list.push_back({.from = from, .to = numbered("/new-", i)});
        }
    }
    return list;
}

/// By directory, extension, name and beginning in turn, and a few for all.
std::vector<torc::site::Rule> make_rules(std::size_t count) {
    std::vector<torc::site::Rule> list;
    for (std::size_t i = 0; i < count; ++i) {
        const std::vector<std::string> globs = {numbered("/assets/v", i) + "/*",
                                                numbered("*.min", i) + ".js", numbered("file-", i),
                                                numbered("pic", i) + "-*"};
        list.push_back({.glob = globs[i % globs.size()],
                        .fields = {{.name = "X-Rule", .value = std::to_string(i)}}});
    }
    list.push_back({.glob = "*.{css,js}", .fields = {{.name = "X-Kind", .value = "page"}}});
    list.push_back({.glob = "*", .fields = {{.name = "X-All", .value = "1"}}});
    return list;
}

template <typename Step>
void print_compiled(std::string_view what, const Step& step) {
    const auto begin = cpu_time();
    step();
    const std::chrono::duration<double, std::milli> took = cpu_time() - begin;
    std::cout << "compile " << what << ": " << took.count() << " ms\n";
}

/// `step` is given how many were before it.
template <typename Step>
void print_looked_up(std::string_view what, const Step& step) {
    const auto begin = cpu_time();
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < lookups; ++i) {
        sum += step(i);
    }
    const std::chrono::duration<double, std::nano> took = cpu_time() - begin;
    sink = sink + sum;
    std::cout << what << ": " << took.count() / lookups << " ns\n";
}

void measure_hosts(std::size_t count) {
    torc::site::HostTable table;
    std::vector<std::string> asked;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::string host = numbered("site-", i) + ".example.org";
        (void)table.add(host, i);
        (void)table.add("*." + host, i);
        asked.push_back(i % 4 == 0 ? "www." + host : host);
    }
    print_looked_up(std::to_string(count) + " sites: host", [&](std::size_t i) {
        return table.find(asked[(i * 7919) % asked.size()]).value_or(0);
    });
}

/// Paths of which every 4th meets a redirect.
std::vector<std::string> make_paths(std::size_t count) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < 1024; ++i) {
        const std::size_t number = i * 7919 % count;
        const std::vector<std::string> kinds = {
            numbered("archive/page-", number) + "/a/b", numbered("assets/v", number) + "/app.js",
            numbered("blog/2024/post-", number) + ".html", numbered("img/pic", number) + "-1.png"};
        paths.push_back(kinds[i % kinds.size()]);
    }
    return paths;
}

void measure_rules(std::size_t count) {
    const std::string name = std::to_string(count) + " rules";
    const std::vector<Redirect> list = make_redirects(count);
    torc::site::Redirects redirects;
    print_compiled(name + ", redirects", [&] {
        if (auto compiled = torc::site::Redirects::compile(list)) {
            redirects = std::move(*compiled);
        }
    });
    const std::vector<torc::site::Rule> globs = make_rules(count);
    torc::site::GlobIndex index;
    print_compiled(name + ", globs", [&] {
        for (const torc::site::Rule& rule : globs) {
            index.add(rule.glob);
        }
    });
    torc::site::RulePolicies policies({}, globs);
    const std::vector<std::string> paths = make_paths(count);
    print_looked_up(name + ": redirect", [&](std::size_t i) {
        return redirects.find("site-1.example.org", paths[i % paths.size()])
            .where_nothing_is.value_or(0);
    });
    print_looked_up(name + ": first glob", [&](std::size_t i) {
        return index.first_match(paths[i % paths.size()]).value_or(0);
    });
    print_looked_up(name + ": policy", [&](std::size_t i) {
        return policies.find(paths[i % paths.size()])->bytes_max();
    });
}

}  // namespace

int main() try {
    measure_hosts(1);
    measure_hosts(sites);
    measure_rules(1);
    measure_rules(rules / sites);
    measure_rules(rules);
    return EXIT_SUCCESS;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return EXIT_FAILURE;
}
