#include <torc/config/reload.hpp>

#include "config/command_line_fixture.hpp"
#include "live_values.hpp"
#include "options.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {
namespace {

class Reload : public test::CommandLineTest {
protected:
    /// With flags after `-c FILE`.
    std::expected<Reloaded, std::string> reload(const Settings& running,
                                                const std::vector<std::string>& flags = {}) {
        std::vector<std::string> arguments = {"torc", "-c", file_};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        std::vector<const char*> argv;
        for (const std::string& argument : arguments) {
            argv.push_back(argument.c_str());
        }
        const test::RedirectedOutput redirected(output_);
        return reload_settings(static_cast<int>(argv.size()), argv.data(), running);
    }
    Settings start(const std::vector<std::string>& flags = {}) {
        std::vector<std::string> arguments = {"-c", file_};
        arguments.insert(arguments.end(), flags.begin(), flags.end());
        return std::get<Settings>(read(arguments));
    }
    void write(std::string_view text) {
        directory_.write("torc.toml", "version = 1\n" + std::string(text));
    }

    torc::test::TemporaryDirectory directory_;
    std::string file_ = directory_.write("torc.toml", "version = 1\n").string();
};

TEST_F(Reload, TakesWhatTheFileSaysNow) {
    write("[[site]]\nroot = \"/a\"\n");
    const Settings running = start();
    write("[server]\nmax_request_fields = 9\n[[site]]\nroot = \"/b\"\n");
    const auto reloaded = reload(running);
    ASSERT_TRUE(reloaded) << reloaded.error();
    EXPECT_EQ(reloaded->settings.sites.front().whole.directory, "/b");
    EXPECT_EQ(reloaded->settings.parse_limits.fields_max, 9U);
    EXPECT_TRUE(reloaded->pending.empty());
}

TEST_F(Reload, KeepsToTheFlagsAndVariables) {
    set("TORC_IDLE_TIMEOUT", "7s");
    const Settings running = start({"./site", "--port", "81"});
    write("[server]\nport = 82\nmax_request_fields = 5\n[server.timeouts]\nidle = \"9s\"\n");
    const auto reloaded = reload(running, {"./site", "--port", "81"});
    ASSERT_TRUE(reloaded) << reloaded.error();
    EXPECT_EQ(reloaded->settings.port, 81);
    EXPECT_EQ(reloaded->settings.timeouts.idle, std::chrono::seconds(7));
    EXPECT_EQ(reloaded->settings.parse_limits.fields_max, 5U);
}

TEST_F(Reload, SaysWhatIsWrongWithTheFile) {
    const Settings running = start({"./site"});
    write("[server]\nport = 70000\nfoo = 1\n");
    const auto reloaded = reload(running, {"./site"});
    ASSERT_FALSE(reloaded);
    EXPECT_EQ(reloaded.error(), file_ + ":3:8: server.port 70000: give a number from 0 to 65535\n" +
                                    file_ + ":4:1: unknown key \"server.foo\"");
}

TEST_F(Reload, SaysThatTheFileIsGone) {
    const Settings running = start({"./site"});
    file_ += ".gone";
    EXPECT_EQ(reload(running, {"./site"}).error(),
              "--config " + file_ + ": No such file or directory");
}

TEST_F(Reload, DoesNotReadStandardInputAgain) {
    Settings running;
    running.configuration_file = "-";
    EXPECT_EQ(reload(running).error(),
              "the configuration was read from standard input, which can't be read again");
}

TEST_F(Reload, KeepsWhatNeedsARestartAndSaysSo) {
    write("[server]\nworkers = 2\nio = \"epoll\"\n");
    const Settings running = start({"./site"});
    write("[server]\nworkers = 4\nio = \"uring\"\ncache_memory = \"1m\"\ncpus = \"0-1\"\n");
    const auto reloaded = reload(running, {"./site"});
    ASSERT_TRUE(reloaded) << reloaded.error();
    EXPECT_EQ(reloaded->settings.workers, 2U);
    EXPECT_EQ(reloaded->settings.io, IoChoice::epoll);
    EXPECT_EQ(reloaded->settings.cache_bytes_max, std::nullopt);
    EXPECT_EQ(reloaded->pending,
              (std::vector<std::string>{
                  "server.workers: 2 → 4 takes effect at the next start",
                  "server.cpus: none given → 0,1 takes effect at the next start",
                  "server.cache_memory: none given → 1048576 takes effect at the next start",
                  "server.io: epoll → uring takes effect at the next start"}));
}

TEST_F(Reload, ComparesEveryKeyOfTheServer) {
    for (const std::span<const Option> table :
         {server_options(), log_options(), operation_options()}) {
        for (const Option& option : table) {
            const auto found = std::ranges::find(live_values(), option.key, &LiveValue::key);
            EXPECT_EQ(found != live_values().end(), !option.key.empty()) << option.key;
        }
    }
    for (const LiveValue& value : live_values()) {
        EXPECT_NE(find_key(value.key), nullptr) << value.key;
        EXPECT_FALSE(value.text(Settings{}).empty()) << value.key;
    }
}

}  // namespace
}  // namespace torc::config
