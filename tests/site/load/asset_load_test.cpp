#include <torc/site/load/asset_load.hpp>

#include "site/load/asset_load_fixture.hpp"
#include "support/precompressed.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace torc::site {
namespace {

using http::ContentCoding;
using http::Status;
using test::AssetLoadTest;
using test::FakeFile;
using torc::test::brotli_like;
using torc::test::gzip_like;
using torc::test::zstd_like;

using Opened = std::vector<std::string>;

TEST_F(AssetLoadTest, LoadsAFile) {
    rules_.codings.clear();
    put("a/page.html", "12345");
    const AssetLoad::Outcome outcome = load("a/page.html");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(outcome.asset->identity().contents(), "12345");
    EXPECT_EQ(outcome.asset->identity().content_type(), "text/html; charset=utf-8");
    EXPECT_TRUE(outcome.asset->identity().fields().contains("Cache-Control: no-cache\r\n"));
    EXPECT_EQ(opened_, Opened{"a/page.html"});
    EXPECT_EQ(closer_.closed(), 1U);
}

TEST_F(AssetLoadTest, KeepsALargeFileByItsDescriptor) {
    rules_.contents_bytes_max = 4;
    put("file", "12345");
    const AssetRef file = asset("file");
    EXPECT_FALSE(file->identity().is_in_memory());
    EXPECT_EQ(closer_.closed(), 0U);
}

TEST_F(AssetLoadTest, RedirectsADirectoryWithoutItsSlash) {
    put_directory("directory");
    const AssetLoad::Outcome outcome = load("directory");
    EXPECT_EQ(outcome.asset->location(), "directory/");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_EQ(closer_.closed(), 1U);
}

TEST_F(AssetLoadTest, TriesTheIndexNamesOfADirectoryInOrder) {
    rules_.index_names = {"a.html", "b.html", "c.html"};
    put("directory/b.html", "b");
    put("directory/c.html", "c");
    EXPECT_EQ(contents("directory/"), "b");
    EXPECT_EQ(opened_[0], "directory/a.html");
    EXPECT_EQ(status("empty/"), Status::not_found);
}

TEST_F(AssetLoadTest, TakesTheMediaTypeOfTheIndexFile) {
    put("index.html", "1");
    EXPECT_EQ(asset("")->identity().content_type(), "text/html; charset=utf-8");
}

TEST_F(AssetLoadTest, SkipsADirectoryByTheNameOfAnIndexFile) {
    rules_.index_names = {"index.html", "index.htm"};
    put_directory("index.html");
    put("index.htm", "1");
    EXPECT_EQ(contents(""), "1");
}

TEST_F(AssetLoadTest, DoesNotHideAForbiddenIndexBehindTheNextOne) {
    rules_.index_names = {"index.html", "index.htm"};
    disk_["index.html"] = FakeFile{.error = EACCES};
    put("index.htm", "1");
    EXPECT_EQ(status(""), Status::forbidden);
}

TEST_F(AssetLoadTest, ServesNothingButFilesAndDirectories) {
    for (const unsigned mode : {0U + S_IFIFO, 0U + S_IFSOCK, 0U + S_IFCHR, 0U + S_IFBLK}) {
        disk_["special"] = FakeFile{.mode = mode};
        EXPECT_EQ(status("special"), Status::not_found);
    }
}

TEST_F(AssetLoadTest, ServesNothingThatIsHidden) {
    put(".git/config", "secret");
    put("a/.htpasswd", "secret");
    put(".well-known/security.txt", "public");
    EXPECT_EQ(status(".git/config"), Status::not_found);
    EXPECT_EQ(status("a/.htpasswd"), Status::not_found);
    EXPECT_EQ(contents(".well-known/security.txt"), "public");
}

TEST_F(AssetLoadTest, AnswersAnErrorByItsKind) {
    const auto status_of = [this](int error) {
        disk_["file"] = FakeFile{.error = error};
        const Status found = status("file");
        EXPECT_EQ(load("file").is_cacheable, found == Status::not_found);
        return found;
    };
    for (const int error : {ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, EXDEV, ENXIO, ENODEV, EINVAL}) {
        EXPECT_EQ(status_of(error), Status::not_found) << Errno(error).name();
    }
    for (const int error : {EACCES, EPERM}) {
        EXPECT_EQ(status_of(error), Status::forbidden) << Errno(error).name();
    }
    for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS, EAGAIN}) {
        EXPECT_EQ(status_of(error), Status::service_unavailable) << Errno(error).name();
    }
    for (const int error : {EIO, ESTALE, ENOSYS}) {
        EXPECT_EQ(status_of(error), Status::internal_server_error) << Errno(error).name();
    }
}

TEST_F(AssetLoadTest, GivesThePreviousAssetWhenNothingChanged) {
    put("file", "12345");
    put("file.br", brotli_like("1", 5));
    const AssetRef previous = asset("file");
    const AssetLoad::Outcome outcome = load("file", previous);
    EXPECT_EQ(outcome.asset.get(), previous.get());
    EXPECT_TRUE(outcome.is_cacheable);
}

TEST_F(AssetLoadTest, ReadsAgainOnlyWhatChanged) {
    put("file", "12345");
    put("file.br", brotli_like("1", 5));
    const AssetRef previous = asset("file");
    put("file.br", brotli_like("12", 5));
    const AssetRef again = load("file", previous).asset;
    EXPECT_EQ(&again->identity(), &previous->identity());
    EXPECT_EQ(again->representation(ContentCoding::brotli)->contents(), brotli_like("12", 5));

    disk_.erase("file.br");
    EXPECT_FALSE(load("file", previous).asset->has_codings());
}

TEST_F(AssetLoadTest, LooksForEveryCodingBesideAFile) {
    put("a.css", "12345");
    put("a.css.gz", gzip_like("gz", "12345"));
    put("a.css.br", brotli_like("br", 5));
    put("a.css.zst", zstd_like("zst", 5));
    const AssetRef found = asset("a.css");
    EXPECT_EQ(opened_, (Opened{"a.css", "a.css.br", "a.css.zst", "a.css.gz"}));
    EXPECT_EQ(found->representation(ContentCoding::gzip)->contents(), gzip_like("gz", "12345"));
    EXPECT_EQ(found->representation(ContentCoding::brotli)->contents(), brotli_like("br", 5));
    EXPECT_EQ(found->representation(ContentCoding::zstd)->contents(), zstd_like("zst", 5));
    EXPECT_EQ(found->representation(ContentCoding::gzip)->content_type(),
              "text/css; charset=utf-8");
    EXPECT_EQ(closer_.closed(), 4U);
}

TEST_F(AssetLoadTest, DoesNotUseACodingThatIsOlderThanItsFile) {
    put("a.css", "12345");
    const std::int64_t modified = disk_["a.css"].modified;
    const std::string coded = gzip_like("coded", "12345");
    disk_["a.css.gz"] = FakeFile{.contents = coded, .modified = modified - 1};
    EXPECT_FALSE(asset("a.css")->has_codings());
    for (const std::int64_t later : {0, 1}) {
        disk_["a.css.gz"] = FakeFile{.contents = coded, .modified = modified + later};
        EXPECT_TRUE(asset("a.css")->has_codings());
    }
}

TEST_F(AssetLoadTest, DoesNotUseACodingThatCannotBeOfItsFileAndSaysWhich) {
    put("a/app.js", "12345");
    put("a/app.js.gz", gzip_like("other", 6));
    put("a/app.js.br", "");
    put("a/app.js.zst", zstd_like("right", 5));
    const AssetLoad::Outcome outcome = load("a/app.js");
    EXPECT_EQ(outcome.asset->representation(ContentCoding::gzip), nullptr);
    EXPECT_EQ(outcome.asset->representation(ContentCoding::brotli), nullptr);
    EXPECT_NE(outcome.asset->representation(ContentCoding::zstd), nullptr);
    EXPECT_TRUE(outcome.is_cacheable);
    ASSERT_EQ(outcome.refused.size(), 2U);
    EXPECT_EQ(outcome.refused[0].path, "a/app.js.br");
    EXPECT_EQ(outcome.refused[0].why, "it is empty");
    EXPECT_EQ(outcome.refused[1].path, "a/app.js.gz");
    EXPECT_EQ(outcome.refused[1].why, "it was made from a file of another size");
    EXPECT_NE(outcome.refused[1].remedy, "");
}

TEST_F(AssetLoadTest, LooksAtTheBeginningAndTheEndOfALargeCoding) {
    rules_.contents_bytes_max = 10;
    put("file", std::string(500, '1'));
    put("file.gz", gzip_like(std::string(200, '2'), 500));
    const AssetRef right = load("file").asset;
    ASSERT_NE(right->representation(ContentCoding::gzip), nullptr);
    EXPECT_TRUE(right->representation(ContentCoding::gzip)->is_on_disk());
    put("file.gz", gzip_like(std::string(200, '2'), 501));
    EXPECT_FALSE(load("file").asset->has_codings());
    put("file.gz", std::string(200, '2'));
    EXPECT_FALSE(load("file").asset->has_codings());
}

// As a rollback leaves it: the original is older than what was made from another version.
TEST_F(AssetLoadTest, DoesNotUseACodingOfOtherContentsOfTheSameSize) {
    put("file", "12345");
    put("file.gz", gzip_like("coded", "12345"));
    const AssetRef previous = asset("file");
    ASSERT_TRUE(previous->has_codings());
    put("file", "54321");
    disk_["file"].modified -= 1000;
    const AssetLoad::Outcome outcome = load("file", previous);
    EXPECT_FALSE(outcome.asset->has_codings());
    ASSERT_EQ(outcome.refused.size(), 1U);
    EXPECT_EQ(outcome.refused[0].why, "it was made from a file with other contents");
    // What is not in memory is not read for it.
    rules_.contents_bytes_max = 4;
    EXPECT_TRUE(load("file").asset->has_codings());
}

TEST_F(AssetLoadTest, LooksAtACodingAgainWhenItsFileHasChanged) {
    put("file", "12345");
    put("file.gz", gzip_like("coded", "12345"));
    const AssetRef previous = asset("file");
    ASSERT_TRUE(previous->has_codings());
    put("file", "123456");
    const AssetLoad::Outcome outcome = load("file", previous);
    EXPECT_FALSE(outcome.asset->has_codings());
    EXPECT_EQ(outcome.refused.size(), 1U);
}

TEST_F(AssetLoadTest, DoesNotTakeADirectoryForACoding) {
    put("a.css", "12345");
    put_directory("a.css.gz");
    EXPECT_FALSE(asset("a.css")->has_codings());
}

TEST_F(AssetLoadTest, DoesNotCacheWhatLacksACodingForAShortage) {
    put("a.css", "12345");
    disk_["a.css.br"] = FakeFile{.error = EMFILE};
    EXPECT_FALSE(load("a.css").is_cacheable);
}

TEST_F(AssetLoadTest, LooksForNoCodingWhenNoneIsWanted) {
    rules_.codings.clear();
    put("a.css", "12345");
    put("a.css.gz", gzip_like("gz", "12345"));
    EXPECT_FALSE(asset("a.css")->has_codings());
}

using AssetLoadDeathTest = AssetLoadTest;

TEST_F(AssetLoadDeathTest, HasNoResultBeforeItsEnd) {
    AssetLoad load("file", {}, rules_, test::loaded_at);
    (void)load.start();
    EXPECT_DEATH((void)load.take_result(), "outcome_");
}

constexpr std::int64_t look_seconds = test::loaded_at.time_since_epoch() / std::chrono::seconds(1);

TEST_F(AssetLoadTest, AFileThatWasNotWrittenOfLateIsReadOnce) {
    put("file", "before");
    const AssetRef before = load("file").asset;
    disk_["file"].contents = "after!";
    EXPECT_EQ(load("file", before).asset.get(), before.get());
}

TEST_F(AssetLoadTest, AFileThatWasWrittenJustBeforeTheLookIsReadAgain) {
    for (const std::int64_t age : {0, 1}) {
        put("file", "before");
        disk_["file"].modified = disk_["file"].changed = look_seconds - age;
        const AssetLoad::Outcome before = load("file");
        EXPECT_TRUE(before.is_cacheable);
        EXPECT_FALSE(before.is_watchable) << "it would be trusted for long";
        disk_["file"].contents = "after!";  // At the same time, to the step of the file system.
        now_ += std::chrono::seconds(10);
        const AssetLoad::Outcome after = load("file", before.asset);
        EXPECT_EQ(after.asset->identity().contents(), "after!");
        EXPECT_TRUE(after.is_watchable);
        EXPECT_EQ(load("file", after.asset).asset.get(), after.asset.get());
        now_ = test::loaded_at;
    }
}

TEST_F(AssetLoadTest, AFileWhoseTimeWasSetJustBeforeTheLookIsReadAgain) {
    put("file", "before");
    disk_["file"].changed = look_seconds;
    const AssetRef before = load("file").asset;
    disk_["file"].contents = "after!";
    EXPECT_EQ(load("file", before).asset->identity().contents(), "after!");
}

TEST_F(AssetLoadTest, ALargeFileGetsTheTagOfItsTimeOnceThatIsPast) {
    rules_.contents_bytes_max = 4;
    put("file", "12345");
    disk_["file"].modified = look_seconds + 5;
    const AssetLoad::Outcome early = load("file");
    EXPECT_EQ(early.asset->identity().validators().etag, test::etag_of_12345);
    EXPECT_FALSE(early.asset->identity().validators().has_last_modified);
    EXPECT_FALSE(early.is_watchable) << "it would keep its tag for long";
    EXPECT_EQ(load("file", early.asset).asset.get(), early.asset.get());
    now_ += std::chrono::seconds(7);
    const AssetLoad::Outcome later = load("file", early.asset);
    EXPECT_TRUE(later.asset->identity().validators().etag.ends_with("-5\""));
    EXPECT_TRUE(later.asset->identity().validators().has_last_modified);
    EXPECT_TRUE(later.is_watchable);
}

TEST_F(AssetLoadTest, AFileThatNoLinkLeadsToCanBeWatched) {
    put("file");
    EXPECT_TRUE(load("file").is_watchable);
}

TEST_F(AssetLoadTest, AFileThatALinkLeadsToCannotBeWatched) {
    put("file");
    disk_["file"].is_link = true;
    const AssetLoad::Outcome outcome = load("file");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_FALSE(outcome.is_watchable);
}

TEST_F(AssetLoadTest, AFileWithAPrecompressedOneThatALinkLeadsToCannotBeWatched) {
    put("file", "12345");
    put("file.gz", gzip_like("123", "12345"));
    disk_["file.gz"].is_link = true;
    EXPECT_FALSE(load("file").is_watchable);
}

TEST_F(AssetLoadTest, AFileThatMayBeWrittenByAnotherNameCannotBeWatched) {
    put("file", "12345");
    put("file.gz", gzip_like("123", "12345"));
    disk_["file.gz"].links = 2;
    const AssetLoad::Outcome outcome = load("file");
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_FALSE(outcome.is_watchable);
    disk_["file.gz"].links = 1;
    disk_["file"].links = 2;
    EXPECT_FALSE(load("file").is_watchable);
}

TEST_F(AssetLoadTest, ADirectoryThatHasDirectoriesInItCanBeWatched) {
    put_directory("directory");
    disk_["directory"].links = 3;
    EXPECT_TRUE(load("directory").is_watchable);
}

TEST_F(AssetLoadTest, AListingCanBeWatchedIfAllThatItShowsCan) {
    put_directory("directory/");
    rules_.lists_directories = true;
    std::string key;
    ListingKey{.path = "directory/", .style = {}}.write(key);
    const AssetLoad::Outcome outcome = load(key);
    EXPECT_TRUE(outcome.is_cacheable);
    EXPECT_TRUE(outcome.is_watchable);
    listed_directory_.is_watchable = false;
    EXPECT_FALSE(load(key).is_watchable);
}

TEST_F(AssetLoadTest, LooksIntoTextForItsCharset) {
    put("utf8.txt", "na\xC3\xAFve");
    put("latin1.txt", "na\xEFve");
    put("koi8.html", "<meta charset=koi8-r>\xF0");
    EXPECT_EQ(asset("utf8.txt")->identity().content_type(), "text/plain; charset=utf-8");
    EXPECT_EQ(asset("latin1.txt")->identity().content_type(), "text/plain");
    EXPECT_EQ(asset("koi8.html")->identity().content_type(), "text/html");
}

TEST_F(AssetLoadTest, LooksIntoTheBeginningOfTextThatIsNotReadWhole) {
    put("latin1.txt", "na\xEFve");
    put("film.ts", std::string("\x47\x40\0\x10", 4));
    rules_.contents_bytes_max = 0;
    EXPECT_EQ(asset("latin1.txt")->identity().content_type(), "text/plain");
    const AssetRef film = asset("film.ts");
    EXPECT_EQ(film->identity().content_type(), "video/mp2t");
    EXPECT_TRUE(film->identity().is_on_disk());
    // Nothing of it is read again.
    EXPECT_EQ(load("film.ts", film).asset.get(), film.get());
}

TEST_F(AssetLoadTest, APrecompressedFileHasTheTypeOfWhatItWasMadeFrom) {
    put("latin1.txt", "na\xEFve");
    put("latin1.txt.gz", gzip_like("coded", "na\xEFve"));
    const AssetRef found = asset("latin1.txt");
    EXPECT_EQ(found->representation(http::ContentCoding::gzip)->content_type(), "text/plain");
    disk_["latin1.txt.gz"].modified += 1;
    const AssetRef renewed = load("latin1.txt", found).asset;
    EXPECT_EQ(&renewed->identity(), &found->identity());
    EXPECT_EQ(renewed->representation(http::ContentCoding::gzip)->content_type(), "text/plain");
}

TEST_F(AssetLoadTest, CompressedSvgHasItsCodingAndNoOther) {
    put("logo.svgz", "\x1F\x8B\x08");
    put("logo.svgz.gz", "\x1F\x8B\x08");
    const AssetRef found = asset("logo.svgz");
    EXPECT_EQ(found->identity().content_type(), "image/svg+xml");
    EXPECT_TRUE(found->identity().fields().contains("\r\nContent-Encoding: gzip\r\n"));
    EXPECT_FALSE(found->has_codings());
    put("plain.svgz", "<svg/>");
    EXPECT_FALSE(asset("plain.svgz")->identity().fields().contains("Content-Encoding"));
}

TEST_F(AssetLoadTest, TakesTheTypeOfARule) {
    rules_.types = {make_type_rule("*.foo", "application/x-foo"),
                    make_type_rule("/a/*", "text/plain")};
    put("file.foo", "x");
    put("a/page.html", "<p>");
    put("a/404.html", "<p>");
    EXPECT_EQ(asset("file.foo")->identity().content_type(), "application/x-foo");
    EXPECT_EQ(asset("a/page.html")->identity().content_type(), "text/plain; charset=utf-8");
    EXPECT_EQ(error_at("a/absent")->page()->content_type(), "text/plain; charset=utf-8");
}

TEST_F(AssetLoadTest, KnowsWhereItDoesNotKnowTheType) {
    put("s.js?ver=5.1", "let a");
    put("firmware.bin", "x");
    EXPECT_FALSE(asset("s.js?ver=5.1")->identity().is_type_known());
    EXPECT_TRUE(asset("firmware.bin")->identity().is_type_known());
}

}  // namespace
}  // namespace torc::site
