#include <torc/site/asset.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

using std::chrono::nanoseconds;
using test::anonymous_file;
using test::disk_asset;
using test::last_modified;
using test::memory_asset;
using test::regular_file;

TEST(Asset, RendersItsFields) {
    EXPECT_EQ(memory_asset("12345")->fields(),
              "Content-Length: 5\r\n"
              "Content-Type: text/html; charset=utf-8\r\n"
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "\r\n");
}

TEST(Asset, RendersTheSameFieldsForAFileOnDisk) {
    EXPECT_EQ(disk_asset("12345", "page.html")->fields(), memory_asset("12345")->fields());
}

TEST(Asset, GivesTheFieldsFromContentType) {
    EXPECT_EQ(memory_asset("12345")->fields_from_content_type(),
              "Content-Type: text/html; charset=utf-8\r\n"
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "\r\n");
}

TEST(Asset, GivesTheFieldsFromLastModified) {
    EXPECT_EQ(memory_asset("12345")->fields_from_last_modified(),
              "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
              "ETag: \"ae1b981bc490a00-5\"\r\n"
              "Accept-Ranges: bytes\r\n"
              "\r\n");
}

TEST(Asset, HasTheValidatorsOfItsFields) {
    const AssetRef asset = memory_asset("12345");
    EXPECT_EQ(asset->validators().etag, test::etag_of_5_bytes);
    EXPECT_EQ(asset->validators().last_modified, last_modified);
    EXPECT_TRUE(asset->validators().has_last_modified);
}

TEST(Asset, RoundsLastModifiedDown) {
    using std::chrono::sys_seconds;
    const auto modified_at = [](nanoseconds time) {
        return memory_asset("", "x", WallTime(time))->validators().last_modified;
    };
    EXPECT_EQ(modified_at(nanoseconds(1'999'999'999)), sys_seconds(std::chrono::seconds(1)));
    EXPECT_EQ(modified_at(nanoseconds(-1)), sys_seconds(std::chrono::seconds(-1)));
}

TEST(Asset, HasAnotherEtagANanosecondLater) {
    EXPECT_NE(
        memory_asset("12345")->validators().etag,
        memory_asset("12345", "page.html", last_modified + nanoseconds(1))->validators().etag);
}

TEST(Asset, HasAnotherEtagForAnotherSize) {
    EXPECT_NE(memory_asset("12345")->validators().etag, memory_asset("123456")->validators().etag);
}

TEST(Asset, HasTheSameEtagOnEveryReplica) {
    file::Metadata elsewhere = regular_file(5);
    elsewhere.inode = 77;
    elsewhere.device = 99;
    elsewhere.changed += std::chrono::hours(1);
    EXPECT_EQ(Asset::in_memory("page.html", elsewhere, test::copy_of("12345"))->validators().etag,
              memory_asset("12345")->validators().etag);
}

TEST(Asset, HoldsItsBytesInMemory) {
    const AssetRef asset = memory_asset("12345");
    EXPECT_EQ(asset->kind(), Asset::Kind::file);
    EXPECT_TRUE(asset->is_in_memory());
    EXPECT_EQ(asset->contents(), "12345");
    EXPECT_EQ(asset->size(), 5U);
    EXPECT_LT(asset->file(), 0);
}

TEST(Asset, MayBeEmpty) {
    const AssetRef asset = memory_asset("");
    EXPECT_TRUE(asset->is_in_memory());
    EXPECT_EQ(asset->contents(), "");
    EXPECT_TRUE(asset->fields().starts_with("Content-Length: 0\r\n"));
}

TEST(Asset, ClosesItsFile) {
    UniqueFd file = anonymous_file("12345");
    const int raw = file.get();
    {
        const AssetRef asset = Asset::on_disk("x", regular_file(5), std::move(file));
        EXPECT_FALSE(asset->is_in_memory());
        EXPECT_EQ(asset->file(), raw);
    }
    EXPECT_LT(::fcntl(raw, F_GETFD), 0);
}

TEST(Asset, CountsItsMemory) {
    const std::string bytes(10'000, 'x');
    EXPECT_GE(memory_asset(bytes)->memory_bytes(), bytes.size() + sizeof(Asset));
    EXPECT_LT(memory_asset(bytes)->memory_bytes(), bytes.size() + sizeof(Asset) + 1024);
    EXPECT_LT(disk_asset(bytes)->memory_bytes(), sizeof(Asset) + 1024);
}

TEST(Asset, CarriesTheStatusOfAnError) {
    const AssetRef asset = Asset::error(http::Status::forbidden);
    EXPECT_EQ(asset->kind(), Asset::Kind::error);
    EXPECT_EQ(asset->status(), http::Status::forbidden);
}

TEST(Asset, IsARedirectForADirectory) {
    EXPECT_EQ(test::redirect_asset()->kind(), Asset::Kind::redirect_to_directory);
}

TEST(AssetDeathTest, RefusesContentsOfAnotherSizeThanTheFile) {
    EXPECT_DEATH((void)Asset::in_memory("x", regular_file(6), test::copy_of("12345")), "size");
}

struct ExtensionAndType {
    std::string_view extension;
    std::string_view media_type;
};
constexpr ExtensionAndType media_types[] = {
#include "../../src/file/media_types.inc"
};

TEST(Asset, HasRoomForTheFieldsOfEveryMediaType) {
    file::Metadata metadata = regular_file(std::numeric_limits<std::uint64_t>::max());
    metadata.modified = WallTime(nanoseconds(-1));
    for (const auto& [extension, media_type] : media_types) {
        const std::string name = "x." + std::string(extension);
        const AssetRef asset = Asset::on_disk(name, metadata, UniqueFd());
        EXPECT_NE(asset->fields().find(media_type), std::string_view::npos) << name;
    }
}

}  // namespace
}  // namespace torc::site
