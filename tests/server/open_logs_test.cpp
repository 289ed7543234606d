#include <torc/base/start_error.hpp>
#include <torc/server/open_logs.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace torc::server {
namespace {

class OpenLogsTest : public ::testing::Test {
protected:
    [[nodiscard]] std::string path(const std::string& name) const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] std::string contents(const std::string& name) const {
        std::ifstream stream(directory_.path() / name);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    [[nodiscard]] static std::string refusal_of(LogOpener& opener, const std::string& file,
                                                const std::string& site = "") {
        try {
            (void)opener.open({.file = file}, site);
        } catch (const StartError& error) {
            return error.what();
        }
        return "";
    }

    torc::test::TemporaryDirectory directory_;
    LogOpener opener_{nullptr, "--access-log"};
};

TEST_F(OpenLogsTest, OpensAFileOnceForAllWhoNameIt) {
    const worker::SharedLog log = opener_.open({.file = path("log")}, "");
    EXPECT_EQ(opener_.open({.file = path("log")}, "www"), log);
    EXPECT_NE(opener_.open({.file = path("other")}, "www"), log);
    EXPECT_EQ(opener_.take_opened().size(), 2U);
}

TEST_F(OpenLogsTest, TakesOverWhatTheConfigurationBeforeHasOpen) {
    worker::Snapshot before;
    before.access_log = opener_.open({.file = path("log")}, "");
    auto site = std::make_shared<worker::SiteSnapshot>();
    site->access_log = opener_.open({.file = path("www")}, "www");
    before.sites = {site};
    LogOpener next(&before, "--access-log");
    EXPECT_EQ(next.open({.file = path("log")}, "www"), before.access_log);
    EXPECT_EQ(next.open({.file = path("www")}, ""), site->access_log);
    EXPECT_TRUE(next.take_opened().empty());
}

TEST_F(OpenLogsTest, SaysWhoseFileCannotBeWritten) {
    const std::string absent = path("absent/log");
    EXPECT_EQ(refusal_of(opener_, absent),
              "--access-log " + absent + ": can't be written: No such file or directory");
    EXPECT_EQ(refusal_of(opener_, absent, "www"),
              "site.access_log " + absent +
                  " of site 'www': can't be written: No such file or directory");
}

TEST_F(OpenLogsTest, RefusesAFileByASecondName) {
    (void)opener_.open({.file = path("log")}, "");
    std::filesystem::create_symlink("log", directory_.path() / "link");
    EXPECT_EQ(refusal_of(opener_, path("link"), "www"),
              "site.access_log " + path("link") + " of site 'www': it is the same file as " +
                  path("log") + "; give it the same name");
    EXPECT_EQ(opener_.take_opened().size(), 1U);
}

TEST_F(OpenLogsTest, ClosesALogThatNobodyHasOnceItsLinesAreWritten) {
    worker::SharedLog log = opener_.open({.file = path("log")}, "");
    OpenLogs logs;
    logs.add(opener_.take_opened());
    opener_ = LogOpener(nullptr, "");
    log->queue->push_copy("a line\n");
    logs.close_unused();
    EXPECT_EQ(logs.size(), 1U);
    log.reset();
    while (logs.size() > 0) {
        logs.close_unused();
    }
    EXPECT_EQ(contents("log"), "a line\n");
}

TEST_F(OpenLogsTest, ReopensAllThatHavePaths) {
    OpenLogs logs;
    EXPECT_EQ(logs.reopen(), "there is no access log");
    (void)opener_.open({.file = path("log")}, "");
    (void)opener_.open({.file = "-"}, "www");
    logs.add(opener_.take_opened());
    EXPECT_EQ(logs.reopen(), "opening the access log anew");
    LogOpener more(nullptr, "");
    (void)more.open({.file = path("other")}, "");
    logs.add(more.take_opened());
    EXPECT_EQ(logs.reopen(), "opening 2 access logs anew");
}

TEST_F(OpenLogsTest, WritesAllThatIsLeftAtTheEnd) {
    const worker::SharedLog one = opener_.open({.file = path("one")}, "");
    const worker::SharedLog other = opener_.open({.file = path("other")}, "");
    OpenLogs logs;
    logs.add(opener_.take_opened());
    one->queue->push_copy("1\n");
    other->queue->push_copy("2\n");
    logs.finish([](const std::vector<int>& /*descriptors*/) { return true; });
    EXPECT_EQ(contents("one"), "1\n");
    EXPECT_EQ(contents("other"), "2\n");
}

}  // namespace
}  // namespace torc::server
