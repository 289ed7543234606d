#include <torc/site/cache/representation.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::site {
namespace {

using std::chrono::nanoseconds;
using test::anonymous_file;
using test::disk_file;
using test::last_modified;
using test::memory_file;

const std::string fields_from_last_modified =
    "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "ETag: " +
    std::string(test::etag_of_12345) +
    "\r\n"
    "Accept-Ranges: bytes\r\n"
    "Cache-Control: no-cache\r\n"
    "\r\n";

TEST(Representation, RendersItsFields) {
    EXPECT_EQ(memory_file("12345")->fields(),
              "Content-Length: 5\r\n"
              "Content-Type: text/html; charset=utf-8\r\n" +
                  fields_from_last_modified);
}

TEST(Representation, RendersTheFieldsOfAFileOnDisk) {
    EXPECT_EQ(disk_file("12345", "page.html")->fields(),
              "Content-Length: 5\r\n"
              "Content-Type: text/html; charset=utf-8\r\n"
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "Cache-Control: no-cache\r\n"
              "\r\n");
}

TEST(Representation, GivesTheFieldsFromContentType) {
    EXPECT_EQ(memory_file("12345")->fields_from_content_type(),
              "Content-Type: text/html; charset=utf-8\r\n" + fields_from_last_modified);
}

TEST(Representation, GivesTheFieldsFromLastModified) {
    EXPECT_EQ(memory_file("12345")->fields_from_last_modified(), fields_from_last_modified);
}

TEST(Representation, HasTheValidatorsOfItsFields) {
    const RepresentationRef file = memory_file("12345");
    EXPECT_EQ(file->validators().etag, test::etag_of_12345);
    EXPECT_EQ(file->validators().last_modified, last_modified);
    EXPECT_TRUE(file->validators().has_last_modified);
}

TEST(Representation, RoundsLastModifiedDown) {
    using std::chrono::sys_seconds;
    const auto modified_at = [](nanoseconds time) {
        return memory_file("", "x", WallTime(time))->validators().last_modified;
    };
    EXPECT_EQ(modified_at(nanoseconds(2'999'999'999)), sys_seconds(std::chrono::seconds(2)));
}

/// The tag of a file on disk with these traits, whose bytes are never looked at.
std::string etag_on_disk(const RepresentationTraits& traits) {
    return std::string(Representation::on_disk(traits, UniqueFd())->validators().etag);
}

TEST(Representation, HasAnEtagOfItsBytesAlone) {
    const std::string etag(test::etag_of_12345);
    EXPECT_NE(memory_file("12346")->validators().etag, etag);
    EXPECT_NE(memory_file("123456")->validators().etag, etag);
    RepresentationTraits elsewhere =
        test::traits_of("page.html", 5, last_modified + nanoseconds(1));
    elsewhere.metadata.inode = 77;
    elsewhere.metadata.device = 99;
    elsewhere.metadata.changed += std::chrono::hours(1);
    EXPECT_EQ(Representation::in_memory(elsewhere, test::copy_of("12345"))->validators().etag,
              etag);
}

TEST(Representation, HasAnEtagOfOneLengthWhateverItsBytes) {
    for (int number = 0; number < 1000; ++number) {
        EXPECT_EQ(memory_file(std::to_string(number))->validators().etag.size(),
                  test::etag_of_12345.size());
    }
}

TEST(Representation, OnDiskHasAnotherEtagANanosecondLaterAndForAnotherSize) {
    const std::string etag = etag_on_disk(test::traits_of("x", 5));
    EXPECT_NE(etag_on_disk(test::traits_of("x", 5, last_modified + nanoseconds(1))), etag);
    EXPECT_NE(etag_on_disk(test::traits_of("x", 6)), etag);
}

TEST(Representation, OnDiskHasTheSameEtagOnEveryReplica) {
    RepresentationTraits traits = test::traits_of("x", 5);
    const std::string etag = etag_on_disk(traits);
    traits.metadata.inode = 77;
    traits.metadata.device = 99;
    traits.metadata.changed += std::chrono::hours(1);
    EXPECT_EQ(etag_on_disk(traits), etag);
}

TEST(Representation, OnDiskHasTheEtagOfItsDigestWhenItHasOne) {
    RepresentationTraits traits = test::traits_of("x", 5, WallTime(std::chrono::seconds(1)));
    traits.digest = Digest::of("12345");
    EXPECT_EQ(etag_on_disk(traits), test::etag_of_12345);
    traits.digest = Digest{.high = 0, .low = 0x12};
    EXPECT_EQ(etag_on_disk(traits), "\"00000000000000000000000000000012\"");
}

TEST(Representation, OnDiskHasNoEtagWhenNothingTellsItsVersion) {
    for (const WallTime time : {WallTime(std::chrono::seconds(1)), test::loaded_at,
                                test::loaded_at + std::chrono::hours(1)}) {
        const RepresentationRef file =
            Representation::on_disk(test::traits_of("x", 5, time), UniqueFd());
        EXPECT_EQ(file->validators().etag, "");
        EXPECT_FALSE(file->fields().contains("ETag"));
        EXPECT_TRUE(file->fields().contains("Accept-Ranges: bytes\r\n"));
    }
}

TEST(Representation, IsKnownByMetadataOnceALaterWriteWouldShowInThem) {
    using namespace std::chrono_literals;
    const auto is_known = [](WallTime modified, WallTime changed, WallTime now = test::loaded_at) {
        RepresentationTraits traits = test::traits_of("x", 5, modified);
        traits.metadata.changed = changed;
        return Representation::on_disk(traits, UniqueFd())->is_known_by_metadata(now);
    };
    const WallTime look = test::loaded_at;
    EXPECT_TRUE(is_known(look - 2s, look - 2s));
    EXPECT_FALSE(is_known(look - 2s, look - 2s + 1ns)) << "its time was set";
    EXPECT_FALSE(is_known(look - 2s + 1ns, look - 2s)) << "the file system knows no other time";
    EXPECT_FALSE(is_known(look - 1ns, look - 1ns, look + 1h)) << "it counts when it was looked at";
    EXPECT_FALSE(is_known(look - 2s, look + 1h)) << "the clock was put back";
}

TEST(Representation, IsKnownByMetadataFromTheFutureUntilThatHasCome) {
    using namespace std::chrono_literals;
    RepresentationTraits traits = test::traits_of("x", 5, test::loaded_at + 1h);
    traits.metadata.changed = test::loaded_at - 1h;
    const RepresentationRef file = Representation::on_disk(traits, UniqueFd());
    EXPECT_TRUE(file->is_known_by_metadata(test::loaded_at));
    EXPECT_TRUE(file->is_known_by_metadata(test::loaded_at + 59min));
    EXPECT_FALSE(file->is_known_by_metadata(test::loaded_at + 1h));
    traits.metadata.changed = test::loaded_at;
    EXPECT_FALSE(
        Representation::on_disk(traits, UniqueFd())->is_known_by_metadata(test::loaded_at));
}

TEST(Representation, HoldsItsBytesInMemory) {
    const RepresentationRef file = memory_file("12345");
    EXPECT_TRUE(file->is_in_memory());
    EXPECT_EQ(file->contents(), "12345");
    EXPECT_EQ(file->size(), 5U);
    EXPECT_LT(file->file().get(), 0);
}

TEST(Representation, MayBeEmpty) {
    const RepresentationRef file = memory_file("");
    EXPECT_TRUE(file->is_in_memory());
    EXPECT_EQ(file->contents(), "");
    EXPECT_TRUE(file->fields().starts_with("Content-Length: 0\r\n"));
}

TEST(Representation, ClosesItsFile) {
    UniqueFd descriptor = anonymous_file("12345");
    const int raw = descriptor.get();
    {
        const RepresentationRef file =
            Representation::on_disk(test::traits_of("x", 5), std::move(descriptor));
        EXPECT_FALSE(file->is_in_memory());
        EXPECT_EQ(file->file().get(), raw);
    }
    EXPECT_LT(::fcntl(raw, F_GETFD), 0);
}

TEST(Representation, CountsItsMemory) {
    const std::string bytes(10'000, 'x');
    EXPECT_GE(memory_file(bytes)->memory_bytes(), bytes.size() + sizeof(Representation));
    EXPECT_LT(memory_file(bytes)->memory_bytes(), bytes.size() + sizeof(Representation) + 1024);
    EXPECT_LT(disk_file(bytes)->memory_bytes(), sizeof(Representation) + 1024);
}

TEST(RepresentationDeathTest, RefusesContentsOfAnotherSizeThanTheFile) {
    EXPECT_DEATH((void)Representation::in_memory(test::traits_of("x", 6), test::copy_of("12345")),
                 "size");
}

TEST(Representation, NamesItsCoding) {
    const RepresentationRef file =
        memory_file("12345", "page.html", last_modified, http::ContentCoding::brotli);
    EXPECT_TRUE(file->fields().starts_with(
        "Content-Length: 5\r\nContent-Type: text/html; charset=utf-8\r\nContent-Encoding: br\r\n"));
    EXPECT_TRUE(file->fields_from_content_encoding().starts_with("Content-Encoding: br\r\n"));
}

TEST(Representation, HasAnotherEtagForEachCoding) {
    std::set<std::string_view> etags;
    std::vector<RepresentationRef> files;
    for (const auto coding : {http::ContentCoding::identity, http::ContentCoding::gzip,
                              http::ContentCoding::brotli, http::ContentCoding::zstd}) {
        files.push_back(memory_file("12345", "page.html", last_modified, coding));
        etags.insert(files.back()->validators().etag);
    }
    EXPECT_EQ(etags.size(), 4U);
    EXPECT_TRUE(etags.contains("\"4af3da69f61e14cf26f4c14b6b6bfdb4-br\""));
}

TEST(Representation, HasNoCacheControlWhenNoneIsWanted) {
    RepresentationTraits traits = test::traits_of("x", 1);
    traits.cache_control = "";
    const RepresentationRef file = Representation::in_memory(traits, test::copy_of("1"));
    EXPECT_FALSE(file->fields().contains("Cache-Control"));
}

TEST(Representation, HasNoLastModifiedWhenItsTimeIsUseless) {
    for (const WallTime useless :
         {WallTime(std::chrono::seconds(1)), test::loaded_at + nanoseconds(1)}) {
        const RepresentationRef file = memory_file("12345", "page.html", useless);
        EXPECT_FALSE(file->validators().has_last_modified);
        EXPECT_FALSE(file->fields().contains("Last-Modified"));
        EXPECT_EQ(file->validators().etag, test::etag_of_12345);
    }
    EXPECT_TRUE(memory_file("12345", "page.html", test::loaded_at)->validators().has_last_modified);
}

TEST(Representation, MayBeGenerated) {
    Contents contents = Contents::of_size(3);
    std::ranges::copy(std::string_view("<p>"), contents.room().begin());
    const RepresentationRef page = Representation::generated(
        {.content_type = "text/html; charset=utf-8", .cache_control = "no-cache"},
        std::move(contents));
    EXPECT_EQ(page->contents(), "<p>");
    EXPECT_FALSE(page->validators().has_last_modified);
    EXPECT_EQ(page->validators().etag, memory_file("<p>")->validators().etag);
}

struct ExtensionAndType {
    std::string_view extension;
    std::string_view media_type;
};
constexpr ExtensionAndType media_types[] = {
#include "../../src/file/media_types.inc"
};

TEST(Representation, HasRoomForTheLongestFields) {
    const std::string type(content_type_bytes_max, 't');
    const std::string cache_control(cache_control_bytes_max, 'c');
    const std::string policy(security_policy_bytes_max, 'p');
    RepresentationTraits traits = test::traits_of("a", std::numeric_limits<std::uint64_t>::max(),
                                                  test::last_modified, http::ContentCoding::zstd);
    traits.content_type = type;
    traits.cache_control = cache_control;
    traits.security_policy = policy;
    const RepresentationRef file = Representation::on_disk(traits, UniqueFd());
    EXPECT_TRUE(file->fields().contains("Content-Type: " + type + "\r\n"));
    EXPECT_TRUE(file->fields().contains("Content-Security-Policy: " + policy + "\r\n\r\n"));
}

TEST(Representation, HasRoomForTheFieldsOfEveryMediaType) {
    const std::string cache_control(cache_control_bytes_max, 'x');
    for (const auto& [extension, media_type] : media_types) {
        const std::string name = "x." + std::string(extension);
        RepresentationTraits traits =
            test::traits_of(name, std::numeric_limits<std::uint64_t>::max(), test::loaded_at,
                            http::ContentCoding::zstd);
        traits.cache_control = cache_control;
        const RepresentationRef file = Representation::on_disk(traits, UniqueFd());
        EXPECT_NE(file->fields().find(media_type), std::string_view::npos) << name;
    }
}

}  // namespace
}  // namespace torc::site
