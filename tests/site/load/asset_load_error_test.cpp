#include <torc/base/limits.hpp>

#include "site/load/asset_load_fixture.hpp"
#include "support/precompressed.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::site {
namespace {

using http::Status;
using test::AssetLoadTest;
using test::FakeFile;

using Opened = std::vector<std::string>;

// What is shown for it is loaded by another key, which many paths share.
TEST_F(AssetLoadTest, FindsThatNothingIsThereWithoutLookingForAPage) {
    put("404.html", "at the root");
    rules_.fallback_path = "index.html";
    const AssetLoad::Outcome outcome = load("a/b/c");
    EXPECT_EQ(outcome.asset->kind(), Asset::Kind::missing);
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(opened_, Opened{"a/b/c"});
}

TEST_F(AssetLoadTest, NeitherLooksForNorKeepsAPathThatIsTooLongForAnyFile) {
    const std::string longest(limits::path_bytes_max - 1, 'a');
    EXPECT_TRUE(load(longest).is_cacheable);
    EXPECT_EQ(opened_, Opened{longest});
    for (const std::string& path : {longest + 'a', longest.substr(1) + "a/", longest + "/a"}) {
        const AssetLoad::Outcome outcome = load(path);
        EXPECT_EQ(outcome.asset->kind(), Asset::Kind::missing);
        EXPECT_FALSE(outcome.is_cacheable);
        EXPECT_EQ(opened_, Opened{});
    }
    rules_.only_file = "file";
    EXPECT_FALSE(load(longest + 'a').is_cacheable);
}

TEST_F(AssetLoadTest, LooksForAnErrorPageUpwardFromThePath) {
    put("404.html", "at the root");
    const AssetRef found = error_at("a/b/c");
    EXPECT_EQ(found->kind(), Asset::Kind::error);
    EXPECT_EQ(found->status(), Status::not_found);
    EXPECT_EQ(found->page()->contents(), "at the root");
    EXPECT_EQ(opened_, (Opened{"a/b/404.html", "a/404.html", "404.html"}));
    put("a/404.html", "nearer");
    EXPECT_EQ(error_at("a/b/c")->page()->contents(), "nearer");
}

TEST_F(AssetLoadTest, LooksForAnErrorPageInADirectoryItself) {
    put("a/b/404.html", "here");
    EXPECT_EQ(error_at("a/b/")->page()->contents(), "here");
}

TEST_F(AssetLoadTest, HasErrorPagesByTheirStatus) {
    put("403.html", "no");
    put("404.html", "nothing");
    disk_["secret"] = FakeFile{.error = EACCES};
    EXPECT_EQ(asset("secret")->page()->contents(), "no");
    disk_["broken"] = FakeFile{.error = EIO};
    EXPECT_EQ(asset("broken")->page(), nullptr);
}

TEST_F(AssetLoadTest, GoesWithoutAnErrorPageWhenThereIsNone) {
    EXPECT_EQ(error_at("a/b")->page(), nullptr);
    put_directory("404.html");
    EXPECT_EQ(error_at("a/b")->page(), nullptr);
}

TEST_F(AssetLoadTest, KeepsNoErrorWhosePageCouldNotBeLookedFor) {
    EXPECT_TRUE(load_substitute(SubstituteKey::error_at("a")).is_cacheable);
    disk_["404.html"] = FakeFile{.error = EMFILE};
    EXPECT_FALSE(load_substitute(SubstituteKey::error_at("a")).is_cacheable);
}

TEST_F(AssetLoadTest, LooksForAnErrorPageInABoundedNumberOfDirectories) {
    std::string path;
    for (int depth = 0; depth < 1000; ++depth) {
        path += "a/";
    }
    (void)error_at(path + "file");
    EXPECT_EQ(opened_.size(), 16U + 1);
    EXPECT_EQ(opened_.back(), "404.html");
}

TEST_F(AssetLoadTest, ShowsTheRootsErrorPageForWhatIsHidden) {
    put(".git/404.html", "secret");
    put("404.html", "at the root");
    EXPECT_EQ(error_at(".git/config")->page()->contents(), "at the root");
}

TEST_F(AssetLoadTest, LoadsTheFallbackInAllItsCodings) {
    rules_.fallback_path = "app/index.html";
    put("app/index.html", "app");
    put("app/index.html.br", torc::test::brotli_like("br", 3));
    const AssetLoad::Outcome outcome = load_fallback();
    EXPECT_EQ(outcome.asset->kind(), Asset::Kind::file);
    EXPECT_EQ(outcome.asset->identity().contents(), "app");
    EXPECT_TRUE(outcome.asset->has_codings());
    EXPECT_EQ(outcome.asset->vary().field(),
              "Vary: Accept, Accept-Encoding, Sec-Fetch-Dest, Sec-Fetch-Mode\r\n");
    EXPECT_TRUE(outcome.is_cacheable);
}

// By its own URL it would be a redirect then.
TEST_F(AssetLoadTest, LoadsTheFallbackThoughUrlsAreClean) {
    rules_.has_clean_urls = true;
    rules_.fallback_path = "app/index.html";
    put("app/index.html", "app");
    EXPECT_EQ(load_fallback().asset->identity().contents(), "app");
}

TEST_F(AssetLoadTest, AnErrorTellsThatAFallbackCouldHaveComeInstead) {
    EXPECT_EQ(error_at("a")->vary().field(), "Vary: Accept\r\n") << "of torc's own page";
    rules_.fallback_path = "index.html";
    EXPECT_EQ(error_at("a")->vary().field(), "Vary: Accept, Sec-Fetch-Dest, Sec-Fetch-Mode\r\n");
}

TEST_F(AssetLoadTest, ShowsTheErrorWhereTheFallbackIsGone) {
    rules_.fallback_path = "app/index.html";
    put("404.html", "nothing");
    const AssetRef found = load_fallback().asset;
    EXPECT_EQ(found->kind(), Asset::Kind::error);
    EXPECT_EQ(found->status(), Status::not_found);
    EXPECT_EQ(found->page()->contents(), "nothing");
}

TEST_F(AssetLoadTest, ListsADirectoryWithoutAnIndex) {
    rules_.lists_directories = true;
    put_directory("a/");
    const AssetLoad::Outcome outcome = load("a/");
    EXPECT_EQ(outcome.asset->kind(), Asset::Kind::directory);
    EXPECT_TRUE(outcome.is_cacheable);
    put_directory(".");
    EXPECT_EQ(asset("")->kind(), Asset::Kind::directory);
    EXPECT_EQ(status("absent/"), Status::not_found);
}

TEST_F(AssetLoadTest, PrefersAnIndexToAListing) {
    rules_.lists_directories = true;
    put_directory("a/");
    put("a/index.html", "index");
    EXPECT_EQ(contents("a/"), "index");
}

TEST_F(AssetLoadTest, MakesAListingByItsKey) {
    put_directory("a/");
    std::string key;
    ListingKey{.path = "a/", .style = {.format = ListingFormat::json}}.write(key);
    const AssetLoad::Outcome outcome = load(key);
    EXPECT_EQ(outcome.asset->identity().contents(), "listing of a/");
    EXPECT_EQ(outcome.asset->vary().field(), "Vary: Accept\r\n");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(closer_.closed(), 1U);
}

TEST_F(AssetLoadTest, AnswersAListingThatFailsWithAnError) {
    put_directory(".");
    std::string key;
    ListingKey{.path = "", .style = {}}.write(key);
    listing_error_ = EIO;
    EXPECT_EQ(status(key), Status::internal_server_error);
    EXPECT_EQ(closer_.closed(), 1U);
}

}  // namespace
}  // namespace torc::site
