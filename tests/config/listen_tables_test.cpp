// Addresses to listen on as tables of a configuration file, and who is trusted there.

#include <torc/config/command_line.hpp>

#include "command_line_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

class ListenTables : public test::CommandLineTest {
protected:
    /// The path of a file that says `text`.
    std::string file(std::string_view text) {
        return directory_.write("torc.toml", std::string(text)).string();
    }
    Verdict verdict(const std::vector<std::string>& arguments) {
        return std::get<Verdict>(read(arguments));
    }
    Settings from_file(std::string_view text) {
        return std::get<Settings>(read({"-c", file(text)}));
    }

    torc::test::TemporaryDirectory directory_;
};

TEST_F(ListenTables, MayHaveTablesOfAddressesToListenOn) {
    const Settings found = from_file(R"(version = 1
[server]
listen = ["127.0.0.1", { address = ":81", proxy_protocol = "require", proxy_from = ["10.0.0.0/8", "::1"] }, { address = "unix:/run/torc.sock", mode = "0600", proxy_protocol = "require" }]
[[site]]
root = "/srv"
)");
    ASSERT_EQ(found.addresses.size(), 3U);
    EXPECT_EQ(found.addresses[0], "127.0.0.1");
    EXPECT_EQ(found.addresses[1].text, ":81");
    ASSERT_TRUE(found.addresses[1].proxies);
    EXPECT_EQ(found.addresses[1].proxies->networks.size(), 2U);
    EXPECT_EQ(found.addresses[2].mode, 0600U);
    ASSERT_TRUE(found.addresses[2].proxies);
    EXPECT_TRUE(found.addresses[2].proxies->networks.empty());
}

TEST_F(ListenTables, SaysWhatIsWrongWithATableOfAnAddress) {
    for (const auto& [table, problem] : std::vector<std::pair<std::string, std::string>>{
             {R"({ proxy_protocol = "off" })", "3:11: server.listen.address is missing"},
             {R"({ address = ":81", proxy_protocol = "require" })",
              "3:47: server.listen.proxy_from is missing: the networks of the proxies that connect "
              "to :81, such as [\"10.0.0.0/8\"]"},
             {R"({ address = ":81", proxy_protocol = "require", proxy_from = [] })",
              "server.listen.proxy_from: give at least one"},
             {R"({ address = ":81", proxy_protocol = "v2" })",
              "3:47: server.listen.proxy_protocol v2: give one of off, require"},
             {R"({ address = ":81", proxy_from = ["10.0.0.0/8"] })",
              "3:44: server.listen.proxy_from: give proxy_protocol = \"require\" too"},
             {R"({ address = ":81", proxy_protocol = "require", proxy_from = ["10.0.0.1/8"] })",
              "the network is 10.0.0.0/8"},
             {R"({ address = "unix:/a", proxy_protocol = "require", proxy_from = ["10.0.0.0/8"] })",
              "clients of a Unix-domain socket have no address"},
             {R"({ address = ":81", mode = "0660" })", "only a Unix-domain socket has permissions"},
             {R"({ address = "unix:/a", mode = "rw" })", "give permissions in octal"},
             {R"({ address = "unix:/a", mode = "1777" })", "give permissions in octal"},
             {R"({ address = "unix:a" })", "3:11: server.listen unix:a: give the whole path"},
             {R"({ address = ":81", proxy_form = "x" })",
              "unknown key \"server.listen.proxy_form\"; did you mean \"proxy_from\"?"}}) {
        const std::string path =
            file("version = 1\n[server]\nlisten = [" + table + "]\n[[site]]\nroot = \"/srv\"\n");
        const Verdict found = verdict({"check", "-c", path});
        EXPECT_TRUE(found.has_problems);
        EXPECT_NE(found.text.find(problem), std::string::npos) << table << '\n' << found.text;
    }
}

TEST_F(ListenTables, ArePrintedAsTheyAreRead) {
    const std::string listen =
        R"(listen = ["127.0.0.1", { address = "unix:/a", mode = "0600" }, { address = ":81", proxy_protocol = "require", proxy_from = ["10.0.0.0/8"] }])";
    const std::string path =
        file("version = 1\n[server]\n" + listen + "\n[[site]]\nroot = \"/srv\"\n");
    const Verdict found = verdict({"-T", "-c", path});
    EXPECT_NE(found.text.find('\n' + listen + "  # "), std::string::npos) << found.text;
}

TEST_F(ListenTables, StandBesideWhoIsTrusted) {
    EXPECT_NE(refusal({"./site", "--trusted-proxies", "10.0.0.1/8"})
                  .find("the network is 10.0.0.0/8, or unix:"),
              std::string::npos);
    const Settings found = settings({"--client-address", "x-forwarded-for"});
    EXPECT_EQ(found.warnings.size(), 1U) << "nobody is";
}

}  // namespace
}  // namespace torc::config
