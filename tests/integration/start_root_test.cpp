// What torc says at the start of a root that would fail while it serves.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/server_test.hpp"
#include "integration/support/start_fixture.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

TEST_F(Start, FailsWithARootThatItMayNotSearch) {
    const std::filesystem::path root = directory_.path() / "closed";
    std::filesystem::create_directory(root);
    directory_.write("closed/index.html", "a page");
    for (const auto permissions :
         {std::filesystem::perms::none, std::filesystem::perms::owner_read}) {
        std::filesystem::permissions(root, permissions);
        LaunchOptions options = torc_with({root.string(), "--port", "0"});
        options.is_unprivileged = true;
        expect_failure(options, {root.string(), "may not search it", "uid", "chmod"});
    }
    std::filesystem::permissions(root, std::filesystem::perms::owner_all);
}

/// Starts torc without privileges and gives what it printed.
std::string report_of(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--port", "0"});
    LaunchOptions options = torc_with(std::move(arguments));
    options.is_unprivileged = true;
    ServerProcess server(options);
    EXPECT_EQ(server.stop(), 0);
    return server.standard_error();
}

TEST_F(Start, WarnsOfARootThatItMayNotListWhenItIsToListIt) {
    std::filesystem::permissions(site(), std::filesystem::perms::owner_exec);
    const std::string report = report_of({site(), "--listing"});
    EXPECT_TRUE(report.contains(site() + ": this user")) << report;
    EXPECT_TRUE(report.contains("may not list it")) << report;
    EXPECT_TRUE(report.contains("--no-listing")) << report;
    std::filesystem::permissions(site(), std::filesystem::perms::owner_all);
    EXPECT_FALSE(report_of({site(), "--listing"}).contains("warn"));
}

TEST_F(Start, WarnsOfAnIndexThatItMayNotRead) {
    std::filesystem::permissions(directory_.write("index.html", "a page"),
                                 std::filesystem::perms::none);
    const std::string report = report_of({site()});
    EXPECT_TRUE(report.contains("index.html, which / shows: this user")) << report;
    EXPECT_TRUE(report.contains("chmod o+r")) << report;
}

TEST_F(Start, WarnsOfAnIndexThatLeadsOutOfTheRoot) {
    std::filesystem::create_symlink("/etc/hostname", directory_.path() / "index.html");
    EXPECT_TRUE(report_of({site()}).contains("--symlinks all"));
    EXPECT_TRUE(report_of({site(), "--symlinks", "none"}).contains("see --symlinks"));
    EXPECT_FALSE(report_of({site(), "--symlinks", "all"}).contains("warn"));
}

TEST_F(Start, WarnsOfARootWithNothingToShow) {
    const std::string report = report_of({site(), "--index", "a.html", "--index", "b.html"});
    EXPECT_TRUE(report.contains(site() + " has no a.html or b.html")) << report;
    EXPECT_TRUE(report.contains("give --listing, or --index")) << report;
    EXPECT_FALSE(report_of({site(), "--listing"}).contains("warn"));
    directory_.write("b.html", "a page");
    EXPECT_FALSE(report_of({site(), "--index", "a.html", "--index", "b.html"}).contains("warn"));
    EXPECT_FALSE(report_of({site(), "--spa", "b.html"}).contains("warn"));
}

TEST_F(Start, FailsWithoutThePageOfAnApplication) {
    expect_failure(torc_with({site(), "--port", "0", "--spa", "nosuch.html"}),
                   {"--spa nosuch.html", "no such file in " + site()});
    std::filesystem::create_directory(directory_.path() / "app");
    expect_failure(torc_with({site(), "--port", "0", "--spa", "app"}),
                   {"--spa app", "a directory, not a file"});
    expect_failure(torc_with({site(), "--port", "0", "--spa", "app/index.html"}),
                   {"--spa app/index.html", "no such file"});
    std::filesystem::create_symlink("/etc/hostname", directory_.path() / "link.html");
    expect_failure(torc_with({site(), "--port", "0", "--spa", "link.html"}),
                   {"--spa link.html", "--symlinks all"});
    std::filesystem::permissions(directory_.write("closed.html", "a page"),
                                 std::filesystem::perms::none);
    LaunchOptions options = torc_with({site(), "--port", "0", "--spa", "closed.html"});
    options.is_unprivileged = true;
    expect_failure(options, {"--spa closed.html", "may not read it"});
}

}  // namespace
}  // namespace torc::test
