#include <torc/site/cache/asset.hpp>

#include "site/assets.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace torc::site {
namespace {

using http::ContentCoding;
using test::disk_file;
using test::memory_file;

AssetRef with_coding(ContentCoding coding) {
    Asset::Representations representations;
    representations[0] = memory_file("12345");
    representations[static_cast<std::size_t>(coding)] =
        memory_file("123", "page.html", test::last_modified, coding);
    return Asset::file(std::move(representations));
}

TEST(Asset, HoldsAFileByItsCodings) {
    const AssetRef asset = with_coding(ContentCoding::zstd);
    EXPECT_EQ(asset->kind(), Asset::Kind::file);
    EXPECT_TRUE(asset->has_codings());
    EXPECT_EQ(asset->identity().contents(), "12345");
    EXPECT_EQ(asset->representation(ContentCoding::zstd)->contents(), "123");
    EXPECT_EQ(asset->representation(ContentCoding::brotli), nullptr);
    EXPECT_FALSE(test::memory_asset("1")->has_codings());
}

TEST(Asset, VariesByWhatItHasMoreThanOneOf) {
    EXPECT_EQ(test::memory_asset("1")->vary().field(), "");
    EXPECT_EQ(with_coding(ContentCoding::gzip)->vary().field(), "Vary: Accept-Encoding\r\n");
    const auto field_of_page = [](Vary vary) {
        Asset::Representations page;
        page[0] = memory_file("1");
        return Asset::file(std::move(page), vary)->vary().field();
    };
    EXPECT_EQ(field_of_page(Vary::on_media_type()), "Vary: Accept\r\n");
    EXPECT_EQ(field_of_page(Vary::on_navigation()),
              "Vary: Accept, Sec-Fetch-Dest, Sec-Fetch-Mode\r\n");
    EXPECT_EQ(Asset::error(http::Status::not_found, memory_file("1"))->vary().field(), "");
    // Torc's own page is HTML for some.
    EXPECT_EQ(Asset::error(http::Status::not_found)->vary().field(), "Vary: Accept\r\n");
    EXPECT_EQ(Asset::error(http::Status::not_found, {}, Vary::on_navigation())->vary().field(),
              "Vary: Accept, Sec-Fetch-Dest, Sec-Fetch-Mode\r\n");
}

TEST(Asset, IsARedirectToAPath) {
    const AssetRef asset = Asset::redirect("a/");
    EXPECT_EQ(asset->kind(), Asset::Kind::redirect);
    EXPECT_EQ(asset->location(), "a/");
}

TEST(Asset, CarriesTheStatusAndThePageOfAnError) {
    const AssetRef asset = Asset::error(http::Status::forbidden, memory_file("no"));
    EXPECT_EQ(asset->kind(), Asset::Kind::error);
    EXPECT_EQ(asset->status(), http::Status::forbidden);
    EXPECT_EQ(asset->page()->contents(), "no");
    EXPECT_EQ(Asset::error(http::Status::not_found)->page(), nullptr);
}

TEST(Asset, CountsWhatAllItsRepresentationsCost) {
    Asset::Representations representations;
    representations[0] = memory_file(std::string(10'000, 'x'));
    representations[1] = disk_file("123");
    representations[2] = disk_file("123");
    const AssetRef asset = Asset::file(std::move(representations));
    EXPECT_EQ(asset->descriptors(), 2U);
    EXPECT_GE(asset->memory_bytes(), 10'000 + sizeof(Asset) + 3 * sizeof(Representation));
    EXPECT_LT(asset->memory_bytes(), 10'000 + sizeof(Asset) + 3 * (sizeof(Representation) + 1024));
    EXPECT_EQ(Asset::error(http::Status::not_found, disk_file("123"))->descriptors(), 1U);
}

}  // namespace
}  // namespace torc::site
