#include <torc/site/routing/redirects.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {
namespace {

using Over = Redirect::Over;

Redirect rule(std::string from, std::string to, std::string host = "", Over over = Over::files) {
    return {.host = std::move(host), .from = std::move(from), .to = std::move(to), .over = over};
}

class RedirectsTest : public ::testing::Test {
protected:
    void compile(const std::vector<Redirect>& list) {
        auto compiled = Redirects::compile(list);
        ASSERT_TRUE(compiled) << compiled.error().front().text;
        redirects_ = std::move(*compiled);
    }
    /// Where a request for `target`, a path with or without a query, is sent; empty: nowhere.
    std::string location(std::string_view target, std::string_view host = "a.example") {
        std::string scratch(target.size(), '\0');
        const auto resolved = http::resolve_target(target, scratch);
        const Redirects::Found found = redirects_.find(host, resolved->path);
        return found.where_file_is ? redirects_.location(*found.where_file_is, *resolved) : "";
    }

    Redirects redirects_;
};

TEST_F(RedirectsTest, AreNoneOfAnEmptyList) {
    EXPECT_EQ(location("/"), "");
    compile({});
    EXPECT_EQ(location("/"), "");
    EXPECT_TRUE(redirects_.empty());
}

TEST_F(RedirectsTest, AreForExactPaths) {
    compile({rule("/old", "/new"), rule("/", "/home"), rule("/d/", "/e"), rule("/a%20b", "/c d")});
    EXPECT_EQ(location("/old"), "/new");
    EXPECT_EQ(location("/"), "/home");
    EXPECT_EQ(location("/d/"), "/e");
    EXPECT_EQ(location("/a%20b"), "/c%20d");
    for (const std::string_view path : {"/old/", "/d", "/Old", "/older", "/ol", "/x/old"}) {
        EXPECT_EQ(location(path), "") << path;
    }
}

TEST_F(RedirectsTest, PutTheRestIntoTheLocation) {
    compile({rule("/old/*", "/new/:splat"), rule("/x/y*", "https://b.example:8443/:splat?a#f")});
    EXPECT_EQ(location("/old/a/b"), "/new/a/b");
    EXPECT_EQ(location("/old/a/"), "/new/a/");
    EXPECT_EQ(location("/old/"), "/new/");
    EXPECT_EQ(location("/old"), "");
    EXPECT_EQ(location("/older/"), "");
    EXPECT_EQ(location("/x/y1"), "https://b.example:8443/1?a#f");
    EXPECT_EQ(location("/x/y"), "https://b.example:8443/?a#f");
    EXPECT_EQ(location("/x/"), "");
}

TEST_F(RedirectsTest, PutNamedSegmentsIntoTheLocation) {
    compile(
        {rule("/blog/:year/:slug", "/posts/:slug-:year.html"), rule("/u/:id/*", "/:splat/:id")});
    EXPECT_EQ(location("/blog/2024/hello"), "/posts/hello-2024.html");
    EXPECT_EQ(location("/blog/2024/"), "");
    EXPECT_EQ(location("/blog/2024"), "");
    EXPECT_EQ(location("/blog/2024/a/b"), "");
    EXPECT_EQ(location("/u/7/a/b"), "/a/b/7");
    EXPECT_EQ(location("/u/7/"), "/7");
}

TEST_F(RedirectsTest, TakeTheFirstOfTheListThatMatches) {
    compile({rule("/a/:x", "/1"), rule("/a/b", "/2"), rule("/c/d", "/3"), rule("/c/*", "/4"),
             rule("/c/:x/f", "/5"), rule("/:x/e", "/6"), rule("/:x/g/*", "/7"),
             rule("/g/g/h", "/8"), rule("/h*", "/9"), rule("/hi/*", "/10"), rule("/hi", "/11")});
    EXPECT_EQ(location("/a/b"), "/1");
    EXPECT_EQ(location("/c/d"), "/3");
    EXPECT_EQ(location("/c/e/f"), "/4");
    EXPECT_EQ(location("/a/e"), "/1");
    EXPECT_EQ(location("/b/e"), "/6");
    EXPECT_EQ(location("/g/g/h"), "/7");
    EXPECT_EQ(location("/hi/a"), "/9");
    EXPECT_EQ(location("/hi"), "/9");
}

TEST_F(RedirectsTest, GoBackToANameWhereALiteralLeadsNowhere) {
    compile({rule("/a/b/c", "/1"), rule("/a/b/:x/d", "/2"), rule("/:x/b/e", "/3")});
    EXPECT_EQ(location("/a/b/e"), "/3");
    EXPECT_EQ(location("/a/b/c"), "/1");
    EXPECT_EQ(location("/a/b/c/d"), "/2");
}

TEST_F(RedirectsTest, AreForTheirHostAlone) {
    compile({rule("/*", "https://example.org/:splat", "www.example.org"), rule("/a", "/1"),
             rule("/a", "/2", "b.example"), rule("/b", "/3", "b.example"), rule("/b", "/4")});
    EXPECT_EQ(location("/a", "www.example.org"), "https://example.org/a");
    EXPECT_EQ(location("/", "WWW.Example.org."), "https://example.org/");
    EXPECT_EQ(location("/a", "example.org"), "/1");
    EXPECT_EQ(location("/a", "b.example"), "/1");
    EXPECT_EQ(location("/b", "b.example"), "/3");
    EXPECT_EQ(location("/b", ""), "/4");
}

TEST_F(RedirectsTest, TellWhichCountsWhereAFileIsAndWhereNothingIs) {
    compile({rule("/a", "/1", "", Over::nothing_else), rule("/a", "/2"), rule("/b", "/3"),
             rule("/*", "/4", "", Over::nothing_else)});
    const Redirects::Found both = redirects_.find("", "a");
    EXPECT_EQ(both.where_file_is, 1U);
    EXPECT_EQ(both.where_nothing_is, 0U);
    EXPECT_TRUE(both.depends_on_file());
    const Redirects::Found certain = redirects_.find("", "b");
    EXPECT_EQ(certain.where_file_is, 2U);
    EXPECT_FALSE(certain.depends_on_file());
    const Redirects::Found only_where_nothing_is = redirects_.find("", "c");
    EXPECT_FALSE(only_where_nothing_is.where_file_is);
    EXPECT_EQ(only_where_nothing_is.where_nothing_is, 3U);
}

TEST_F(RedirectsTest, KeepTheQueryUnlessTheyHaveOne) {
    compile({rule("/a", "/b"), rule("/c", "/d?x=1"), rule("/e", "/f#g"),
             rule("/s/:q", "/find?q=:q&r=1")});
    EXPECT_EQ(location("/a?k=v&w=%20"), "/b?k=v&w=%20");
    EXPECT_EQ(location("/a?"), "/b?");
    EXPECT_EQ(location("/c?k=v"), "/d?x=1");
    EXPECT_EQ(location("/e?k"), "/f?k#g");
    EXPECT_EQ(location("/s/a%26b=c%20d?k"), "/find?q=a%26b%3Dc%20d&r=1");
}

TEST_F(RedirectsTest, EncodeWhatTheyPutIn) {
    compile({rule("/old/*", "/new/:splat")});
    EXPECT_EQ(location("/old/%0D%0ASet-Cookie:%20a"), "/new/%0D%0ASet-Cookie:%20a");
    EXPECT_EQ(location("/old/a%3Fb%23c%25d"), "/new/a%3Fb%23c%25d");
    EXPECT_EQ(location("/old/%5C%5Cevil.example"), "/new/%5C%5Cevil.example");
    EXPECT_EQ(location("/old/\xC3\xA4"), "/new/%C3%A4");
}

TEST_F(RedirectsTest, NeverLeadToAHostThatIsPutIn) {
    compile({rule("/old*", "/:splat"), rule("/x/*", "/:splat/evil.example"),
             rule("/y*", "https://b.example/:splat"), rule("/z/*", "/:splat")});
    EXPECT_EQ(location("/old/evil.example/"), "/evil.example/");
    EXPECT_EQ(location("/old//evil.example"), "/evil.example");
    EXPECT_EQ(location("/x/"), "/evil.example");
    EXPECT_EQ(location("/y/evil.example"), "https://b.example/evil.example");
    EXPECT_EQ(location("/z//evil.example"), "/evil.example");
    EXPECT_EQ(location("/z/%5Cevil.example"), "/%5Cevil.example");
}

TEST_F(RedirectsTest, SayHowLongTheLocationIsAtTheMost) {
    compile({rule("/*", "https://b.example/:splat/:splat?q=:splat")});
    const std::string path(100, '\x7F');
    const http::Target target{.path = path, .query = path, .has_query = true};
    EXPECT_GE(redirects_.location_bytes_max(0, target), redirects_.location(0, target).size());
}

TEST(RedirectFlaw, IsNoneOfARedirect) {
    for (const Redirect& redirect :
         {rule("/a", "/a/"), rule("/a/", "/a"), rule("/a/:b", "/a"), rule("/a", "/b?c:d"),
          rule("/*", "https://example.org/:splat"), rule("/wiki", "/wiki/Special:Search"),
          rule("/*", "http://example.org/:splat", "www.example.org"),
          rule("/*", "https://example.org/:splat", "example.org"),
          rule("/*", "/404.html", "", Over::nothing_else), rule("/a", "http://[::1]:80"),
          rule("/%3Aa", "/x:b:"), rule("/a", "https://b.example?x")}) {
        EXPECT_EQ(find_redirect_flaw(redirect), "") << redirect.from << ' ' << redirect.to;
    }
}

TEST(RedirectFlaw, SaysWhatIsWrongWithThePath) {
    for (const auto& [from, flaw] : std::vector<std::pair<std::string, std::string>>{
             {"old", "a path begins with a slash; give /old"},
             {"/a?b=c", "a redirect is from a path, whatever the query is; give /a"},
             {"/a/*/b",
              "an asterisk stands for the rest of a path, at its end alone; for one "
              "segment give a name, as :name"},
             {"/:a/:a", "there are two of the name \":a\"; give them different ones"},
             {"/:splat/*", "there are two of the name \":splat\"; give them different ones"},
             {"/:1",
              "\":1\" is no name: those are of letters, digits and \"_\"; for a colon give "
              "%3A"},
             {"/%zz", "\"%zz\" is not percent-encoded as it should be; for \"%\" give %25"},
             {"/a//b",
              "a path is matched without empty segments, \".\" and \"..\"; leave them "
              "out"},
             {"/a/../b",
              "a path is matched without empty segments, \".\" and \"..\"; leave them "
              "out"},
             {"/a%2Fb", "no path has \"a%2Fb\" in it"}}) {
        EXPECT_EQ(find_redirect_flaw(rule(from, "/to")), "from \"" + from + "\": " + flaw);
    }
}

TEST(RedirectFlaw, SaysWhatIsWrongWithTheLocation) {
    for (const auto& [to, flaw] : std::vector<std::pair<std::string, std::string>>{
             {"new",
              "give a path, which begins with a slash, or a URI that begins with http:// or "
              "https://"},
             {"javascript:alert(1)",
              "give a path, which begins with a slash, or a URI that begins "
              "with http:// or https://"},
             {"//b.example/", "it leads to another host; give https://b.example/"},
             {"/:year",
              "there is no :year in the path that the redirect is from; for a colon give "
              "%3A"},
             {"/?a=:year",
              "there is no :year in the path that the redirect is from; for a colon "
              "give %3A"},
             {"https://:splat/", "a host can't depend on the request; give a redirect for each"},
             {"https://a@b/", "\"a@b\" is no host; give a URI like https://example.org/:splat"},
             {"https:///a", "\"\" is no host; give a URI like https://example.org/:splat"}}) {
        EXPECT_EQ(find_redirect_flaw(rule("/from/*", to)), "to \"" + to + "\": " + flaw);
    }
}

TEST(RedirectFlaw, IsALoop) {
    for (const Redirect& redirect :
         {rule("/a", "/a"), rule("/a", "/a?b"), rule("/a", "/a#b"), rule("/a", "/%61"),
          rule("/*", "/b/:splat"), rule("/a/*", "/a/b"), rule("/:x", "/y"),
          rule("/a", "/a", "", Over::nothing_else), rule("/*", "/x", "b.example"),
          rule("/*", "http://B.example/x", "b.example")}) {
        EXPECT_TRUE(find_redirect_flaw(redirect).contains("leads to itself"))
            << redirect.from << ' ' << redirect.to;
    }
}

TEST(RedirectFlaw, IsAStatusOfSomethingElse) {
    Redirect redirect = rule("/a", "/b");
    redirect.status = http::Status::ok;
    EXPECT_EQ(find_redirect_flaw(redirect),
              "a redirect has the status 301, 302, 307 or 308, not 200");
}

TEST(RedirectFlaw, IsGivenForEachOfAList) {
    const std::vector<Redirect> list = {rule("a", "/b"), rule("/a", "/b"), rule("/a", "b")};
    const auto compiled = Redirects::compile(list);
    ASSERT_FALSE(compiled);
    ASSERT_EQ(compiled.error().size(), 2U);
    EXPECT_EQ(compiled.error()[0].index, 0U);
    EXPECT_EQ(compiled.error()[1].index, 2U);
}

}  // namespace
}  // namespace torc::site
