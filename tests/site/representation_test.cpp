#include <torc/site/representation.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

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

TEST(Representation, RendersItsFields) {
    EXPECT_EQ(memory_file("12345")->fields(),
              "Content-Length: 5\r\n"
              "Content-Type: text/html; charset=utf-8\r\n"
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "Cache-Control: no-cache\r\n"
              "\r\n");
}

TEST(Representation, RendersTheSameFieldsForAFileOnDisk) {
    EXPECT_EQ(disk_file("12345", "page.html")->fields(), memory_file("12345")->fields());
}

TEST(Representation, GivesTheFieldsFromContentType) {
    EXPECT_EQ(memory_file("12345")->fields_from_content_type(),
              "Content-Type: text/html; charset=utf-8\r\n"
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "Cache-Control: no-cache\r\n"
              "\r\n");
}

TEST(Representation, GivesTheFieldsFromLastModified) {
    EXPECT_EQ(memory_file("12345")->fields_from_last_modified(),
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "Cache-Control: no-cache\r\n"
              "\r\n");
}

TEST(Representation, HasTheValidatorsOfItsFields) {
    const RepresentationRef file = memory_file("12345");
    EXPECT_EQ(file->validators().etag, test::etag_of_5_bytes);
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

TEST(Representation, HasAnotherEtagANanosecondLater) {
    EXPECT_NE(memory_file("12345")->validators().etag,
              memory_file("12345", "page.html", last_modified + nanoseconds(1))->validators().etag);
}

TEST(Representation, HasAnotherEtagForAnotherSize) {
    EXPECT_NE(memory_file("12345")->validators().etag, memory_file("123456")->validators().etag);
}

TEST(Representation, HasTheSameEtagOnEveryReplica) {
    RepresentationTraits traits = test::traits_of("page.html", 5);
    traits.metadata.inode = 77;
    traits.metadata.device = 99;
    traits.metadata.changed += std::chrono::hours(1);
    EXPECT_EQ(Representation::in_memory(traits, test::copy_of("12345"))->validators().etag,
              memory_file("12345")->validators().etag);
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

RepresentationRef with_time(std::string_view bytes, WallTime modified) {
    return memory_file(bytes, "page.html", modified);
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
    EXPECT_TRUE(etags.contains("\"ae1b981bc490a00-5-br\""));
}

TEST(Representation, HasNoCacheControlWhenNoneIsWanted) {
    RepresentationTraits traits = test::traits_of("x", 1);
    traits.cache_control = "";
    const RepresentationRef file = Representation::in_memory(traits, test::copy_of("1"));
    EXPECT_FALSE(file->fields().contains("Cache-Control"));
}

TEST(Representation, HasNoLastModifiedWhenItsTimeIsUseless) {
    using namespace std::chrono_literals;
    const std::chrono::sys_days zip_epoch = std::chrono::year(1980) / 1 / 1;
    for (const WallTime useless : {WallTime(0s), WallTime(1s), WallTime(1s + 999ms), WallTime(-5s),
                                   WallTime(zip_epoch), test::loaded_at + 1ns}) {
        const RepresentationRef file = with_time("12345", useless);
        EXPECT_FALSE(file->validators().has_last_modified);
        EXPECT_FALSE(file->fields().contains("Last-Modified"));
    }
    for (const WallTime useful : {WallTime(2s), WallTime(zip_epoch) + 1s, test::loaded_at}) {
        EXPECT_TRUE(with_time("12345", useful)->validators().has_last_modified);
    }
}

TEST(Representation, HasAnEtagOfItsBytesWhenItsTimeIsUseless) {
    const WallTime useless(std::chrono::seconds(1));
    const RepresentationRef file = with_time("12345", useless);
    EXPECT_NE(file->validators().etag, with_time("12346", useless)->validators().etag);
    RepresentationTraits elsewhere = test::traits_of("page.html", 5, useless);
    elsewhere.metadata.inode = 77;
    EXPECT_EQ(Representation::in_memory(elsewhere, test::copy_of("12345"))->validators().etag,
              file->validators().etag);
}

TEST(Representation, OnDiskHasAnEtagOfItsInodeWhenItsTimeIsUseless) {
    const WallTime useless(std::chrono::seconds(1));
    RepresentationTraits traits = test::traits_of("x", 5, useless);
    const auto etag = [&traits] {
        return std::string(
            Representation::on_disk(traits, anonymous_file("12345"))->validators().etag);
    };
    const std::string before = etag();
    EXPECT_EQ(etag(), before);
    traits.metadata.changed += nanoseconds(1);
    EXPECT_NE(etag(), before);
    traits.metadata.changed -= nanoseconds(1);
    ++traits.metadata.inode;
    EXPECT_NE(etag(), before);
}

TEST(Representation, MayBeGenerated) {
    const RepresentationRef page = Representation::generated(
        {.content_type = "text/html; charset=utf-8", .cache_control = "no-cache"}, "<p>");
    EXPECT_EQ(page->contents(), "<p>");
    EXPECT_FALSE(page->validators().has_last_modified);
    EXPECT_EQ(page->validators().etag.size(), std::string_view("\"\"-3").size() + 32);
}

struct ExtensionAndType {
    std::string_view extension;
    std::string_view media_type;
};
constexpr ExtensionAndType media_types[] = {
#include "../../src/file/media_types.inc"
};

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
