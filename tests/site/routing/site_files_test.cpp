#include <torc/file/glob.hpp>
#include <torc/site/routing/redirects.hpp>
#include <torc/site/routing/site_files.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {
namespace {

using http::Status;
using Over = Redirect::Over;

RedirectsFile redirects_of(std::string_view text) {
    return parse_redirects_file(text, Status::moved_permanently);
}

std::string problem_of(std::string_view line) {
    const RedirectsFile file = redirects_of(line);
    return file.problems.empty() ? "" : file.problems.front().text;
}

/// "FROM TO STATUS" of each redirect, with "!" where it is over files.
std::vector<std::string> lines_of(const RedirectsFile& file) {
    std::vector<std::string> lines;
    for (const Redirect& redirect : file.redirects) {
        lines.push_back(redirect.host + redirect.from + " " + redirect.to + " " +
                        std::to_string(http::code(redirect.status)) +
                        (redirect.over == Over::files ? "!" : ""));
    }
    return lines;
}

using Lines = std::vector<std::string>;

TEST(RedirectsFile, HasOneRedirectALine) {
    const RedirectsFile file = redirects_of(
        "# comment\n\n/a/   /b/  # comment\n\t/c.html\t/d "
        "302!\r\n/* https://x.example/:splat 308");
    EXPECT_TRUE(file.problems.empty());
    EXPECT_EQ(lines_of(file), (Lines{"/a/ /b/ 301", "/a /b/ 301", "/c.html /d 302!",
                                     "/c.html/ /d 302!", "/* https://x.example/:splat 308"}));
}

TEST(RedirectsFile, TakesASlashAtTheEndForTheSame) {
    EXPECT_EQ(lines_of(redirects_of("/a/* /b/:splat")),
              (Lines{"/a/* /b/:splat 301", "/a /b/ 301"}));
    EXPECT_EQ(lines_of(redirects_of("/a /a/ 301!")), (Lines{"/a /a/ 301!"}));
    EXPECT_EQ(lines_of(redirects_of("/a/:b /c/:b")),
              (Lines{"/a/:b /c/:b 301", "/a/:b/ /c/:b 301"}));
    EXPECT_EQ(lines_of(redirects_of("/ /a")), (Lines{"/ /a 301"}));
    EXPECT_EQ(lines_of(redirects_of("/a* /b")), (Lines{"/a* /b 301"}));
}

TEST(RedirectsFile, HasTheDefaultStatusThatItIsGiven) {
    EXPECT_EQ(lines_of(parse_redirects_file("/ /a", Status::found)), (Lines{"/ /a 302"}));
}

TEST(RedirectsFile, MayNameAHost) {
    EXPECT_EQ(lines_of(redirects_of("http://WWW.example.org/* https://example.org/:splat 301!")),
              (Lines{"www.example.org/* https://example.org/:splat 301!"}));
    EXPECT_EQ(lines_of(redirects_of("https://a.example /b")), (Lines{"a.example/ /b 301"}));
    EXPECT_NE(problem_of("https://a.example:80/ /b"), "");
}

TEST(RedirectsFile, RefusesWhatTorcCanNotDo) {
    EXPECT_EQ(problem_of("/a /b 200"),
              "status 200 is a rewrite or a proxy, which torc is not; for "
              "an application with views of its own give the setting spa");
    EXPECT_EQ(problem_of("/a /b 404"),
              "status 404 is no redirect; put a 404.html where it is wanted");
    EXPECT_EQ(problem_of("/a /b 303"),
              "\"303\" is no status of a redirect; give 301, 302, 307 or 308");
    EXPECT_EQ(problem_of("/a id=:id /b/:id 301"),
              "a redirect can't depend on the query; leave out id=:id");
    EXPECT_EQ(problem_of("/a /b 302 Country=de"),
              "a redirect can't depend on country, language, role or cookie; "
              "leave out Country=de");
    EXPECT_EQ(problem_of("/a"), "give two paths: from which one, and to which");
    EXPECT_EQ(problem_of("/a /b 301 /c"), "there is more behind the status: leave out \"/c\"");
    EXPECT_EQ(problem_of("/a b"),
              "to \"b\": give a path, which begins with a slash, or a URI that "
              "begins with http:// or https://");
    EXPECT_NE(problem_of("/a /a 301!"), "");
}

TEST(RedirectsFile, SaysInWhichLineAProblemIsAndTakesTheOthers) {
    const RedirectsFile file =
        redirects_of("/a /b\n" + std::string(1001, '/') + "\n\nx y\n/c /d\n");
    ASSERT_EQ(file.problems.size(), 2U);
    EXPECT_EQ(file.problems[0].line, 2U);
    EXPECT_EQ(file.problems[0].text, "the line is longer than 1000 bytes; shorten it");
    EXPECT_EQ(file.problems[1].line, 4U);
    EXPECT_EQ(file.redirects.size(), 4U);
}

TEST(RedirectsFile, HasSoManyAtTheMost) {
    std::string text;
    for (int i = 0; i < 2100; ++i) {
        text += "/a" + std::to_string(i) + " /b\n";
    }
    for (int i = 0; i < 110; ++i) {
        text += "/c" + std::to_string(i) + "/* /b\n";
    }
    const RedirectsFile file = redirects_of(text);
    EXPECT_EQ(file.redirects.size(), 2U * (2000 + 100));
    ASSERT_EQ(file.problems.size(), 2U);
    EXPECT_EQ(file.problems[0].line, 2001U);
    EXPECT_EQ(file.problems[1].line, 2201U);
}

TEST(HeadersFile, HasARuleForEachPath) {
    const HeadersFile file = parse_headers_file(
        "# comment\n/*\n  X-Frame-Options: DENY\n  # "
        "comment\n  ! Server\n\n/a.js\n\tA:1\n\tA : 2\n");
    EXPECT_TRUE(file.problems.empty());
    ASSERT_EQ(file.rules.size(), 2U);
    EXPECT_EQ(file.rules[0].line, 2U);
    EXPECT_EQ(file.rules[0].rule.glob, "/*");
    ASSERT_EQ(file.rules[0].rule.fields.size(), 1U);
    EXPECT_EQ(file.rules[0].rule.fields[0].name, "X-Frame-Options");
    EXPECT_EQ(file.rules[0].rule.fields[0].value, "DENY");
    EXPECT_EQ(file.rules[0].rule.removed_fields, std::vector<std::string>{"Server"});
    EXPECT_EQ(file.rules[1].line, 7U);
    ASSERT_EQ(file.rules[1].rule.fields.size(), 2U);
    EXPECT_EQ(file.rules[1].rule.fields[1].value, "2");
}

TEST(HeadersFile, IsForTheFilesThatAPathLeadsTo) {
    const auto matches = [](const std::string& path, std::string_view file) {
        const HeadersFile parsed = parse_headers_file(path + "\n  A: b\n");
        return file::matches_glob(parsed.rules.at(0).rule.glob, file);
    };
    EXPECT_TRUE(matches("/", "index.html"));
    EXPECT_TRUE(matches("/", ""));
    EXPECT_FALSE(matches("/", "a"));
    EXPECT_TRUE(matches("/a/", "a/index.html"));
    EXPECT_TRUE(matches("/a", "a.html"));
    EXPECT_TRUE(matches("/a", "a"));
    EXPECT_FALSE(matches("/a", "ab"));
    EXPECT_TRUE(matches("/a/*", "a/b/c"));
    EXPECT_FALSE(matches("/a/*", "a"));
    EXPECT_TRUE(matches("/*/b.js", "a/b.js"));
    EXPECT_TRUE(matches("/a[1]{x,y}?.js", "a[1]{x,y}?.js"));
    EXPECT_FALSE(matches("/a[1]{x,y}?.js", "a1xz.js"));
    EXPECT_TRUE(matches("/{a,b}", "{a,b}.html"));
    EXPECT_TRUE(matches("/caf%C3%A9%20*.js", "caf\xC3\xA9 1.js"));
    EXPECT_TRUE(matches("/a%2Ab", "a*b"));
    EXPECT_FALSE(matches("/a%2Ab", "axb"));
}

TEST(HeadersFile, SaysWhatIsWrong) {
    const HeadersFile file = parse_headers_file(
        "A: b\n/a/:b\n  A: b\n/c\n  what\n  !\n  A: "
        "\x01\nhttps://x.example/\n  A: b\n/100%\n  A: b\n");
    EXPECT_TRUE(file.rules.empty());
    ASSERT_EQ(file.problems.size(), 7U);
    EXPECT_EQ(file.problems[0].text,
              "there is no path above; give one that begins with a slash, such as /*");
    EXPECT_EQ(file.problems[1].text,
              "a path in _headers has no names; give \"*\" for any characters");
    EXPECT_EQ(file.problems[2].line, 5U);
    EXPECT_EQ(file.problems[2].text,
              "give a field as \"Name: value\", or a path that begins with a slash");
    EXPECT_EQ(file.problems[3].text, "give the name of a field behind \"!\"");
    EXPECT_EQ(file.problems[4].line, 7U);
    EXPECT_EQ(file.problems[5].text, "fields are for all hosts of a site; give the path alone");
    EXPECT_EQ(file.problems[6].text,
              "\"/100%\" is not percent-encoded as it should be; for \"%\" give %25");
}

}  // namespace
}  // namespace torc::site
