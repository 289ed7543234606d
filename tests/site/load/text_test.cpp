#include "load/text.hpp"

#include "load/html_encoding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace torc::site {
namespace {

using namespace std::string_view_literals;

bool may_announce(std::string_view bytes, std::string_view type = "text/plain; charset=utf-8") {
    return may_announce_utf8(type, {.bytes = bytes, .is_whole = true});
}

TEST(Text, IsAnnouncedAsUtf8WhenItIs) {
    EXPECT_TRUE(may_announce(""));
    EXPECT_TRUE(may_announce("plain"));
    EXPECT_TRUE(may_announce("na\xC3\xAFve \xE2\x82\xAC \xF0\x9F\x99\x82 \xEF\xBF\xBD"));
}

TEST(Text, IsNotAnnouncedAsUtf8WhenItIsNot) {
    for (const std::string_view bytes :
         {"na\xEFve"sv, "\xC0\xAF"sv, "\xED\xA0\x80"sv, "\xF8"sv, "12345678na\xEFve"sv,
          "cut \xE2\x82"sv, "U\0T\0F\0001\0006\0"sv}) {
        EXPECT_FALSE(may_announce(bytes)) << bytes;
    }
}

TEST(Text, IsNotAnnouncedAsUtf8WhenItHasAByteOrderMark) {
    for (const std::string_view bytes : {"\xEF\xBB\xBFtext"sv, "\xFF\xFEt\0"sv, "\xFE\xFF\0t"sv}) {
        EXPECT_FALSE(may_announce(bytes)) << bytes;
    }
}

TEST(Text, MayBeCutOffInACharacterWhereMoreFollows) {
    const std::string_view euro = "\xE2\x82\xAC";
    for (const std::size_t bytes : {1U, 2U, 3U}) {
        const std::string text = "0123456789" + std::string(euro.substr(0, bytes));
        EXPECT_TRUE(may_announce_utf8("text/plain", {.bytes = text, .is_whole = false})) << bytes;
    }
    EXPECT_FALSE(may_announce_utf8("text/plain", {.bytes = "\xE2\x82 x", .is_whole = false}));
    EXPECT_FALSE(may_announce_utf8("text/plain", {.bytes = "\xFF", .is_whole = false}));
}

TEST(Text, OfAnXmlDeclarationWithAnEncodingIsNotAnnounced) {
    constexpr std::string_view html = "text/html; charset=utf-8";
    EXPECT_FALSE(may_announce("<?xml version='1.0' encoding='iso-8859-1'?><html/>", html));
    EXPECT_TRUE(may_announce("<?xml version='1.0'?><html encoding=''/>", html));
}

TEST(Text, OfAStyleSheetWithACharsetIsNotAnnounced) {
    EXPECT_FALSE(may_announce("@charset \"iso-8859-1\";", "text/css; charset=utf-8"));
    EXPECT_TRUE(may_announce("@charset \"iso-8859-1\";", "text/plain; charset=utf-8"));
}

TEST(Text, OfAPageWithAMetaCharsetIsNotAnnounced) {
    constexpr std::string_view page = "<!doctype html><meta charset=windows-1251><p>";
    EXPECT_FALSE(may_announce(page, "text/html; charset=utf-8"));
    EXPECT_TRUE(may_announce(page, "text/plain; charset=utf-8"));
}

TEST(HtmlEncoding, IsNamedByAMeta) {
    for (const std::string_view page :
         {"<meta charset=utf-8>", "<META CHARSET='x'>", "<meta\tname=a charset = \"x\" >",
          "<html><head><title>a</title><meta/charset=x>", "<!-- <meta> --><meta charset=x>",
          "<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>",
          "<meta content=\"text/html;charset=x\" http-equiv=\"content-type\"/>",
          "<a title='>'><meta charset=x>", "<!--><meta charset=x>", "<meta><meta charset=x>",
          "a < b <meta charset=x"}) {
        EXPECT_TRUE(has_meta_charset(page)) << page;
    }
}

TEST(HtmlEncoding, IsNamedByNothingElse) {
    for (const std::string_view page :
         {"", "<", "<m", "<meta", "<meta ", "charset=x", "<meta name=charset>", "<meta charset>",
          "<meta charset=>", "<metadata charset=x>", "<p charset=x>", "<!-- <meta charset=x> -->",
          "<meta content='text/html; charset=x'>", "<meta http-equiv=refresh content='charset=x'>",
          "<meta name=description content='what charset=x means'>", "<a title='<meta charset=x>'>",
          "<? <meta charset=x>", "</p><b>", "<!-- unfinished <meta charset=x>"}) {
        EXPECT_FALSE(has_meta_charset(page)) << page;
    }
}

TEST(HtmlEncoding, IsLookedForWhereBrowsersDo) {
    const std::string_view meta = "<meta charset=x>";
    EXPECT_TRUE(has_meta_charset(std::string(1024 - meta.size(), ' ').append(meta)));
    EXPECT_FALSE(has_meta_charset(std::string(1024, ' ').append(meta)));
}

TEST(Text, IsBinaryWithAByteThatNoTextHas) {
    EXPECT_TRUE(is_binary("G@\0\x10"sv));
    EXPECT_TRUE(is_binary("text\x1F"));
    EXPECT_FALSE(is_binary("tab\t, line\r\n, page\f, colour \x1B[1m, na\xEFve"));
    EXPECT_FALSE(is_binary("\xFF\xFEt\0"sv));
    EXPECT_FALSE(is_binary(""));
}

}  // namespace
}  // namespace torc::site
