#include <torc/site/response/responder.hpp>

#include "site/assets.hpp"
#include "site/response/responder_fixture.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace torc::site {
namespace {

using http::ContentCoding;
using http::Status;

class ResponderNegotiationTest : public test::ResponderTest {
protected:
    /// "12345" with a representation in each of `codings`, whose bytes are the coding's name.
    static AssetRef coded(std::initializer_list<ContentCoding> codings) {
        Asset::Representations representations;
        representations[0] = test::memory_file("12345");
        for (const ContentCoding coding : codings) {
            representations[static_cast<std::size_t>(coding)] =
                test::memory_file(http::name(coding), "page.html", test::last_modified, coding);
        }
        return Asset::file(std::move(representations));
    }

    std::string get(const Asset& asset, std::string_view fields, std::string_view method = "GET") {
        return respond(
            std::string(method) + " /page.html HTTP/1.1\r\nHost: a\r\n" + std::string(fields),
            asset);
    }
    /// The bytes that answer a GET with that Accept-Encoding.
    std::string_view chosen(const Asset& asset, std::string_view accept_encoding) {
        (void)get(asset, "Accept-Encoding: " + std::string(accept_encoding) + "\r\n");
        return answer_.source == nullptr ? "none" : answer_.source->contents();
    }

    const AssetRef all_ = coded({ContentCoding::gzip, ContentCoding::brotli, ContentCoding::zstd});
};

TEST_F(ResponderNegotiationTest, SendsTheFileItselfToWhoNamesNoCoding) {
    (void)get(*all_, "");
    EXPECT_EQ(answer_.source->contents(), "12345");
    EXPECT_EQ(chosen(*all_, ""), "12345");
    EXPECT_EQ(chosen(*all_, "deflate"), "12345");
}

TEST_F(ResponderNegotiationTest, SendsTheCodingThatIsWantedMost) {
    EXPECT_EQ(chosen(*all_, "gzip"), "gzip");
    EXPECT_EQ(chosen(*all_, "gzip;q=0.9, br;q=0.8"), "gzip");
    EXPECT_EQ(chosen(*all_, "br;q=0, gzip"), "gzip");
    EXPECT_EQ(chosen(*all_, "gzip;q=0.5, identity"), "12345");
}

TEST_F(ResponderNegotiationTest, BreaksTiesByTheOrderOfTheSettings) {
    EXPECT_EQ(chosen(*all_, "gzip, deflate, br, zstd"), "br");
    EXPECT_EQ(chosen(*all_, "gzip, zstd"), "zstd");
    EXPECT_EQ(chosen(*all_, "*"), "br");
    codings_ = {ContentCoding::gzip, ContentCoding::brotli, ContentCoding::zstd};
    EXPECT_EQ(chosen(*all_, "gzip, deflate, br, zstd"), "gzip");
}

TEST_F(ResponderNegotiationTest, SendsACodingToWhoDoesNotTakeTheFileItself) {
    EXPECT_EQ(chosen(*all_, "identity;q=0, zstd;q=0.1"), "zstd");
    EXPECT_EQ(chosen(*all_, "*;q=0, gzip"), "gzip");
}

TEST_F(ResponderNegotiationTest, RefusesWhoTakesNothingThatThereIs) {
    EXPECT_EQ(chosen(*all_, "identity;q=0, deflate"), "none");
    EXPECT_EQ(answer_.status, Status::not_acceptable);
    EXPECT_EQ(chosen(*test::memory_asset("12345"), "*;q=0"), "none");
    EXPECT_EQ(answer_.status, Status::not_acceptable);
}

// A ".svgz" is in no other coding than gzip.
TEST_F(ResponderNegotiationTest, WeighsAFileThatIsCodedItselfByItsCoding) {
    Asset::Representations representations;
    representations[0] =
        test::memory_file("<svg/>", "a.svgz", test::last_modified, ContentCoding::gzip);
    const AssetRef svgz = Asset::file(std::move(representations));
    for (const std::string_view accepted :
         {"", "gzip", "gzip, identity;q=0", "gzip;q=1, *;q=0", "x-gzip;q=0.1, identity;q=0",
          "*, identity;q=0", "identity", "br;q=1.0, deflate;q=0.5"}) {
        EXPECT_EQ(chosen(*svgz, accepted), "<svg/>") << accepted;
    }
    for (const std::string_view refused :
         {"gzip;q=0", "*;q=0", "identity;q=1, *;q=0", "br, identity;q=0"}) {
        EXPECT_EQ(chosen(*svgz, refused), "none") << refused;
        EXPECT_EQ(answer_.status, Status::not_acceptable) << refused;
    }
}

TEST_F(ResponderNegotiationTest, TellsThatTheAnswerCouldDiffer) {
    const std::string_view vary = "\r\nVary: Accept-Encoding\r\n";
    EXPECT_TRUE(get(*all_, "").contains(vary));
    EXPECT_TRUE(get(*all_, "Accept-Encoding: br\r\n").contains(vary));
    EXPECT_TRUE(get(*all_, "Accept-Encoding: *;q=0\r\n").contains(vary));
    EXPECT_TRUE(get(*all_, "If-None-Match: *\r\n").contains(vary));
    EXPECT_TRUE(get(*all_, "If-Match: \"x\"\r\n").contains(vary));
    EXPECT_TRUE(get(*all_, "Range: bytes=0-1\r\n").contains(vary));
    EXPECT_TRUE(get(*all_, "Range: bytes=9-\r\n").contains(vary));
    EXPECT_TRUE(get(*all_, "", "HEAD").contains(vary));
    EXPECT_FALSE(get(*test::memory_asset("12345"), "").contains("Vary"));
}

TEST_F(ResponderNegotiationTest, ComparesWithTheTagOfTheChosenCoding) {
    const std::string plain_tag(all_->identity().validators().etag);
    const std::string coded_tag(all_->representation(ContentCoding::brotli)->validators().etag);
    (void)get(*all_, "Accept-Encoding: br\r\nIf-None-Match: " + coded_tag + "\r\n");
    EXPECT_EQ(answer_.status, Status::not_modified);
    (void)get(*all_, "Accept-Encoding: br\r\nIf-None-Match: " + plain_tag + "\r\n");
    EXPECT_EQ(answer_.status, Status::ok);
    (void)get(*all_, "Accept-Encoding: br\r\nRange: bytes=0-0\r\nIf-Range: " + plain_tag + "\r\n");
    EXPECT_EQ(answer_.status, Status::ok);
}

TEST_F(ResponderNegotiationTest, SendsARangeOfTheChosenCoding) {
    const std::string head = get(*all_, "Accept-Encoding: zstd\r\nRange: bytes=1-\r\n");
    EXPECT_EQ(answer_.status, Status::partial_content);
    EXPECT_TRUE(head.contains("Content-Range: bytes 1-3/4\r\n"));
    EXPECT_TRUE(head.contains("Content-Encoding: zstd\r\n"));
    EXPECT_EQ(answer_.source->contents(), "zstd");
}

TEST_F(ResponderNegotiationTest, LeavesTheCodingOutOfWhatHasNotChanged) {
    EXPECT_FALSE(
        get(*all_, "Accept-Encoding: br\r\nIf-None-Match: *\r\n").contains("Content-Encoding"));
}

}  // namespace
}  // namespace torc::site
