// Files that are found beneath directories that were the root before.

#include "asset_load_fixture.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

const std::string script = "assets/index-BfX9a2_k.js";

class AssetLoadPreviousTest : public test::AssetLoadTest {
protected:
    AssetLoadPreviousTest() {
        rules_.keep_previous = std::chrono::minutes(10);
        rules_.codings = {};
        previous_disks_.resize(2);
    }
    void put_before(const std::string& path, std::string_view contents, std::size_t deploys = 1) {
        previous_disks_[deploys - 1][path] = test::FakeFile{.contents = std::string(contents)};
    }
    /// What is at the path now, and not just what was there before.
    void put_error(const std::string& path, int error) {
        disk_[path] = test::FakeFile{.error = error};
    }
};

TEST_F(AssetLoadPreviousTest, ServesAFileThatTheRootBeforeHas) {
    put_before(script, "before");
    const AssetLoad::Outcome found = load(script);
    EXPECT_EQ(found.asset->identity().contents(), "before");
    EXPECT_EQ(found.asset->identity().content_type(), "text/javascript; charset=utf-8");
    EXPECT_TRUE(found.is_of_previous_root);
    EXPECT_TRUE(found.is_cacheable);
    EXPECT_FALSE(found.is_watchable) << "what changes there is not reported";
}

TEST_F(AssetLoadPreviousTest, ServesTheYoungest) {
    put_before(script, "before the last deploy", 2);
    EXPECT_EQ(contents(script), "before the last deploy");
    put_before(script, "before", 1);
    EXPECT_EQ(contents(script), "before");
}

TEST_F(AssetLoadPreviousTest, ServesWhatTheRootHasWithoutALookAnywhereElse) {
    put(script, "now");
    put_before(script, "before");
    const AssetLoad::Outcome found = load(script);
    EXPECT_EQ(found.asset->identity().contents(), "now");
    EXPECT_FALSE(found.is_of_previous_root);
    EXPECT_EQ(opened_, std::vector{script});
}

TEST_F(AssetLoadPreviousTest, ServesItWithThePrecompressedFilesOfTheSameRoot) {
    rules_.codings = {http::ContentCoding::brotli};
    put(script + ".br", "of another file");
    put_before(script, "before");
    put_before(script + ".br", "coded", 1);
    const AssetRef found = asset(script);
    ASSERT_NE(found->representation(http::ContentCoding::brotli), nullptr);
    EXPECT_EQ(found->representation(http::ContentCoding::brotli)->contents(), "coded");
}

TEST_F(AssetLoadPreviousTest, SaysThatNothingIsThereWhenNoRootHasIt) {
    const AssetLoad::Outcome found = load(script);
    EXPECT_EQ(found.asset->kind(), Asset::Kind::missing);
    EXPECT_TRUE(found.is_cacheable);
    EXPECT_EQ(opened_, (std::vector{script, script, script}));
}

TEST_F(AssetLoadPreviousTest, LooksNowhereElseUnlessItIsToKeepThem) {
    rules_.keep_previous = std::chrono::seconds(0);
    put_before(script, "before");
    EXPECT_EQ(status(script), http::Status::not_found);
    EXPECT_EQ(opened_, std::vector{script});
}

TEST_F(AssetLoadPreviousTest, ServesNoPageOfTheRootBefore) {
    for (const char* const path : {"index.html", "about", "assets/page-BfX9a2_k.html", ""}) {
        put_before(path, "before");
        put_before(std::string(path) + "index.html", "before");
        EXPECT_EQ(status(path), http::Status::not_found) << path;
    }
}

TEST_F(AssetLoadPreviousTest, ServesNothingThatIsNotNamedByItsContents) {
    put_before("app.js", "before");
    EXPECT_EQ(status("app.js"), http::Status::not_found);
}

TEST_F(AssetLoadPreviousTest, ServesNothingOfWhatTheRootHasInAnotherWay) {
    put_before(script, "before");
    put_directory(script);
    EXPECT_EQ(location(script), script + "/");
    disk_[script] = test::FakeFile{.mode = S_IFIFO};
    EXPECT_EQ(status(script), http::Status::not_found);
    // It may not be read, or is a symbolic link that leads out of the root.
    put_error(script, EACCES);
    EXPECT_EQ(status(script), http::Status::forbidden);
    put_error(script, EXDEV);
    EXPECT_EQ(status(script), http::Status::not_found);
    // The directory that it would be in is a file.
    put_error(script, ENOTDIR);
    EXPECT_EQ(contents(script), "before");
}

TEST_F(AssetLoadPreviousTest, ServesNothingThatTheRootBeforeWouldNotServe) {
    for (const test::FakeFile& file :
         {test::FakeFile{.mode = S_IFDIR}, test::FakeFile{.mode = S_IFIFO},
          test::FakeFile{.error = EACCES}, test::FakeFile{.error = EXDEV}}) {
        previous_disks_[0][script] = file;
        EXPECT_EQ(status(script), http::Status::not_found);
    }
    const std::string hidden = "assets/.index-BfX9a2_k.js";
    rules_.cache_control = {{.glob = "*", .value = "immutable"}};
    put_before(hidden, "before");
    EXPECT_EQ(status(hidden), http::Status::not_found);
    EXPECT_TRUE(opened_.empty());
}

TEST_F(AssetLoadPreviousTest, SaysThatItCanNotTellWhenSomethingIsShort) {
    previous_disks_[0][script] = test::FakeFile{.error = EMFILE};
    const AssetLoad::Outcome found = load(script);
    EXPECT_EQ(found.asset->status(), http::Status::service_unavailable);
    EXPECT_FALSE(found.is_cacheable);
}

TEST_F(AssetLoadPreviousTest, NeverServesAnErrorPageOrAFallbackOfTheRootBefore) {
    rules_.fallback_path = script;
    put_before("404.html", "before");
    put_before(script, "before");
    EXPECT_EQ(error_at("assets/none.js")->kind(), Asset::Kind::error);
    EXPECT_EQ(load_fallback().asset->kind(), Asset::Kind::error);
}

}  // namespace
}  // namespace torc::site
