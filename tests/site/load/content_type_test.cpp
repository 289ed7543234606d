#include <torc/site/load/content_type.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::site {
namespace {

using namespace std::string_view_literals;
using http::ContentCoding;

ContentType type_of(std::string_view path, std::string_view bytes = "",
                    const TypeRules& rules = {}) {
    return content_type(path, rules, {.bytes = bytes, .is_whole = true});
}

TEST(ContentType, FollowsFromTheName) {
    EXPECT_EQ(type_of("a/page.html").value, "text/html; charset=utf-8");
    EXPECT_TRUE(type_of("a/page.html").is_known);
    EXPECT_EQ(type_of("photo.png").value, "image/png");
}

TEST(ContentType, IsNotKnownWhereTheNameTellsNothing) {
    const ContentType type = type_of("s.js?ver=5.1");
    EXPECT_EQ(type.value, "application/octet-stream");
    EXPECT_FALSE(type.is_known);
    EXPECT_TRUE(type_of("firmware.bin").is_known);
}

TEST(ContentType, HasNoCharsetWhereTheTextIsNotUtf8OrSaysWhatItIs) {
    EXPECT_EQ(type_of("notes.txt", "na\xC3\xAFve").value, "text/plain; charset=utf-8");
    EXPECT_EQ(type_of("notes.txt", "na\xEFve").value, "text/plain");
    EXPECT_EQ(type_of("app.js", "\xEF\xBB\xBFlet a").value, "text/javascript");
    EXPECT_EQ(type_of("page.html", "<meta charset=koi8-r>").value, "text/html");
    EXPECT_EQ(type_of("README", "na\xEFve").value, "text/plain");
}

TEST(ContentType, OfTypeScriptIsText) {
    EXPECT_EQ(type_of("app.ts", "export const a = 1;\n").value, "text/plain; charset=utf-8");
    EXPECT_EQ(type_of("Gadget.TS", "G\n").value, "text/plain; charset=utf-8");
    EXPECT_EQ(type_of("empty.ts").value, "text/plain; charset=utf-8");
    EXPECT_EQ(type_of("app.mts", "export const a = 1;\n").value, "text/plain; charset=utf-8");
    EXPECT_EQ(type_of("app.cts", "export = 1;\n").value, "text/plain; charset=utf-8");
}

TEST(ContentType, OfATransportStreamIsVideo) {
    std::string packet("\x47\x40\0\x10\0\0\xB0\x0D"sv);
    packet.resize(188, '\xFF');
    EXPECT_EQ(type_of("segment0.ts", packet + packet).value, "video/mp2t");
    // As camcorders write it: a time in front of each packet.
    EXPECT_EQ(type_of("00001.MTS", "\x1C\x2D\x3E\x4F" + packet).value, "video/mp2t");
    // Encrypted, as HLS may have it: no packet shows.
    EXPECT_EQ(type_of("segment1.ts", "\x8A\x13\xF0\x01\x99").value, "video/mp2t");
}

TEST(ContentType, OfCompressedSvgHasItsCoding) {
    const ContentType type = type_of("logo.svgz", "\x1F\x8B\x08");
    EXPECT_EQ(type.value, "image/svg+xml");
    EXPECT_EQ(type.coding, ContentCoding::gzip);
    EXPECT_EQ(type_of("LOGO.SVGZ", "\x1F\x8B\x08").coding, ContentCoding::gzip);
    EXPECT_EQ(type_of("plain.svgz", "<svg/>").coding, ContentCoding::identity);
}

TEST(ContentType, OfAnArchiveHasNoCodingForItIsWhatWasAskedFor) {
    for (const std::string_view name : {"a.tar.gz", "a.tgz", "app.js.gz", "app.wasm.gz"}) {
        EXPECT_EQ(type_of(name, "\x1F\x8B\x08").value, "application/gzip") << name;
        EXPECT_EQ(type_of(name, "\x1F\x8B\x08").coding, ContentCoding::identity) << name;
    }
}

TEST(ContentType, IsThatOfTheFirstRuleThatMatches) {
    const TypeRules rules = {make_type_rule("*.foo", "application/x-foo"),
                             make_type_rule("/raw/*", "application/octet-stream"),
                             make_type_rule("Jenkins*", "text/x-groovy")};
    EXPECT_EQ(type_of("a/b.foo", "", rules).value, "application/x-foo");
    EXPECT_EQ(type_of("raw/page.html", "", rules).value, "application/octet-stream");
    EXPECT_TRUE(type_of("raw/page.html", "", rules).is_known);
    EXPECT_EQ(type_of("ci/Jenkins", "", rules).value, "text/x-groovy; charset=utf-8");
    EXPECT_EQ(type_of("page.html", "", rules).value, "text/html; charset=utf-8");
}

TEST(ContentType, OfARuleHasTheCharsetThatItNames) {
    const TypeRules rules = {make_type_rule("a", "text/plain; charset=koi8-r"),
                             make_type_rule("b", "TEXT/plain;Charset=utf-8"),
                             make_type_rule("c", "text/plain")};
    EXPECT_EQ(type_of("a", "na\xEFve", rules).value, "text/plain; charset=koi8-r");
    EXPECT_EQ(type_of("b", "na\xEFve", rules).value, "TEXT/plain;Charset=utf-8");
    EXPECT_EQ(type_of("c", "na\xC3\xAFve", rules).value, "text/plain; charset=utf-8");
    EXPECT_EQ(type_of("c", "na\xEFve", rules).value, "text/plain");
}

TEST(ContentType, DependsOnTheContentsOfTextAlone) {
    const TypeRules rules = {make_type_rule("*.foo", "text/x-foo"),
                             make_type_rule("*.txt", "text/plain; charset=koi8-r")};
    for (const std::string_view name : {"a.html", "a.ts", "README", "a.svgz", "a.foo"}) {
        EXPECT_TRUE(type_depends_on_contents(name, rules)) << name;
    }
    for (const std::string_view name : {"a.png", "a.json", "a.svg", "a.gz", "a", "a.txt"}) {
        EXPECT_FALSE(type_depends_on_contents(name, rules)) << name;
    }
}

}  // namespace
}  // namespace torc::site
