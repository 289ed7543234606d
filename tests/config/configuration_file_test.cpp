#include "config/command_line_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

using test::CommandLineTest;
using torc::test::TemporaryDirectory;

constexpr std::string_view every_key = R"(version = 1

[server]
listen = ["127.0.0.1:81", "[::1]:82"]
trusted_proxies = ["10.0.0.0/8", "unix:"]
client_address = "x-forwarded-for"
port = 83
workers = 3
cpus = "0-1"
pin = "off"
io = "epoll"
cache_memory = "64m"
max_request_line = "16k"
max_request_head = 65536
max_request_fields = 200
max_request_body = "1m"
min_rate = 0
max_connections_per_address = 7

[server.timeouts]
idle = "2m"
request = "11s"
send = "1h"
linger = "3s"
load = "12s"

[server.drain]
timeout = "0s"

[server.log]
access = { file = "/tmp/log", format = "json" }
level = "warn"

[[site]]
name = "www"
hosts = ["Example.org", "*.example.org."]
default = true
access_log = { file = "/tmp/www", format = "combined-plus" }
site_files = true
site_files_status = 302
allow = ["10.0.0.0/8"]
deny = ["10.1.0.0/16", "::1"]
auth = { realm = "staff", users_file = "/etc/users" }
root = "/srv/www"
index = ["a.html", "b.html"]
listing = true
clean_urls = true
spa = "app.html"
hidden = [".treeinfo"]
decode_slash = true
symlinks = "none"
codings = ["gzip"]
cors = true
server_timing = true

  [[site.rule]]
  match = "*"
  set = { "X-Frame-Options" = "DENY", A-B = "c: d" }

  [[site.rule]]
  match = "*.foo"
  cache = "no-store"
  type = "application/x-foo"

  [[site.rule]]
  match = "/assets/*"
  status = [404, 503]
  set = { "X-A" = "" }
  remove = ["Server"]

  [[site.redirect]]
  host = "a.example.org"
  from = "/old/*"
  to = "/new/:splat"
  status = 308

  [[site.area]]
  path = "/download/"
  root = "/srv/download"
  listing = false
    [[site.area.rule]]
    match = "*.zip"
    cache = "immutable"
)";

std::vector<std::string> lines_of(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

/// A file of TOML without what tells the origins.
std::string without_comments(const std::string& text) {
    std::string bare;
    for (const std::string& line : lines_of(text)) {
        bare += line.substr(0, line.find("  # ")) + '\n';
    }
    return bare;
}

class ConfigurationFile : public CommandLineTest {
protected:
    /// The path of a file that says `text`.
    std::string file(std::string_view text) {
        return directory_.write("torc.toml", std::string(text)).string();
    }
    Verdict verdict(const std::vector<std::string>& arguments) {
        return std::get<Verdict>(read(arguments));
    }
    Settings from_file(std::string_view text, std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.begin(), {"-c", file(text)});
        return std::get<Settings>(read(arguments));
    }

    TemporaryDirectory directory_;
};

TEST_F(ConfigurationFile, GivesEverySettingOfTheServer) {
    using std::chrono::seconds;
    const Settings found = from_file(every_key);
    EXPECT_EQ(found.addresses, (std::vector<net::ListenAddress>{"127.0.0.1:81", "[::1]:82"}));
    EXPECT_EQ(found.trusted_proxies.networks.size(), 1U);
    EXPECT_TRUE(found.trusted_proxies.includes_unix);
    EXPECT_EQ(found.client_address, ClientAddress::x_forwarded_for);
    EXPECT_EQ(found.port, 83);
    EXPECT_EQ(found.workers, 3U);
    EXPECT_EQ(found.cpus, (std::vector<unsigned>{0, 1}));
    EXPECT_EQ(found.pin, Pin::off);
    EXPECT_EQ(found.io, IoChoice::epoll);
    EXPECT_EQ(found.cache_bytes_max, 64U * 1024 * 1024);
    EXPECT_EQ(found.parse_limits.line_bytes_max, 16'384U);
    EXPECT_EQ(found.parse_limits.head_bytes_max, 65'536U);
    EXPECT_EQ(found.parse_limits.fields_max, 200U);
    EXPECT_EQ(found.body_bytes_max, 1'048'576U);
    EXPECT_EQ(found.bytes_per_second_min, 0U);
    EXPECT_EQ(found.connections_per_address_max, 7U);
    EXPECT_EQ(found.timeouts.idle, seconds(120));
    EXPECT_EQ(found.timeouts.request, seconds(11));
    EXPECT_EQ(found.timeouts.send, seconds(3600));
    EXPECT_EQ(found.timeouts.linger, seconds(3));
    EXPECT_EQ(found.timeouts.load, seconds(12));
    EXPECT_EQ(found.timeouts.drain, seconds(0));
    EXPECT_EQ(found.access_log, (AccessLogSettings{.file = "/tmp/log", .format = LogFormat::json}));
    EXPECT_EQ(found.log_level, LogLevel::warn);
}

TEST_F(ConfigurationFile, GivesEverySettingOfTheSite) {
    const Settings found = from_file(every_key);
    const site::LoadRules& rules = found.sites.front().whole.load_rules;
    EXPECT_EQ(found.sites.front().whole.directory, "/srv/www");
    EXPECT_EQ(rules.index_names, (std::vector<std::string>{"a.html", "b.html"}));
    EXPECT_TRUE(rules.lists_directories);
    EXPECT_TRUE(rules.has_clean_urls);
    EXPECT_EQ(rules.fallback_path, "app.html");
    EXPECT_FALSE(rules.hidden.hide(".treeinfo"));
    EXPECT_EQ(found.sites.front().whole.encoded_slash, http::EncodedSlash::separates);
    EXPECT_EQ(rules.symlinks, file::SymlinkPolicy::none);
    EXPECT_EQ(rules.codings, std::vector{http::ContentCoding::gzip});
    EXPECT_TRUE(found.sites.front().whole.tells_timing);
    ASSERT_EQ(found.sites.front().whole.extra_fields.size(), 2U + 5U);
    EXPECT_EQ(found.sites.front().whole.extra_fields[0].name, "X-Frame-Options");
    EXPECT_EQ(found.sites.front().whole.extra_fields[0].value, "DENY");
    EXPECT_EQ(found.sites.front().whole.extra_fields[1].value, "c: d");
    ASSERT_EQ(rules.cache_control.size(), 1U);
    EXPECT_EQ(rules.cache_control[0].glob, "*.foo");
    EXPECT_EQ(rules.cache_control[0].value, "no-store");
    ASSERT_EQ(rules.types.size(), 1U);
    EXPECT_EQ(rules.types[0].value, "application/x-foo");
}

TEST_F(ConfigurationFile, GivesWhatOnlyAFileSays) {
    const Settings found = from_file(every_key);
    ASSERT_EQ(found.sites.size(), 1U);
    const SiteSettings& site = found.sites.front();
    EXPECT_EQ(site.name, "www");
    EXPECT_EQ(site.hosts, (std::vector<std::string>{"example.org", "*.example.org"}));
    EXPECT_TRUE(site.is_default);
    EXPECT_EQ(site.access_log,
              (AccessLogSettings{.file = "/tmp/www", .format = LogFormat::combined_plus}));
    EXPECT_TRUE(site.has_site_files);
    EXPECT_EQ(site.site_files_status, http::Status::found);
    EXPECT_EQ(site.whole.allowed_networks, std::vector<std::string>{"10.0.0.0/8"});
    EXPECT_EQ(site.whole.denied_networks, (std::vector<std::string>{"10.1.0.0/16", "::1"}));
    ASSERT_TRUE(site.whole.auth);
    EXPECT_EQ(site.whole.auth->realm, "staff");
    EXPECT_EQ(site.whole.auth->users_file, "/etc/users");
    ASSERT_EQ(site.whole.rules.size(), 1U);
    EXPECT_EQ(site.whole.rules[0].glob, "/assets/*");
    EXPECT_EQ(site.whole.rules[0].statuses,
              (std::vector{http::Status::not_found, http::Status::service_unavailable}));
    EXPECT_EQ(site.whole.rules[0].fields.at(0).name, "X-A");
    EXPECT_EQ(site.whole.rules[0].removed_fields, std::vector<std::string>{"Server"});
    ASSERT_EQ(site.redirects.size(), 1U);
    EXPECT_EQ(site.redirects[0].host, "a.example.org");
    EXPECT_EQ(site.redirects[0].from, "/old/*");
    EXPECT_EQ(site.redirects[0].to, "/new/:splat");
    EXPECT_EQ(site.redirects[0].status, http::Status::permanent_redirect);
    ASSERT_EQ(site.areas.size(), 1U);
    EXPECT_EQ(site.areas[0].path, "download/");
    EXPECT_EQ(site.areas[0].directory, "/srv/download");
    EXPECT_TRUE(site.areas[0].has_own_directory);
}

TEST_F(ConfigurationFile, HasAllKeysInTheTestsAbove) {
    const std::string text = without_comments(verdict({"-T", "-c", file(every_key)}).text);
    EXPECT_FALSE(text.contains("# default"));
    EXPECT_FALSE(text.contains("\n# ")) << text;
}

TEST_F(ConfigurationFile, GivesWayToVariablesAndFlags) {
    const std::string text =
        "version = 1\n[server]\nport = 1\nworkers = 1\nio = \"epoll\"\n"
        "listen = [\"127.0.0.1\", \"::1\"]\n";
    set("TORC_PORT", "2");
    set("TORC_WORKERS", "2");
    const Settings found = from_file(text, {"./site", "--workers", "3", "-a", "127.0.0.2"});
    EXPECT_EQ(found.port, 2);
    EXPECT_EQ(found.workers, 3U);
    EXPECT_EQ(found.io, IoChoice::epoll);
    EXPECT_EQ(found.addresses, std::vector<net::ListenAddress>{"127.0.0.2"});
    EXPECT_EQ(found.sites.front().whole.directory, "./site");
}

TEST_F(ConfigurationFile, GivesWayToTheFlagOfAFormatAlone) {
    const std::string text =
        "version = 1\n[server.log]\naccess = { file = \"/tmp/log\", format = \"json\" }\n";
    const std::vector<std::string> flags = {"./site", "--access-log-format", "combined-plus"};
    EXPECT_EQ(from_file(text, flags).access_log,
              (AccessLogSettings{.file = "/tmp/log", .format = LogFormat::combined_plus}));
    EXPECT_TRUE(verdict({"-T", "-c", file(text), "./site", "--access-log-format", "combined-plus"})
                    .text.contains("access = { file = \"/tmp/log\", format = \"combined-plus\" }"));
}

TEST_F(ConfigurationFile, IsNamedByAVariableToo) {
    const std::string name = file("version = 1\n[server]\nport = 1\n");
    set("TORC_CONFIG", name.c_str());
    EXPECT_EQ(settings().port, 1);
    const std::string other = directory_.write("other.toml", "version = 1\n").string();
    EXPECT_EQ(settings({"-c", other}).port, 8080);
}

TEST_F(ConfigurationFile, RefusesWhatIsSaidOfASiteElsewhere) {
    const std::string name = file("version = 1\n[[site]]\nroot = \"/srv/www\"\n");
    set("TORC_SPA", "index.html");
    EXPECT_EQ(refusal({"-c", name, "./site", "--header", "A: b", "--port", "1"}),
              "DIR: " + name + " has a [[site]], so give site.root there\n" + "TORC_SPA: " + name +
                  " has a [[site]], so give site.spa there\n" + "--header: " + name +
                  " has a [[site]], so give site.rule.set there");
}

TEST_F(ConfigurationFile, IsCheckedWhereOthersWinToo) {
    const std::string name = file("version = 1\n[server]\nport = 70000\n");
    EXPECT_EQ(refusal({"./site", "--port", "80", "-c", name}),
              name + ":3:8: server.port 70000: give a number from 0 to 65535");
}

TEST_F(ConfigurationFile, FailsWhenItIsNotThere) {
    EXPECT_EQ(refusal({"./site", "-c", "/absent/torc.toml"}),
              "--config /absent/torc.toml: No such file or directory");
    EXPECT_EQ(refusal({"./site", "-c", "/"}), "--config /: Is a directory");
    const std::string name = file("version = 1\n" + std::string(16 << 20, '#'));
    EXPECT_EQ(refusal({"./site", "-c", name}), "--config " + name + ": longer than 16777216 bytes");
}

TEST_F(ConfigurationFile, IsRefusedWhereAKeyIsDeeperThanTheStack) {
    const auto refusal_of = [this](std::string_view opening, std::size_t parts,
                                   std::string_view end) {
        std::string text = "version = 1\n" + std::string(opening) + "a";
        for (std::size_t count = 1; count < parts; ++count) {
            text += ".a";
        }
        const std::string name = file(text + std::string(end) + "\n");
        return refusal({"./site", "-c", name}).substr(name.size());
    };
    EXPECT_TRUE(refusal_of("", 4000, " = 1").starts_with(":2:1: unknown key \"a\""));
    for (const std::string_view opening : {"", "["}) {
        EXPECT_EQ(refusal_of(opening, 400'000, opening.empty() ? " = 1" : "]"),
                  ":2:1: no TOML: a line with more than 4096 dots");
    }
}

TEST_F(ConfigurationFile, IsToldOfQuotesWhereAValueHasNone) {
    constexpr std::string_view hint = "; if the value is a string, put it in quotes";
    for (const std::string line : {"root = /srv/www", "name = www", "hosts = [example.org]",
                                   "allow = [10.0.0.0/8]", "spa = index.html # a page"}) {
        const std::string name = file("version = 1\n[[site]]\n" + line + "\n");
        EXPECT_TRUE(refusal({"-c", name}).ends_with(hint)) << refusal({"-c", name});
    }
    for (const std::string line : {"root = \"/srv\" x", "root \"/srv\"", "auth = { realm }"}) {
        const std::string name = file("version = 1\n[[site]]\n" + line + "\n");
        EXPECT_FALSE(refusal({"-c", name}).contains(hint)) << refusal({"-c", name});
    }
}

TEST_F(ConfigurationFile, IsCheckedWithoutServing) {
    const std::string good = file("version = 1\n[[site]]\nroot = \"/srv/www\"\n");
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"check", "-c", good}, {"-t", "-c", good}, {"--check", "--config", good}}) {
        const Verdict found = verdict(arguments);
        EXPECT_FALSE(found.has_problems);
        EXPECT_EQ(found.text, good + " is valid\n");
        EXPECT_EQ(found.settings.sites.front().whole.directory, "/srv/www");
    }
    EXPECT_EQ(verdict({"check", "./site"}).text, "the options are valid\n");
    const Verdict bad = verdict({"check", "./site", "--workers", "x", "--io", "y"});
    EXPECT_TRUE(bad.has_problems);
    EXPECT_EQ(bad.text,
              "--workers x: give a number from 0 to 1024\n"
              "--io y: give one of auto, uring, epoll\n");
    // Elsewhere the word is a directory.
    EXPECT_EQ(std::get<Settings>(read({"--port", "1", "check"})).sites.front().whole.directory,
              "check");
}

TEST_F(ConfigurationFile, TellsWhereEachValueIsFrom) {
    set("TORC_WORKERS", "2");
    set("PORT", "5000");
    const std::string name = file("version = 1\n\n[server]\nio = \"epoll\"\n");
    const Verdict found = verdict({"-T", "-c", name, "./site", "--header", "A: b", "--share"});
    EXPECT_FALSE(found.has_problems) << found.text;
    for (const std::string& line :
         {std::string("workers = 2  # TORC_WORKERS"), std::string("port = 5000  # PORT"),
          "io = \"epoll\"  # " + name + ":4", std::string("idle = \"75s\"  # default"),
          std::string("listen = [\"0.0.0.0\", \"::\"]  # --share"),
          std::string("root = \"./site\"  # DIR"),
          std::string("set = { \"A\" = \"b\" }  # --header"),
          std::string("codings = [\"br\", \"zstd\", \"gzip\"]  # default"),
          std::string("cors = false  # default")}) {
        EXPECT_TRUE(("\n" + found.text).contains("\n" + line + "\n")) << line << "\n" << found.text;
    }
}

TEST_F(ConfigurationFile, ReadsWhatItPrints) {
    const std::vector<std::vector<std::string>> cases = {{"-c", file(every_key)},
                                                         {"./site"},
                                                         {"./a \"b\"\\\t\xc3\xa4",
                                                          "--header",
                                                          "X-Empty:",
                                                          "--header",
                                                          "X-B: \"\\\"",
                                                          "--cache-control",
                                                          "*=off",
                                                          "--cache-control",
                                                          "/a/*=x=y",
                                                          "--type",
                                                          "*.a=text/plain",
                                                          "--codings",
                                                          "off",
                                                          "--cors",
                                                          "--no-listing",
                                                          "--share",
                                                          "--cpus",
                                                          "0,1",
                                                          "--min-rate",
                                                          "1k",
                                                          "--access-log",
                                                          "-"}};
    for (std::vector<std::string> arguments : cases) {
        arguments.insert(arguments.begin(), "-T");
        const Verdict first = verdict(arguments);
        ASSERT_FALSE(first.has_problems) << first.text;
        const std::string again = directory_.write("again.toml", first.text).string();
        EXPECT_EQ(verdict({"check", "-c", again}).text, again + " is valid\n");
        const Verdict second = verdict({"-T", "-c", again});
        EXPECT_EQ(without_comments(second.text), without_comments(first.text));
    }
}

}  // namespace
}  // namespace torc::config
