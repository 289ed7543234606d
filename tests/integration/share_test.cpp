// --share and --open: a site for the people around, and for the browser of who started it.

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/server_test.hpp"
#include "integration/support/start_fixture.hpp"
#include "integration/support/terminal.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::test {
namespace {

class Share : public Start {
protected:
    Share() { directory_.write("index.html", "a page"); }

    /// A program that stands for a browser: writes its argument to a file, and fails if told.
    [[nodiscard]] std::string make_browser(int exit_code) {
        const std::filesystem::path program = directory_.write(
            "browser", "#!/bin/sh\nprintf %s \"$1\" >" + shown().string() + ".new\nmv " +
                           shown().string() + ".new " + shown().string() + "\nexit " +
                           std::to_string(exit_code) + "\n");
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
        return program.string();
    }
    /// What torc says at the start with --share, on a terminal.
    [[nodiscard]] std::string report_on(const Terminal& terminal, const std::string& locale) const {
        LaunchOptions options = torc_with({site(), "--port", "0", "--share"});
        options.environment = {"LC_ALL=" + locale};
        options.standard_error = terminal.descriptor();
        Subprocess server(options);
        std::string report;
        while (!report.contains("Ctrl-C")) {
            report += terminal.read_line();
        }
        return report;
    }
    /// Whether no address is one that others could take, for all that torc knows.
    [[nodiscard]] static bool is_alone(const std::string& report) {
        return report.substr(report.find("  http://")).starts_with("  http://127.");
    }

    /// Where that program writes to.
    [[nodiscard]] std::filesystem::path shown() const { return directory_.path() / "shown"; }

    [[nodiscard]] LaunchOptions opening(const std::string& browser) const {
        LaunchOptions options =
            torc_with({site(), "--port", "0", "--address", "127.0.0.1", "--open"});
        options.environment = {"BROWSER=" + browser};
        options.standard_output = terminal_.descriptor();
        return options;
    }

    Terminal terminal_;
};

TEST_F(Share, ListensOnAllAddressesAndPutsThisMachineLast) {
    ServerProcess server(torc_with({site(), "--port", "0", "--share"}));
    EXPECT_EQ(HttpClient(server.port()).get("/").body, "a page");
    const std::string report = server.standard_error();
    const std::size_t own = report.find("  http://127.0.0.1:");
    ASSERT_NE(own, std::string::npos) << report;
    // What follows are loopback addresses and no others.
    const std::string_view rest = std::string_view(report).substr(own + 2);
    for (std::size_t url = rest.find("  http://"); url != std::string_view::npos;
         url = rest.find("  http://", url + 1)) {
        EXPECT_TRUE(rest.substr(url).starts_with("  http://[::1]:") ||
                    rest.substr(url).starts_with("  http://127."))
            << report;
    }
    // A code is for a terminal.
    EXPECT_FALSE(report.contains("\u2588")) << report;
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Share, SaysHowToLetOthersInWhereOnlyThisMachineCanConnect) {
    const std::string begin = "\nOnly this machine can connect; to let others in: ";
    for (const auto& [arguments, advice] :
         std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{}, "--share\n"},
             {{"--address", "127.0.0.1"}, "--address 0.0.0.0 instead\n"},
             {{"--address", "localhost"}, "--address 0.0.0.0 instead\n"},
             {{"--address", "127.0.0.1", "--share"}, "--address 0.0.0.0 instead\n"}}) {
        std::vector<std::string> all = {site(), "--port", "0"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        ServerProcess server(torc_with(all));
        EXPECT_TRUE(server.standard_error().contains(begin + advice)) << server.standard_error();
        EXPECT_EQ(server.stop(), 0);
    }
}

TEST_F(Share, DrawsACodeOnATerminalThatShowsIt) {
    for (const std::string locale : {"C.UTF-8", "C"}) {
        const Terminal terminal;
        const std::string report = report_on(terminal, locale);
        EXPECT_EQ(report.contains("\u2588"), locale == "C.UTF-8" && !is_alone(report)) << report;
    }
}

TEST_F(Share, DrawsACodeOnATerminalThatItFits) {
    struct Size {
        unsigned short columns;
        unsigned short lines;
        bool is_enough;
    };
    for (const auto& [columns, lines, is_enough] :
         {Size{80, 24, true}, Size{20, 24, false}, Size{80, 10, false}}) {
        const Terminal terminal;
        terminal.resize(columns, lines);
        const std::string report = report_on(terminal, "C.UTF-8");
        EXPECT_EQ(report.contains("\u2588"), is_enough && !is_alone(report)) << report;
    }
}

TEST_F(Share, OpensTheBrowserOfTheUser) {
    ServerProcess server(opening(make_browser(0)));
    EXPECT_TRUE(eventually([&] { return !contents_of(shown()).empty(); }));
    EXPECT_EQ(contents_of(shown()), "http://127.0.0.1:" + std::to_string(server.port()) + "/");
    EXPECT_EQ(server.stop(), 0);
    EXPECT_FALSE(server.standard_error().contains("--open")) << server.standard_error();
}

TEST_F(Share, ServesOnWhenTheBrowserCannotBeStartedOrFails) {
    for (const std::string& browser : {site() + "/absent", make_browser(3)}) {
        ServerProcess server(opening(browser));
        server.await_standard_error("--open: " + browser);
        EXPECT_TRUE(server.standard_error().contains("set BROWSER")) << server.standard_error();
        EXPECT_EQ(HttpClient(server.port()).get("/").status, 200);
        EXPECT_EQ(server.stop(), 0);
    }
}

TEST_F(Share, StopsWhileTheBrowserRuns) {
    const std::filesystem::path program =
        directory_.write("browser", "#!/bin/sh\n: >" + shown().string() + "\nexec sleep 3\n");
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    ServerProcess server(opening(program.string()));
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(shown()); }));
    EXPECT_EQ(server.stop(), 0);
}

}  // namespace
}  // namespace torc::test
