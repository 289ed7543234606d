#include <torc/site/access/users_file.hpp>

#include "site/access/hashes.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

std::string line(std::string_view user, std::string_view hash = test::bcrypt_hash) {
    return std::string(user) + ":" + std::string(hash) + "\n";
}

UsersFile users_of(std::string_view text) {
    auto file = UsersFile::parse(text);
    EXPECT_TRUE(file) << file.error().at(0).what;
    return *std::move(file);
}

/// "LINE: WHAT" of each.
std::vector<std::string> flaws_of(std::string_view text) {
    std::vector<std::string> flaws;
    if (const auto file = UsersFile::parse(text); !file) {
        for (const UsersFile::Flaw& flaw : file.error()) {
            flaws.push_back(std::to_string(flaw.line) + ": " + flaw.what);
        }
    }
    return flaws;
}

std::string flaw_of(std::string_view text) {
    const auto flaws = flaws_of(text);
    return flaws.size() == 1 ? flaws.front() : std::to_string(flaws.size()) + " flaws";
}

TEST(UsersFile, KnowsItsUsers) {
    const UsersFile file =
        users_of(line("b") + line("a", test::yescrypt_hash) + line("\xC3\xA4 c"));
    EXPECT_EQ(file.size(), 3U);
    for (const char* user : {"a", "b", "\xC3\xA4 c"}) {
        EXPECT_FALSE(file.find(user).is_unknown) << user;
    }
    EXPECT_EQ(file.find("a").hash.cost().scheme, HashCost::Scheme::yescrypt);
    EXPECT_EQ(file.find("b").hash.cost().scheme, HashCost::Scheme::bcrypt);
}

TEST(UsersFile, MayHaveCommentsAndEmptyLinesAndAnyLineEnds) {
    const UsersFile file = users_of("# staff: all\n\n  \r\na:" + std::string(test::bcrypt_hash) +
                                    " \r\nb:" + std::string(test::bcrypt_hash));
    EXPECT_EQ(file.size(), 2U);
    EXPECT_FALSE(file.find("a").is_unknown);
    EXPECT_FALSE(file.find("b").is_unknown);
}

TEST(UsersFile, GivesAHashOfTheUsualCostForWhoIsUnknown) {
    const UsersFile file = users_of(line("a", test::sha512_hash) + line("b") + line("c") +
                                    line("d", test::yescrypt_hash));
    for (const char* user : {"", "aa", "e", "A"}) {
        EXPECT_TRUE(file.find(user).is_unknown) << user;
        EXPECT_EQ(file.find(user).hash.cost(), file.find("b").hash.cost()) << user;
    }
}

TEST(UsersFile, HasAnIdByItsContents) {
    EXPECT_EQ(users_of(line("a")).id(), users_of(line("a")).id());
    EXPECT_NE(users_of(line("a")).id(), users_of(line("b")).id());
}

TEST(UsersFile, SaysWhatIsWrongWithALineAndWhere) {
    EXPECT_EQ(flaw_of("# a\n" + line("a") + "b\n"),
              "3: no colon; a line is user:hash, as htpasswd -B writes it");
    EXPECT_EQ(flaw_of(line("")), "1: no user before the colon");
    EXPECT_EQ(flaw_of(line(std::string(256, 'a'))), "1: a user's name of more than 255 bytes");
    EXPECT_EQ(flaw_of(line("a\tb")), "1: a control character, which no name and no hash may hold");
    EXPECT_TRUE(
        flaw_of(line("a", "hunter2")).starts_with("1: no hash; is it the password itself?"));
    EXPECT_TRUE(
        flaw_of(line("a", "realm:0123456789abcdef0123456789abcdef")).starts_with("1: no hash"))
        << "htdigest's";
}

TEST(UsersFile, RefusesAUserWhoIsThereTwice) {
    EXPECT_EQ(flaw_of(line("a") + line("b") + line("a")),
              "3: the user of line 1 once more; leave one of them out");
    EXPECT_EQ(flaws_of(line("a") + line("a") + line("a")).size(), 2U);
}

TEST(UsersFile, SaysAllThatIsWrongByLine) {
    const auto flaws = flaws_of("x\n" + line("a") + line("a") + "y\n");
    ASSERT_EQ(flaws.size(), 3U);
    EXPECT_TRUE(flaws[0].starts_with("1: "));
    EXPECT_TRUE(flaws[1].starts_with("3: "));
    EXPECT_TRUE(flaws[2].starts_with("4: "));
    std::string many;
    for (std::size_t count = 0; count < 2 * UsersFile::flaws_max; ++count) {
        many += "x\n";
    }
    EXPECT_EQ(flaws_of(many).size(), UsersFile::flaws_max);
}

TEST(UsersFile, RefusesToBeWithoutUsers) {
    for (const char* text : {"", "\n", "# none\n"}) {
        EXPECT_EQ(flaw_of(text),
                  "0: no user in it, so nobody could get in; add one with htpasswd -B");
    }
}

TEST(UsersFile, HasABound) {
    std::string text;
    for (std::size_t count = 0; count < UsersFile::users_max; ++count) {
        text += line(std::to_string(count));
    }
    EXPECT_EQ(users_of(text).size(), UsersFile::users_max);
    EXPECT_EQ(flaw_of(text + line("one more")), "0: more than 10000 users");
    EXPECT_EQ(flaw_of(std::string(UsersFile::bytes_max + 1, '\n')), "0: longer than 1048576 bytes");
}

TEST(UsersFile, IsLoadedFromADisk) {
    const torc::test::TemporaryDirectory directory;
    const auto file = UsersFile::load(directory.write("users", line("a")));
    ASSERT_TRUE(file);
    EXPECT_FALSE((*file)->find("a").is_unknown);
}

TEST(UsersFile, ThatCannotBeLoadedIsNamed) {
    const torc::test::TemporaryDirectory directory;
    const std::string path = directory.write("users", "a\nb:c\n");
    const auto broken = UsersFile::load(path);
    ASSERT_FALSE(broken);
    ASSERT_EQ(broken.error().size(), 2U);
    EXPECT_TRUE(broken.error()[0].starts_with(path + ":1: no colon"));
    EXPECT_TRUE(broken.error()[1].starts_with(path + ":2: no hash"));

    const auto missing = UsersFile::load(path + "2");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error(), std::vector{path + "2: No such file or directory"});

    const std::string empty = directory.write("empty", "");
    EXPECT_TRUE(UsersFile::load(empty).error().at(0).starts_with(empty + ": no user"));
}

TEST(UsersFile, IsNotWaitedForWhereItIsNoFile) {
    const torc::test::TemporaryDirectory directory;
    const std::string pipe = directory.path() / "pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    for (const std::string& path : {pipe, directory.path().string()}) {
        EXPECT_TRUE(UsersFile::load(path).error().at(0).contains("no regular file")) << path;
    }
}

}  // namespace
}  // namespace torc::site
