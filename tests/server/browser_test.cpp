#include <torc/server/browser.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::server {
namespace {

using Command = std::vector<std::string>;

TEST(Browser, IsTheProgramOfTheDesktopByDefault) {
    EXPECT_EQ(browser_command("", "http://a/"), (Command{"xdg-open", "http://a/"}));
}

TEST(Browser, IsTheFirstOneThatTheUserPrefers) {
    EXPECT_EQ(browser_command("firefox", "http://a/"), (Command{"firefox", "http://a/"}));
    EXPECT_EQ(browser_command("firefox:lynx", "http://a/"), (Command{"firefox", "http://a/"}));
    EXPECT_EQ(browser_command("firefox --private", "http://a/"),
              (Command{"firefox", "--private", "http://a/"}));
    EXPECT_EQ(browser_command("w3m -o x=%s -v:lynx", "http://a/"),
              (Command{"w3m", "-o", "x=http://a/", "-v"}));
}

TEST(Browser, GetsAUrlAsOneArgumentWhateverIsInIt) {
    EXPECT_EQ(browser_command("b %s", "http://a/x y;z"), (Command{"b", "http://a/x y;z"}));
}

}  // namespace
}  // namespace torc::server
