#include <torc/base/clock.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/open_logs.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <poll.h>
#include <sys/stat.h>

#include <chrono>
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

    static void await(int descriptor) {
        pollfd event{.fd = descriptor, .events = POLLIN, .revents = 0};
        EXPECT_EQ(::poll(&event, 1, 20'000), 1);
    }
    static OpenLogs::Reopened outcome_of(OpenLogs& logs) {
        await(logs.descriptor());
        return logs.look_after_reopening(monotonic_now()).value_or(OpenLogs::Reopened());
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
    logs.close_unused(monotonic_now());
    EXPECT_EQ(logs.size(), 1U);
    log.reset();
    while (logs.size() > 0) {
        logs.close_unused(monotonic_now());
    }
    EXPECT_EQ(contents("log"), "a line\n");
}

TEST_F(OpenLogsTest, GivesUpAFifoThatNobodyHasAndNobodyReads) {
    ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
    worker::SharedLog log = opener_.open({.file = path("fifo")}, "");
    const std::shared_ptr<worker::LogQueue> queue = log->queue;
    OpenLogs logs;
    logs.add(opener_.take_opened());
    opener_ = LogOpener(nullptr, "");
    queue->push_copy("a line\nanother\n");
    log.reset();
    const MonotonicTime now = monotonic_now();
    logs.close_unused(now);
    logs.close_unused(now + OpenLogs::unused_patience - std::chrono::milliseconds(1));
    EXPECT_EQ(logs.size(), 1U) << "somebody may read it yet";
    ::testing::internal::CaptureStdout();
    logs.close_unused(now + OpenLogs::unused_patience);
    EXPECT_TRUE(::testing::internal::GetCapturedStdout().contains("2 lines were lost in all"));
    EXPECT_EQ(logs.size(), 0U);
    EXPECT_EQ(queue.use_count(), 1) << "its thread has ended";
}

TEST_F(OpenLogsTest, ReopensAllThatHavePaths) {
    OpenLogs logs;
    EXPECT_EQ(logs.begin_to_reopen(monotonic_now()), "there is no access log");
    (void)opener_.open({.file = path("log")}, "");
    (void)opener_.open({.file = "-"}, "www");
    logs.add(opener_.take_opened());
    EXPECT_EQ(logs.begin_to_reopen(monotonic_now()), "opening the access log anew");
    EXPECT_EQ(outcome_of(logs).logs, 1U);
    LogOpener more(nullptr, "");
    (void)more.open({.file = path("other")}, "");
    logs.add(more.take_opened());
    EXPECT_EQ(logs.begin_to_reopen(monotonic_now()), "opening 2 access logs anew");
    EXPECT_EQ(outcome_of(logs).logs, 2U);
}

TEST_F(OpenLogsTest, ReopensNoneIfOneCannotBe) {
    std::filesystem::create_directory(directory_.path() / "deep");
    const worker::SharedLog log = opener_.open({.file = path("log")}, "");
    (void)opener_.open({.file = path("deep/log")}, "www");
    OpenLogs logs;
    logs.add(opener_.take_opened());
    std::filesystem::rename(path("log"), path("log.1"));
    std::filesystem::rename(path("deep"), path("away"));
    (void)logs.begin_to_reopen(monotonic_now());
    const OpenLogs::Reopened refused = outcome_of(logs);
    EXPECT_EQ(refused.logs, 0U);
    EXPECT_EQ(refused.error, "access log " + path("deep/log") +
                                 " can't be opened anew, the old files of all logs stay in use: No "
                                 "such file or directory");
    log->queue->push_copy("a line\n");
    logs.finish([](const std::vector<int>& /*descriptors*/) { return true; });
    EXPECT_EQ(contents("log.1"), "a line\n");
}

TEST_F(OpenLogsTest, ReopensThoughALogOfBeforeCannotBe) {
    std::filesystem::create_directory(directory_.path() / "deep");
    const worker::SharedLog before = opener_.open({.file = path("deep/log")}, "");
    worker::Snapshot serving;
    serving.access_log = opener_.open({.file = path("log")}, "");
    OpenLogs logs;
    logs.add(opener_.take_opened());
    logs.note_served(serving);
    std::filesystem::rename(path("log"), path("log.1"));
    std::filesystem::rename(path("deep"), path("away"));
    (void)logs.begin_to_reopen(monotonic_now());
    const OpenLogs::Reopened reopened = outcome_of(logs);
    EXPECT_EQ(reopened.error, "");
    EXPECT_EQ(reopened.logs, 1U);
    serving.access_log->queue->push_copy("a line\n");
    before->queue->push_copy("another\n");
    logs.finish([](const std::vector<int>& /*descriptors*/) { return true; });
    EXPECT_EQ(contents("log"), "a line\n");
    EXPECT_EQ(contents("away/log"), "another\n");
}

TEST_F(OpenLogsTest, ReopensOnceMoreForWhoAsksMeanwhile) {
    (void)opener_.open({.file = path("log")}, "");
    OpenLogs logs;
    logs.add(opener_.take_opened());
    (void)logs.begin_to_reopen(monotonic_now());
    const int first = logs.descriptor();
    (void)logs.begin_to_reopen(monotonic_now());
    await(first);
    EXPECT_FALSE(logs.look_after_reopening(monotonic_now()));
    EXPECT_TRUE(logs.is_reopening());
    EXPECT_EQ(outcome_of(logs).logs, 1U);
    EXPECT_FALSE(logs.is_reopening());
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
