// A configuration file, read by the real program.

#include <torc/base/unique_fd.hpp>

#include "integration/support/http_client.hpp"
#include "integration/support/server_process.hpp"
#include "integration/support/start_fixture.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

/// For standard input.
UniqueFd file_of(std::string_view text) {
    UniqueFd file(::memfd_create("configuration", MFD_CLOEXEC));
    EXPECT_EQ(::write(file.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    return file;
}

class Configuration : public Start {
protected:
    std::string file(std::string_view text) {
        return directory_.write("torc.toml", std::string(text)).string();
    }
    std::string whole_file() {
        return file(
            fmt::format("version = 1\n[server]\nport = 0\nlisten = [\"127.0.0.1\"]\n"
                        "[[site]]\nroot = \"{}\"\n[[site.rule]]\nmatch = \"*\"\n"
                        "set = {{ \"X-From\" = \"a file\" }}\n",
                        site()));
    }
};

TEST_F(Configuration, IsServed) {
    directory_.write("page.txt", "a page");
    ServerProcess server(torc_with({"-c", whole_file()}));
    const auto response = HttpClient(server.port()).get("/page.txt");
    EXPECT_EQ(response.body, "a page");
    EXPECT_EQ(response.field("X-From"), "a file");
    EXPECT_EQ(server.stop(), 0);
}

TEST_F(Configuration, IsNotReadUnlessItIsNamed) {
    LaunchOptions options = torc_with({"check", site()});
    file("no TOML");
    options.working_directory = directory_.path();
    EXPECT_EQ(run_to_end(options).exit_code, 0);
}

TEST_F(Configuration, IsCheckedInOneLine) {
    const std::string name = whole_file();
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"check", "-c", name}, {"-t", "-c", name}}) {
        const FinishedRun run = run_to_end(torc_with(arguments));
        EXPECT_EQ(run.exit_code, 0);
        EXPECT_EQ(run.standard_output, name + " is valid\n");
        EXPECT_EQ(run.standard_error, "");
    }
}

TEST_F(Configuration, IsRefusedWithEveryErrorAndItsPlace) {
    const std::string name = file("version = 1\n[server]\nwrokers = 2\nport = 70000\n");
    const std::string errors = name +
                               ":3:1: unknown key \"server.wrokers\"; did you mean \"workers\"?\n" +
                               name + ":4:8: server.port 70000: give a number from 0 to 65535\n";
    const FinishedRun check = run_to_end(torc_with({"check", "-c", name, site()}));
    EXPECT_EQ(check.exit_code, 1);
    EXPECT_EQ(check.standard_error, errors);
    EXPECT_EQ(check.standard_output, "");
    const FinishedRun start = run_to_end(torc_with({"-c", name, site()}));
    EXPECT_EQ(start.exit_code, 2);
    EXPECT_EQ(start.standard_error, "torc: " + errors);
}

TEST_F(Configuration, IsRefusedWhenItsRootIsNotThere) {
    const std::string name = file("version = 1\n[[site]]\nroot = \"/absent/site\"\n");
    const FinishedRun run = run_to_end(torc_with({"check", "-c", name}));
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_TRUE(run.standard_error.contains("/absent/site")) << run.standard_error;
}

TEST_F(Configuration, IsRefusedWithoutThePageOfAnApplicationByCheckAndByStart) {
    const std::string name = file(fmt::format(
        "version = 1\n[[site]]\nhosts = [\"a.org\"]\nroot = \"{}\"\nspa = \"nope.html\"\n",
        site()));
    const std::string error =
        name + ":5:7: site.spa nope.html of site 'a.org': no such file in " + site() + "\n";
    const FinishedRun check = run_to_end(torc_with({"check", "-c", name}));
    EXPECT_EQ(check.exit_code, 1);
    EXPECT_EQ(check.standard_error, error);
    EXPECT_EQ(run_to_end(torc_with({"-c", name, "--port", "0"})).standard_error, "torc: " + error);
}

TEST_F(Configuration, IsReadFromStandardInputAsItIsPrinted) {
    const FinishedRun print = run_to_end(torc_with({"-T", "-c", whole_file(), "--workers", "2"}));
    EXPECT_EQ(print.exit_code, 0);
    EXPECT_TRUE(print.standard_output.contains("workers = 2  # --workers\n"));
    const UniqueFd input = file_of(print.standard_output);
    LaunchOptions options = torc_with({"check", "-c", "-"});
    options.standard_input = input.get();
    const FinishedRun check = run_to_end(options);
    EXPECT_EQ(check.exit_code, 0) << check.standard_error;
    EXPECT_EQ(check.standard_output, "<stdin> is valid\n");
}

}  // namespace
}  // namespace torc::test
