#include <torc/config/command_line.hpp>

#include "config/command_line_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using test::CommandLineTest;

TEST_F(CommandLineTest, HasDefaults) {
    const Settings found = settings();
    EXPECT_EQ(found.sites.front().whole.directory, "./site");
    EXPECT_EQ(found.port, 8080);
    EXPECT_TRUE(found.addresses.empty());
    EXPECT_EQ(found.sites.front().whole.load_rules.index_names,
              std::vector<std::string>{"index.html"});
    EXPECT_EQ(found.workers, 0U);
    EXPECT_TRUE(found.cpus.empty());
    EXPECT_EQ(found.io, IoChoice::automatic);
    EXPECT_FALSE(found.access_log.is_on());
    EXPECT_EQ(found.log_level, LogLevel::info);
}

TEST_F(CommandLineTest, ReadsEveryFlag) {
    const Settings found = settings(
        {"--port", "81",      "--address",    "127.0.0.1", "--address",   "::1",    "--index",
         "a.html", "--index", "b.html",       "--workers", "3",           "--cpus", "0-1",
         "--io",   "epoll",   "--access-log", "/tmp/log",  "--log-level", "warn"});
    EXPECT_EQ(found.port, 81);
    EXPECT_EQ(found.addresses, (std::vector<net::ListenAddress>{"127.0.0.1", "::1"}));
    EXPECT_EQ(found.sites.front().whole.load_rules.index_names,
              (std::vector<std::string>{"a.html", "b.html"}));
    EXPECT_EQ(found.workers, 3U);
    EXPECT_EQ(found.cpus, (std::vector<unsigned>{0, 1}));
    EXPECT_EQ(found.io, IoChoice::epoll);
    EXPECT_EQ(found.access_log.file, "/tmp/log");
    EXPECT_EQ(found.log_level, LogLevel::warn);
}

TEST_F(CommandLineTest, ReadsShortFlags) {
    const Settings found = settings({"-p0", "-a", "0.0.0.0", "-a", "::"});
    EXPECT_EQ(found.port, 0);
    EXPECT_EQ(found.addresses, (std::vector<net::ListenAddress>{"0.0.0.0", "::"}));
}

TEST_F(CommandLineTest, ReadsTheEnvironment) {
    set("TORC_DIR", "/srv");
    set("TORC_PORT", "82");
    set("TORC_ADDRESS", "127.0.0.1,::1");
    set("TORC_INDEX", "a.html,b.html");
    set("TORC_WORKERS", "2");
    set("TORC_CPUS", "1");
    set("TORC_IO", "uring");
    set("TORC_ACCESS_LOG", "-");
    set("TORC_LOG_LEVEL", "debug");
    const auto found = std::get<Settings>(read({}));
    EXPECT_EQ(found.sites.front().whole.directory, "/srv");
    EXPECT_EQ(found.port, 82);
    EXPECT_EQ(found.addresses, (std::vector<net::ListenAddress>{"127.0.0.1", "::1"}));
    EXPECT_EQ(found.sites.front().whole.load_rules.index_names,
              (std::vector<std::string>{"a.html", "b.html"}));
    EXPECT_EQ(found.workers, 2U);
    EXPECT_EQ(found.cpus, std::vector<unsigned>{1});
    EXPECT_EQ(found.io, IoChoice::uring);
    EXPECT_EQ(found.access_log.file, "-");
    EXPECT_EQ(found.log_level, LogLevel::debug);
}

TEST_F(CommandLineTest, TheCommandLineWinsOverTheEnvironment) {
    set("TORC_DIR", "/srv");
    set("TORC_PORT", "82");
    set("TORC_ADDRESS", "::1");
    const Settings found = settings({"--port", "83", "--address", "127.0.0.1"});
    EXPECT_EQ(found.sites.front().whole.directory, "./site");
    EXPECT_EQ(found.port, 83);
    EXPECT_EQ(found.addresses, std::vector<net::ListenAddress>{"127.0.0.1"});
}

TEST_F(CommandLineTest, WantsADirectoryWhereNobodyIsAtATerminal) {
    EXPECT_EQ(refusal({}),
              "no directory given; name the one to serve (torc DIR), since standard output is no "
              "terminal");
}

TEST_F(CommandLineTest, ServesAndLogsToATerminalWithoutBeingTold) {
    use_terminal();
    const auto found = std::get<Settings>(read({}));
    EXPECT_EQ(found.sites.front().whole.directory, ".");
    EXPECT_EQ(found.access_log.file, "-");
}

TEST_F(CommandLineTest, LogsNoRequestsWhenToldSo) {
    use_terminal();
    EXPECT_FALSE(settings({"--access-log", "off"}).access_log.is_on());
}

TEST_F(CommandLineTest, LogsInTheFormatThatAFlagNames) {
    EXPECT_EQ(settings({"--access-log", "/tmp/log", "--access-log-format", "json"}).access_log,
              (AccessLogSettings{.file = "/tmp/log", .format = LogFormat::json}));
    use_terminal();
    EXPECT_EQ(settings({"--access-log-format", "combined-plus"}).access_log,
              (AccessLogSettings{.file = "-", .format = LogFormat::combined_plus}));
}

TEST_F(CommandLineTest, RefusesValuesThatAreNone) {
    for (const std::vector<std::string>& arguments :
         std::vector<std::vector<std::string>>{{"--port", "65536"},
                                               {"--port", "-1"},
                                               {"--port", "http"},
                                               {"--workers", "1025"},
                                               {"--workers", "-1"},
                                               {"--io", "iocp"},
                                               {"--log-level", "loud"},
                                               {"--cpus", "0-"},
                                               {"--index", "a/b.html"},
                                               {"--index", ".."},
                                               {"--unknown"},
                                               {"another"}}) {
        std::vector<std::string> all = {"./site"};
        all.insert(all.end(), arguments.begin(), arguments.end());
        EXPECT_NE(refusal(all), "") << arguments[0] << ' ' << arguments.back();
    }
}

TEST_F(CommandLineTest, NamesTheValueThatIsWrongAndWhatWouldBeRight) {
    EXPECT_EQ(refusal({"./site", "--port", "http"}), "--port http: give a number from 0 to 65535");
    EXPECT_EQ(refusal({"./site", "--workers", "1025"}),
              "--workers 1025: give a number from 0 to 1024");
    EXPECT_EQ(refusal({"./site", "--io", "iocp"}), "--io iocp: give one of auto, uring, epoll");
}

TEST_F(CommandLineTest, NamesTheVariableWhoseValueIsWrong) {
    set("TORC_WORKERS", "x");
    EXPECT_EQ(refusal({"./site"}), "TORC_WORKERS x: give a number from 0 to 1024");
    EXPECT_EQ(refusal({"./site", "--workers", "y"}), "--workers y: give a number from 0 to 1024");
    set("TORC_WORKERS", "1");
    set("TORC_CODINGS", "br,br");
    EXPECT_EQ(refusal({"./site"}), "TORC_CODINGS: br is given twice");
    set("TORC_CODINGS", nullptr);
    set("TORC_CPUS", "0-");
    EXPECT_TRUE(refusal({"./site"}).starts_with("TORC_CPUS")) << refusal({"./site"});
    set("TORC_CPUS", nullptr);
    set("TORC_SHARE", "maybe");
    EXPECT_TRUE(refusal({"./site"}).starts_with("TORC_SHARE maybe: ")) << refusal({"./site"});
    EXPECT_EQ(refusal({"./site", "--share", "--workers", "z"}),
              "--workers z: give a number from 0 to 1024");
}

TEST_F(CommandLineTest, PointsToTheHelpForAFlagThatItDoesNotKnow) {
    EXPECT_EQ(refusal({"./site", "--unknown"}), "torc has no option --unknown; see torc --help");
}

TEST_F(CommandLineTest, SaysWhichFlagWasMeant) {
    EXPECT_EQ(refusal({"./site", "--prot", "80"}),
              "torc has no option --prot; did you mean --port? See torc --help");
    // The value of an unknown flag is not the directory.
    EXPECT_EQ(refusal({"--wrokers=2", "./site"}),
              "torc has no option --wrokers; did you mean --workers? See torc --help");
    EXPECT_EQ(refusal({"./site", "-port", "80"}), "torc has no option -port; did you mean --port?");
    EXPECT_EQ(refusal({"./site", "-port=80"}), "torc has no option -port; did you mean --port?");
}

TEST_F(CommandLineTest, AnswersTheNamesThatOtherServersUse) {
    EXPECT_TRUE(refusal({"--host", "0.0.0.0", "./site"})
                    .starts_with("torc has no --host; use --address (-a)"));
    EXPECT_EQ(
        refusal({"./site", "-c10"}),
        "--config 10: No such file or directory; for caching use --cache-control '*=max-age=10'");
}

TEST_F(CommandLineTest, NamesTheOptionWithoutAValue) {
    for (const char* argument : {"--port", "--port=", "-p"}) {
        EXPECT_EQ(refusal({"./site", argument}), "--port needs a value; see torc --help")
            << argument;
    }
    EXPECT_EQ(refusal({"./site", "--spa"}), "--spa needs a value; see torc --help");
    EXPECT_EQ(refusal({"./site", "-a"}), "--address needs a value; see torc --help");
    EXPECT_EQ(refusal({"./site", "--header"}), "--header needs a value; see torc --help");
}

TEST_F(CommandLineTest, NamesTheOptionThatIsGivenTwice) {
    EXPECT_EQ(refusal({"./site", "--port", "80", "-p", "81"}),
              "--port is given 2 times; give it once");
    EXPECT_EQ(refusal({"./site", "--spa", "a", "--spa=b", "--spa", "c"}),
              "--spa is given 3 times; give it once");
}

TEST_F(CommandLineTest, NamesASecondDirectory) {
    EXPECT_EQ(refusal({"./site", "another"}),
              "another: one directory is served, and ./site is given already; see torc --help");
}

TEST_F(CommandLineTest, RecognizesAPortWithoutItsOption) {
    EXPECT_EQ(refusal({"./site", "8000"}),
              "8000: is it a port? Give it with its option: --port 8000");
}

TEST_F(CommandLineTest, TakesWhatFollowsTwoDashesForTheDirectory) {
    const auto directory = [this](const std::vector<std::string>& arguments) {
        return std::get<Settings>(read(arguments)).sites.front().whole.directory;
    };
    EXPECT_EQ(directory({"-p", "4211", "--", "./site"}), "./site");
    EXPECT_EQ(directory({"--", "-dir-with-dash"}), "-dir-with-dash");
    EXPECT_EQ(directory({"--", "--port"}), "--port");
    EXPECT_EQ(directory({"--", "--"}), "--");
    EXPECT_EQ(directory({"./site", "--"}), "./site");
    EXPECT_EQ(refusal({"./site", "--", "-p"}),
              "-p: one directory is served, and ./site is given already; see torc --help");
    EXPECT_EQ(refusal({"--prot", "--", "./site"}),
              "torc has no option --prot; did you mean --port? See torc --help");
}

TEST_F(CommandLineTest, TakesAShortFlagWithAnEqualsSign) {
    const Settings found = settings({"-p=3000", "-a=::1"});
    EXPECT_EQ(found.port, 3000);
    EXPECT_EQ(found.addresses, std::vector<net::ListenAddress>{"::1"});
    EXPECT_EQ(settings({"--header", "X-A: -p=1"}).sites.front().whole.extra_fields.at(0).value,
              "-p=1");
}

TEST_F(CommandLineTest, TakesThePortOfTheHostingPlatformWhenNoneIsGiven) {
    set("PORT", "5000");
    EXPECT_EQ(settings().port, 5000);
    set("TORC_PORT", "5001");
    EXPECT_EQ(settings().port, 5001);
    EXPECT_EQ(settings({"--port", "5002"}).port, 5002);
}

TEST_F(CommandLineTest, NamesThePortOfTheHostingPlatformThatIsNone) {
    set("PORT", "tcp://10.0.0.1:80");
    EXPECT_EQ(refusal({"./site"}), "PORT tcp://10.0.0.1:80: give a number from 0 to 65535");
    set("PORT", "");
    EXPECT_EQ(settings().port, 8080);
}

TEST_F(CommandLineTest, WarnsOfVariablesThatNothingReads) {
    set("TORC_PORT", "80");
    EXPECT_TRUE(settings().warnings.empty());
    set("TORC_CACHE_MEMORI", "1g");
    set("TORC_XYZZY", "1");
    EXPECT_EQ(settings().warnings,
              (std::vector<std::string>{
                  "TORC_CACHE_MEMORI is set, but there is no such option; did you mean "
                  "TORC_CACHE_MEMORY?",
                  "TORC_XYZZY is set, but there is no such option; see torc --help"}));
}

TEST_F(CommandLineTest, SharesOnAllAddressesUnlessSomeAreGiven) {
    EXPECT_FALSE(settings().shares);
    const Settings found = settings({"--share"});
    EXPECT_TRUE(found.shares);
    EXPECT_EQ(found.addresses, (std::vector<net::ListenAddress>{"0.0.0.0", "::"}));
    EXPECT_EQ(settings({"--share", "-a", "192.0.2.1"}).addresses,
              std::vector<net::ListenAddress>{"192.0.2.1"});
}

TEST_F(CommandLineTest, OpensABrowserOnlyForSomebodyAtATerminal) {
    EXPECT_FALSE(settings({"--open"}).opens_browser);
    EXPECT_EQ(settings({"--open"}).warnings,
              std::vector<std::string>{
                  "--open: no browser is opened, since standard output is no terminal"});
    use_terminal();
    EXPECT_TRUE(settings({"--open"}).opens_browser);
    EXPECT_TRUE(settings({"--open"}).warnings.empty());
    EXPECT_FALSE(settings().opens_browser);
}

TEST_F(CommandLineTest, ReadsWhetherToPin) {
    EXPECT_EQ(settings().pin, Pin::automatic);
    EXPECT_EQ(settings({"--pin", "on"}).pin, Pin::on);
    set("TORC_PIN", "off");
    EXPECT_EQ(settings().pin, Pin::off);
    EXPECT_EQ(refusal({"./site", "--pin", "yes"}), "--pin yes: give one of auto, on, off");
}

TEST_F(CommandLineTest, ReadsTimeouts) {
    using std::chrono::seconds;
    EXPECT_EQ(settings().timeouts.drain, seconds(30));
    EXPECT_EQ(settings().timeouts.load, seconds(10));
    EXPECT_EQ(settings({"--drain-timeout", "5"}).timeouts.drain, seconds(5));
    EXPECT_EQ(settings({"--drain-timeout", "0"}).timeouts.drain, seconds(0));
    EXPECT_EQ(settings({"--drain-timeout", "45s"}).timeouts.drain, seconds(45));
    EXPECT_EQ(settings({"--load-timeout", "2m"}).timeouts.load, seconds(120));
    set("TORC_LOAD_TIMEOUT", "1h");
    set("TORC_DRAIN_TIMEOUT", "1m");
    EXPECT_EQ(settings().timeouts.load, seconds(3600));
    EXPECT_EQ(settings().timeouts.drain, seconds(60));
}

TEST_F(CommandLineTest, ReadsHowLongClientsAreWaitedFor) {
    using std::chrono::seconds;
    EXPECT_EQ(settings().timeouts.idle, seconds(75));
    EXPECT_EQ(settings().timeouts.request, seconds(10));
    EXPECT_EQ(settings().timeouts.send, seconds(300));
    EXPECT_EQ(settings().timeouts.linger, seconds(5));
    EXPECT_EQ(settings({"--idle-timeout", "2m"}).timeouts.idle, seconds(120));
    EXPECT_EQ(settings({"--request-timeout", "1s"}).timeouts.request, seconds(1));
    EXPECT_EQ(settings({"--send-timeout", "1h"}).timeouts.send, seconds(3600));
    EXPECT_EQ(settings({"--linger-timeout", "3"}).timeouts.linger, seconds(3));
    set("TORC_SEND_TIMEOUT", "10m");
    EXPECT_EQ(settings().timeouts.send, seconds(600));
    for (const char* option :
         {"--idle-timeout", "--request-timeout", "--send-timeout", "--linger-timeout"}) {
        EXPECT_EQ(refusal({"./site", option, "0"}),
                  std::string(option) +
                      " 0: give a time from 1s to 86400s in whole seconds, such as 30s, 2m or 1h");
    }
}

TEST_F(CommandLineTest, ReadsHowSlowAClientMayBeAndHowManyConnectionsItMayHave) {
    EXPECT_EQ(settings().bytes_per_second_min, 1024U);
    EXPECT_EQ(settings({"--min-rate", "8k"}).bytes_per_second_min, 8192U);
    EXPECT_EQ(settings({"--min-rate", "0"}).bytes_per_second_min, 0U);
    EXPECT_EQ(settings().connections_per_address_max, 0U);
    EXPECT_EQ(settings({"--max-connections-per-address", "20"}).connections_per_address_max, 20U);
    set("TORC_MIN_RATE", "100");
    set("TORC_MAX_CONNECTIONS_PER_ADDRESS", "7");
    EXPECT_EQ(settings().bytes_per_second_min, 100U);
    EXPECT_EQ(settings().connections_per_address_max, 7U);
    EXPECT_NE(refusal({"./site", "--min-rate", "2g"}), "");
    EXPECT_EQ(refusal({"./site", "--max-connections-per-address", "many"}),
              "--max-connections-per-address many: give a number from 0 to 1048576");
}

TEST_F(CommandLineTest, RefusesTimeoutsThatAreNone) {
    for (const char* text : {"s", "-1s", "1.5s", "30 s", "500ms", "1d", "25h", "1e3"}) {
        EXPECT_EQ(refusal({"./site", "--drain-timeout", text}),
                  "--drain-timeout " + std::string(text) +
                      ": give a time from 0s to 86400s in whole seconds, such as 30s, 2m or 1h");
    }
    EXPECT_NE(refusal({"./site", "--load-timeout", "0"}), "");
}

TEST_F(CommandLineTest, DoesNotTakeTheDirectoryForAListMember) {
    const auto found = std::get<Settings>(read({"-a", "::1", "--index", "a.html", "./site"}));
    EXPECT_EQ(found.sites.front().whole.directory, "./site");
    EXPECT_EQ(found.addresses, std::vector<net::ListenAddress>{"::1"});
    EXPECT_EQ(found.sites.front().whole.load_rules.index_names, std::vector<std::string>{"a.html"});
}

TEST_F(CommandLineTest, NamesTheIndexThatIsNoFileName) {
    EXPECT_EQ(refusal({"./site", "--index", "a/b"}),
              "--index 'a/b': not a file name; give one like index.html");
}

TEST_F(CommandLineTest, KnowsThatVersionsAreAskedFor) {
    for (const char* flag : {"--version", "-V", "-v"}) {
        EXPECT_EQ(std::get<Inquiry>(read({flag})), Inquiry::version) << flag;
    }
}

TEST_F(CommandLineTest, ServesNoConfigurationFile) {
    const torc::test::TemporaryDirectory directory;
    const std::string name = directory.write("torc.toml", "version = 1\n").string();
    const std::string why = name + ": did you mean -c " + name +
                            "? To serve a file of that name to everybody, give its directory";
    EXPECT_EQ(refusal({name}), why);
    EXPECT_EQ(refusal({"check", name}), why);
    EXPECT_EQ(refusal({directory.path().string()}), "");
    EXPECT_EQ(refusal({"absent.toml"}), "");
}

}  // namespace
}  // namespace torc::config
