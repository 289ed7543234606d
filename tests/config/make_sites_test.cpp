#include "config/command_line_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

class MakeSites : public test::CommandLineTest {
protected:
    Settings from_file(std::string_view text, std::vector<std::string> arguments = {}) {
        const std::string name =
            directory_.write("torc.toml", "version = 1\n" + std::string(text)).string();
        arguments.insert(arguments.begin(), {"-c", name});
        return std::get<Settings>(read(arguments));
    }
    std::string refusal_of(std::string_view text) {
        const std::string name =
            directory_.write("torc.toml", "version = 1\n" + std::string(text)).string();
        const std::string message = refusal({"-c", name});
        return message.substr(std::min(message.size(), name.size()));
    }

    torc::test::TemporaryDirectory directory_;
};

TEST_F(MakeSites, AreForAllHostsWithoutAFile) {
    const Settings found = settings();
    ASSERT_EQ(found.sites.size(), 1U);
    EXPECT_TRUE(found.sites[0].is_default);
    EXPECT_TRUE(found.sites[0].hosts.empty());
    EXPECT_TRUE(found.sites[0].whole.has_own_directory);
}

TEST_F(MakeSites, AreAsManyAsAFileHas) {
    const Settings found = from_file(
        "[[site]]\nhosts = [\"a.org\"]\nroot = \"/a\"\n"
        "[[site]]\nhosts = \"b.org\"\nroot = \"/b\"\nspa = \"b.html\"\n");
    ASSERT_EQ(found.sites.size(), 2U);
    EXPECT_EQ(found.sites[0].name, "a.org");
    EXPECT_EQ(found.sites[0].whole.directory, "/a");
    EXPECT_EQ(found.sites[0].whole.load_rules.fallback_path, "");
    EXPECT_FALSE(found.sites[0].is_default);
    EXPECT_EQ(found.sites[1].whole.directory, "/b");
    EXPECT_EQ(found.sites[1].whole.load_rules.fallback_path, "b.html");
}

TEST_F(MakeSites, AreForAllHostsWhenAloneAndWithoutHosts) {
    EXPECT_TRUE(from_file("[[site]]\nroot = \"/a\"\n").sites[0].is_default);
    EXPECT_FALSE(from_file("[[site]]\nhosts = [\"a.org\"]\nroot = \"/a\"\n").sites[0].is_default);
}

TEST_F(MakeSites, HaveTheDefaultsUnlessTheySayOtherwise) {
    const Settings found = from_file(
        "[defaults]\nindex = [\"a.html\"]\nclean_urls = true\ncors = true\n"
        "[[site]]\nroot = \"/a\"\ndefault = true\n"
        "[[site]]\nroot = \"/b\"\nhosts = [\"b.org\"]\nclean_urls = false\ncors = false\n");
    EXPECT_EQ(found.sites[0].whole.load_rules.index_names, std::vector<std::string>{"a.html"});
    EXPECT_TRUE(found.sites[0].whole.load_rules.has_clean_urls);
    EXPECT_EQ(found.sites[0].whole.extra_fields.size(), 5U);
    EXPECT_EQ(found.sites[1].whole.load_rules.index_names, std::vector<std::string>{"a.html"});
    EXPECT_FALSE(found.sites[1].whole.load_rules.has_clean_urls);
    EXPECT_TRUE(found.sites[1].whole.extra_fields.empty());
}

TEST_F(MakeSites, TakeTheDefaultsOfAFileBehindFlags) {
    const Settings found =
        from_file("[defaults]\nspa = \"a.html\"\nclean_urls = true\n", {"./site", "--spa", "b"});
    EXPECT_EQ(found.sites[0].whole.load_rules.fallback_path, "b");
    EXPECT_TRUE(found.sites[0].whole.load_rules.has_clean_urls);
}

TEST_F(MakeSites, HaveTheirRulesBeforeThoseOfTheDefaults) {
    const Settings found = from_file(
        "[defaults]\n"
        "rule = [{ match = \"*\", set = { A = \"default\", B = \"default\" }, cache = \"c1\" }]\n"
        "[[site]]\nroot = \"/a\"\n"
        "[[site.rule]]\nmatch = \"*\"\nset = { a = \"own\" }\n"
        "[[site.rule]]\nmatch = \"*.css\"\ncache = \"c2\"\n");
    const AreaSettings& whole = found.sites[0].whole;
    ASSERT_EQ(whole.extra_fields.size(), 2U);
    EXPECT_EQ(whole.extra_fields[0].value, "own");
    EXPECT_EQ(whole.extra_fields[1].name, "B");
    ASSERT_EQ(whole.load_rules.cache_control.size(), 2U);
    EXPECT_EQ(whole.load_rules.cache_control[0].value, "c2");
    EXPECT_EQ(whole.load_rules.cache_control[1].value, "c1");
}

TEST_F(MakeSites, DropWhatARuleForAllFilesHasSaidBefore) {
    const Settings found = from_file(
        "[[site]]\nroot = \"/a\"\n"
        "[[site.rule]]\nmatch = \"*.html\"\nset = { X = \"1\" }\n"
        "[[site.rule]]\nmatch = \"*\"\nset = { X = \"2\", Y = \"2\" }\nremove = [\"Server\"]\n"
        "[[site.rule]]\nmatch = \"*.css\"\nset = { x = \"3\", server = \"3\", Z = \"3\" }\n"
        "[[site.rule]]\nmatch = \"*.js\"\nset = { Y = \"4\" }\n");
    const std::vector<site::Rule>& rules = found.sites[0].whole.rules;
    ASSERT_EQ(rules.size(), 3U);
    EXPECT_EQ(rules[0].fields.at(0).value, "1");
    EXPECT_EQ(rules[1].removed_fields, std::vector<std::string>{"Server"});
    EXPECT_TRUE(rules[1].fields.empty());
    ASSERT_EQ(rules[2].fields.size(), 1U);
    EXPECT_EQ(rules[2].fields[0].name, "Z");
    EXPECT_EQ(found.sites[0].whole.extra_fields.size(), 2U);
}

TEST_F(MakeSites, TakeCacheControlAmongTheFieldsOfSomeFilesForTheirs) {
    const Settings found = from_file(
        "[[site]]\nroot = \"/a\"\n"
        "[[site.rule]]\nmatch = \"*.css\"\nset = { Cache-Control = \"max-age=5\" }\n");
    EXPECT_TRUE(found.sites[0].whole.rules.empty());
    EXPECT_EQ(found.sites[0].whole.load_rules.cache_control[0].glob, "*.css");
    EXPECT_EQ(found.sites[0].whole.load_rules.cache_control[0].value, "max-age=5");
}

TEST_F(MakeSites, HaveAreasThatAreAsTheSiteIs) {
    const Settings found = from_file(
        "[[site]]\nroot = \"/a\"\nindex = [\"a\"]\nallow = [\"10.0.0.0/8\"]\n"
        "auth = { realm = \"r\", users_file = \"/u\" }\n"
        "[[site.rule]]\nmatch = \"*\"\nset = { A = \"b\" }\n"
        "[[site.area]]\npath = \"/x/\"\nlisting = true\n"
        "[[site.area]]\npath = \"/x/y/\"\nroot = \"/y\"\nallow = []\n");
    const SiteSettings& site = found.sites[0];
    ASSERT_EQ(site.areas.size(), 2U);
    EXPECT_EQ(site.areas[0].path, "x/");
    EXPECT_EQ(site.areas[0].directory, "/a");
    EXPECT_FALSE(site.areas[0].has_own_directory);
    EXPECT_TRUE(site.areas[0].load_rules.lists_directories);
    EXPECT_FALSE(site.whole.load_rules.lists_directories);
    for (const AreaSettings& area : site.areas) {
        EXPECT_EQ(area.load_rules.index_names, std::vector<std::string>{"a"});
        EXPECT_EQ(area.extra_fields.size(), 1U);
        EXPECT_EQ(area.auth.value().realm, "r");
    }
    EXPECT_EQ(site.areas[0].allowed_networks.size(), 1U);
    EXPECT_TRUE(site.areas[1].allowed_networks.empty());
    EXPECT_TRUE(site.areas[1].has_own_directory);
}

TEST_F(MakeSites, HaveAreasThatTakeNoPageOutOfAnotherRoot) {
    const Settings found = from_file(
        "[defaults]\nspa = \"a.html\"\n"
        "[[site]]\nroot = \"/a\"\n"
        "[[site.area]]\npath = \"/x/\"\n"
        "[[site.area]]\npath = \"/y/\"\nroot = \"/y\"\n"
        "[[site.area]]\npath = \"/z/\"\nroot = \"/z\"\nspa = \"z.html\"\n");
    std::vector<std::string> pages = {found.sites[0].whole.load_rules.fallback_path};
    for (const AreaSettings& area : found.sites[0].areas) {
        pages.push_back(area.load_rules.fallback_path);
    }
    EXPECT_EQ(pages, (std::vector<std::string>{"a.html", "a.html", "", "z.html"}));
}

TEST_F(MakeSites, HaveNoPageOfAnApplicationWhereItIsFalse) {
    const std::string text =
        "[defaults]\nspa = \"a.html\"\n"
        "[[site]]\nroot = \"/a\"\ndefault = true\n[[site.area]]\npath = \"/x/\"\nspa = false\n"
        "[[site]]\nroot = \"/b\"\nhosts = [\"b.org\"]\nspa = false\n";
    const Settings found = from_file(text);
    EXPECT_EQ(found.sites[0].whole.load_rules.fallback_path, "a.html");
    EXPECT_EQ(found.sites[0].areas[0].load_rules.fallback_path, "");
    EXPECT_EQ(found.sites[1].whole.load_rules.fallback_path, "");
    const std::string name = (directory_.path() / "torc.toml").string();
    const Verdict printed = std::get<Verdict>(read({"-T", "-c", name}));
    EXPECT_TRUE(printed.text.contains("\nspa = false  # " + name + ":13\n")) << printed.text;
}

TEST_F(MakeSites, AreToldHowToHaveNoPageOfAnApplication) {
    EXPECT_EQ(refusal_of("[[site]]\nroot = \"/a\"\nspa = \"\"\n"),
              ":4:7: site.spa: is empty; false is none");
    EXPECT_EQ(refusal_of("[[site]]\nroot = \"/a\"\nspa = true\n"),
              ":4:7: site.spa: give a string, or false for none");
}

TEST_F(MakeSites, RememberWhereTheFilesThatTheyNameWereGiven) {
    directory_.write("b.toml", "[[site]]\nhosts = [\"b.org\"]\nroot = \"/b\"\n");
    const Settings found = from_file(
        "include = [\"b.toml\"]\n[defaults]\nspa = \"x\"\n"
        "[[site]]\nroot = \"/a\"\ndefault = true\n"
        "[[site.area]]\npath = \"/c/\"\nauth = { realm = \"r\", users_file = \"u\" }\n");
    const std::string place = (directory_.path() / "torc.toml").string();
    const AreaSettings& area = found.sites[0].areas[0];
    EXPECT_EQ(describe_setting(area, area.origins.directory, "DIR", "/a"),
              place + ":6:8: site.root /a of site 'default'");
    EXPECT_EQ(describe_setting(area, area.origins.fallback_path, "--spa", "x"),
              place + ":4:7: defaults.spa x of site 'default'");
    EXPECT_EQ(describe_users_error(area, "u: absent"),
              place + ":10:36: site.area.auth.users_file u of site 'default': absent");
    EXPECT_EQ(describe_users_error(area, "u:3: no colon"), "u:3: no colon");
    const AreaSettings& other = found.sites[1].whole;
    EXPECT_EQ(describe_setting(other, other.origins.directory, "DIR", "/b"),
              (directory_.path() / "b.toml").string() + ":3:8: site.root /b of site 'b.org'");
}

TEST_F(MakeSites, RememberWhatAFlagOrAVariableWasCalled) {
    set("TORC_SPA", "x");
    const AreaSettings whole = settings().sites[0].whole;
    EXPECT_EQ(describe_setting(whole, whole.origins.directory, "--a", "/a"), "DIR /a");
    EXPECT_EQ(describe_setting(whole, whole.origins.fallback_path, "--spa", "x"), "TORC_SPA x");
    EXPECT_EQ(describe_setting({}, {}, "--spa", "x"), "--spa x");
}

TEST_F(MakeSites, AreIncludedFromOtherFiles) {
    directory_.write("sites/b.toml", "[[site]]\nhosts = [\"b.org\"]\nroot = \"/b\"\n");
    directory_.write("sites/c.toml", "version = 1\n[[site]]\nhosts = [\"c.org\"]\nroot = \"/c\"\n");
    const Settings found = from_file(
        "include = [\"sites/*.toml\"]\n[defaults]\nspa = \"x\"\n"
        "[[site]]\nhosts = [\"a.org\"]\nroot = \"/a\"\n");
    ASSERT_EQ(found.sites.size(), 3U);
    EXPECT_EQ(found.sites[1].name, "b.org");
    EXPECT_EQ(found.sites[2].name, "c.org");
    EXPECT_EQ(found.sites[2].whole.load_rules.fallback_path, "x");
}

TEST_F(MakeSites, AreRefusedWithTheNameOfTheirOwnFile) {
    const std::string b =
        directory_.write("sites/b.toml", "[server]\nport = 1\n[[site]]\nhosts = 5\n").string();
    const std::string message = refusal_of("include = [\"sites/*.toml\"]\nfoo = 1\n");
    EXPECT_EQ(message, ":3:1: unknown key \"foo\"\n" + b +
                           ":1:2: server: a file that is included holds [[site]] alone\n" + b +
                           ":3:1: site.root is missing: the directory to serve, such as "
                           "\"/srv/www\"\n" +
                           b + ":4:9: site.hosts: give strings, as in [\"one\", \"two\"]");
}

TEST_F(MakeSites, MissAFileThatIsIncludedByItsName) {
    EXPECT_EQ(refusal_of("include = [\"b.toml\"]\n"), ":2:12: include b.toml: no such file");
}

TEST_F(MakeSites, MayHaveAGlobForFilesThatAreNotThereYet) {
    const Settings found = from_file("include = [\"*.no\"]\n", {"./site"});
    EXPECT_EQ(found.sites.size(), 1U);
    EXPECT_EQ(found.warnings, std::vector<std::string>{(directory_.path() / "torc.toml").string() +
                                                       ":2:12: include *.no: no file matches yet"});
}

TEST_F(MakeSites, AreWarnedOfADirectiveThatNobodyHasDefined) {
    const Settings found = from_file(
        "[[site]]\nroot = \"/a\"\n"
        "[[site.rule]]\nmatch = \"*.css\"\ncache = \"immutible\"\n"
        "[[site.rule]]\nmatch = \"*\"\nset = { Cache-Control = \"no-stor\" }\n");
    const std::string name = (directory_.path() / "torc.toml").string();
    EXPECT_EQ(
        found.warnings,
        (std::vector<std::string>{
            name + ":6:9: site.rule.cache 'immutible': no known directive is called "
                   "immutible; did you mean immutable?",
            name + ":9:25: site.rule.set 'no-stor': no known directive is called no-stor; did "
                   "you mean no-store?"}));
    EXPECT_EQ(settings({"--cache-control", "*=publik"}).warnings.size(), 1U);
}

TEST_F(MakeSites, PrintTheSameAgain) {
    directory_.write("sites/b.toml",
                     "[[site]]\nhosts = [\"b.org\"]\nroot = \"/b\"\n"
                     "[[site.rule]]\nmatch = \"*.a\"\nstatus = 404\nremove = \"A\"\n");
    const std::string name =
        directory_
            .write("torc.toml",
                   "version = 1\ninclude = [\"sites/*\"]\n[defaults]\nspa = \"x\"\n"
                   "rule = [{ match = \"*\", set = { A = \"b\", C = \"\" } }]\n"
                   "[[site]]\nroot = \"/a\"\ndefault = true\n"
                   "[[site.redirect]]\nfrom = \"/a\"\nto = \"/b\"\n"
                   "[[site.area]]\npath = \"/c/\"\nauth = { realm = \"r\", users_file = \"/u\" }\n")
            .string();
    const Verdict first = std::get<Verdict>(read({"-T", "-c", name}));
    ASSERT_FALSE(first.has_problems) << first.text;
    EXPECT_TRUE(first.text.contains("match = \"*.a\"  # " + name.substr(0, name.rfind('/')) +
                                    "/sites/b.toml:5\n"))
        << first.text;
    EXPECT_TRUE(first.text.contains("spa = \"x\"  # " + name + ":4\n")) << first.text;
    const std::string again = directory_.write("again.toml", first.text).string();
    const Verdict second = std::get<Verdict>(read({"-T", "-c", again}));
    ASSERT_FALSE(second.has_problems) << second.text << first.text;
    EXPECT_EQ(second.settings.sites.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        const SiteSettings& site = second.settings.sites[i];
        EXPECT_EQ(site.hosts, first.settings.sites[i].hosts);
        EXPECT_EQ(site.whole.rules.size(), first.settings.sites[i].whole.rules.size());
        EXPECT_EQ(site.whole.extra_fields.size(), 2U);
        EXPECT_EQ(site.areas.size(), first.settings.sites[i].areas.size());
    }
}

TEST_F(MakeSites, ArePrintedOnlyAsTextThatAFileCanHold) {
    for (const std::string directory : {"./\xff", "./a\nb"}) {
        const Verdict found = std::get<Verdict>(read({"-T", directory}));
        EXPECT_TRUE(found.has_problems);
        EXPECT_EQ(found.text,
                  "DIR: no configuration file can hold this value: it is no UTF-8, or has control "
                  "characters in it\n");
    }
}

TEST_F(MakeSites, HideTheirSiteFilesIfTheyHaveAny) {
    const Settings found = from_file(
        "[[site]]\nroot = \"/a\"\nsite_files = true\nhidden = [\".a\"]\ndefault = true\n"
        "[[site.area]]\npath = \"/b/\"\nroot = \"/a\"\n"
        "[[site]]\nroot = \"/c\"\nhosts = [\"c.org\"]\n");
    for (const char* name : {"_redirects", "_headers", "_headers.gz"}) {
        EXPECT_TRUE(found.sites[0].whole.load_rules.hidden.hide(name)) << name;
        EXPECT_TRUE(found.sites[0].areas[0].load_rules.hidden.hide(name)) << name;
        EXPECT_FALSE(found.sites[1].whole.load_rules.hidden.hide(name)) << name;
    }
    EXPECT_FALSE(found.sites[0].whole.load_rules.hidden.hide(".a"));
}

TEST_F(MakeSites, AreToldInWhichOtherFileTheirHostsNamesOrDefaultAreToo) {
    const std::string site =
        "[[site]]\nname = \"n\"\nhosts = [\"x.org\"]\ndefault = true\nroot = \"/\"\n";
    const std::string a = directory_.write("sites/a.toml", "\n\n" + site).string();
    const std::string b = directory_.write("sites/b.toml", site).string();
    const std::string named =
        directory_.write("torc.toml", "version = 1\ninclude = [\"sites/*.toml\"]\n").string();
    EXPECT_EQ(refusal({"-c", named}),
              b + ":2:8: site.name 'n': the [[site]] of " + a + ":3 has it already\n" + b +
                  ":3:1: site.hosts: x.org is given already, in the [[site]] of " + a + ":3\n" + b +
                  ":4:11: site.default: there is one already, the [[site]] of " + a + ":3");
}

TEST_F(MakeSites, HaveAnAccessLogOfTheirOwnOrThatOfTheDefaults) {
    const Settings found = from_file(
        "[server.log]\naccess = \"/log/server\"\n"
        "[defaults]\naccess_log = { file = \"/log/sites\", format = \"json\" }\n"
        "[[site]]\nroot = \"/a\"\ndefault = true\n"
        "[[site]]\nroot = \"/b\"\nhosts = [\"b.org\"]\naccess_log = \"/log/b\"\n"
        "[[site]]\nroot = \"/c\"\nhosts = [\"c.org\"]\naccess_log = \"off\"\n");
    EXPECT_EQ(found.access_log.file, "/log/server");
    EXPECT_EQ(found.sites[0].access_log,
              (AccessLogSettings{.file = "/log/sites", .format = LogFormat::json}));
    EXPECT_EQ(found.sites[1].access_log, AccessLogSettings{.file = "/log/b"});
    EXPECT_EQ(found.sites[2].access_log, AccessLogSettings{});
    EXPECT_EQ(from_file("[[site]]\nroot = \"/a\"\n").sites[0].access_log, std::nullopt);
}

TEST_F(MakeSites, ShareAnAccessLogInOneFormatAlone) {
    EXPECT_EQ(refusal_of("[server.log]\naccess = \"/log/a\"\n"
                         "[[site]]\nroot = \"/a\"\n"
                         "access_log = { file = \"/log/a\", format = \"json\" }\n"),
              ":6:23: site.access_log: /log/a is logged to in another format already; give it the "
              "same, or another file");
}

TEST_F(MakeSites, HaveNoAccessLogByArea) {
    EXPECT_EQ(refusal_of("[[site]]\nroot = \"/a\"\n"
                         "[[site.area]]\npath = \"/x/\"\naccess_log = \"off\"\n"),
              ":6:1: site.area.access_log: is said of each site, in its [[site]]");
}

}  // namespace
}  // namespace torc::config
