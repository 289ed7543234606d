#include "config/command_line_fixture.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace torc::config {
namespace {

using http::ContentCoding;
using test::CommandLineTest;

TEST_F(CommandLineTest, HasDefaultsForTheSite) {
    const Settings found = settings();
    EXPECT_EQ(found.sites.front().whole.load_rules.codings,
              (std::vector{ContentCoding::brotli, ContentCoding::zstd, ContentCoding::gzip}));
    EXPECT_EQ(found.sites.front().whole.load_rules.symlinks, file::SymlinkPolicy::inside);
    EXPECT_FALSE(found.sites.front().whole.load_rules.has_clean_urls);
    EXPECT_EQ(found.sites.front().whole.load_rules.fallback_path, "");
    EXPECT_TRUE(found.sites.front().whole.load_rules.cache_control.empty());
    EXPECT_TRUE(found.sites.front().whole.extra_fields.empty());
    EXPECT_EQ(found.parse_limits.line_bytes_max, 8192U);
    EXPECT_EQ(found.parse_limits.head_bytes_max, 32'768U);
    EXPECT_EQ(found.parse_limits.fields_max, 100U);
    EXPECT_EQ(found.body_bytes_max, 65'536U);
}

TEST_F(CommandLineTest, ListsDirectoriesAtATerminalUnlessToldOtherwise) {
    EXPECT_FALSE(settings().sites.front().whole.load_rules.lists_directories);
    EXPECT_TRUE(settings({"--listing"}).sites.front().whole.load_rules.lists_directories);
    use_terminal();
    EXPECT_TRUE(settings().sites.front().whole.load_rules.lists_directories);
    EXPECT_FALSE(settings({"--no-listing"}).sites.front().whole.load_rules.lists_directories);
    set("TORC_LISTING", "off");
    EXPECT_FALSE(settings().sites.front().whole.load_rules.lists_directories);
    set("TORC_LISTING", "maybe");
    EXPECT_EQ(refusal({"./site"}), "TORC_LISTING maybe: give one of on, off, true, false, 1, 0");
}

TEST_F(CommandLineTest, ReadsCors) {
    using Scope = site::ExtraField::Scope;
    EXPECT_TRUE(settings().sites.front().whole.extra_fields.empty());
    const auto fields = settings({"--cors"}).sites.front().whole.extra_fields;
    ASSERT_EQ(fields.size(), 5U);
    EXPECT_EQ(fields[0].name, "Access-Control-Allow-Origin");
    EXPECT_EQ(fields[0].value, "*");
    EXPECT_EQ(fields[0].scope, Scope::every_answer);
    EXPECT_EQ(fields[2].name, "Access-Control-Allow-Methods");
    EXPECT_EQ(fields[2].scope, Scope::options);
    set("TORC_CORS", "on");
    EXPECT_EQ(settings().sites.front().whole.extra_fields.size(), 5U);
}

TEST_F(CommandLineTest, PrefersAHeaderToThatOfCors) {
    const auto fields =
        settings({"--header", "access-control-allow-origin: https://a.example", "--cors"})
            .sites.front()
            .whole.extra_fields;
    ASSERT_EQ(fields.size(), 5U);
    EXPECT_EQ(fields[0].value, "https://a.example");
    EXPECT_NE(fields[1].name, "Access-Control-Allow-Origin");
}

TEST_F(CommandLineTest, ReadsCleanUrls) {
    EXPECT_TRUE(settings({"--clean-urls"}).sites.front().whole.load_rules.has_clean_urls);
    set("TORC_CLEAN_URLS", "on");
    EXPECT_TRUE(settings().sites.front().whole.load_rules.has_clean_urls);
}

TEST_F(CommandLineTest, ReadsTheFallback) {
    EXPECT_EQ(settings({"--spa", "index.html"}).sites.front().whole.load_rules.fallback_path,
              "index.html");
    EXPECT_EQ(settings({"--spa", "/app/index.html"}).sites.front().whole.load_rules.fallback_path,
              "app/index.html");
    for (const char* path : {"/", "app/", "../index.html", "a/../b"}) {
        EXPECT_TRUE(refusal({"./site", "--spa", path}).starts_with("--spa '")) << path;
    }
}

TEST_F(CommandLineTest, ReadsWhatIsLetOutOfHiddenNames) {
    EXPECT_TRUE(settings().sites.front().whole.load_rules.hidden.hide(".treeinfo"));
    const auto hidden = settings({"--hidden", ".treeinfo", "--hidden", ".z*"})
                            .sites.front()
                            .whole.load_rules.hidden;
    EXPECT_FALSE(hidden.hide("a/.treeinfo"));
    EXPECT_FALSE(hidden.hide(".zgroup"));
    EXPECT_TRUE(hidden.hide(".git/config"));
    set("TORC_HIDDEN", ".a,.b");
    EXPECT_FALSE(settings().sites.front().whole.load_rules.hidden.hide(".b"));
    EXPECT_EQ(
        refusal({"./site", "--hidden", "treeinfo"}),
        "--hidden 'treeinfo': can never match: a hidden name begins with a dot; give one like "
        ".treeinfo");
}

TEST_F(CommandLineTest, TakesRulesForHiddenNamesThatAreLetOut) {
    EXPECT_NE(refusal({"./site", "--type", ".foo=text/plain"}), "");
    EXPECT_EQ(refusal({"./site", "--type", ".foo=text/plain", "--hidden", ".foo"}), "");
    EXPECT_EQ(refusal({"./site", "--cache-control", "/.a/*=no-store", "--hidden", ".a"}), "");
}

TEST_F(CommandLineTest, ReadsWhatAnEncodedSlashIs) {
    EXPECT_EQ(settings().sites.front().whole.encoded_slash, http::EncodedSlash::not_found);
    EXPECT_EQ(settings({"--decode-slash"}).sites.front().whole.encoded_slash,
              http::EncodedSlash::separates);
    set("TORC_DECODE_SLASH", "on");
    EXPECT_EQ(settings().sites.front().whole.encoded_slash, http::EncodedSlash::separates);
}

TEST_F(CommandLineTest, ReadsTheSymlinkPolicy) {
    EXPECT_EQ(settings({"--symlinks", "all"}).sites.front().whole.load_rules.symlinks,
              file::SymlinkPolicy::all);
    EXPECT_EQ(settings({"--symlinks", "none"}).sites.front().whole.load_rules.symlinks,
              file::SymlinkPolicy::none);
    EXPECT_EQ(refusal({"./site", "--symlinks", "some"}),
              "--symlinks some: give one of inside, all, none");
}

TEST_F(CommandLineTest, ReadsHowLongReleasesBeforeAreKept) {
    const auto kept = [](const Settings& settings) {
        return settings.sites.front().whole.load_rules.keep_previous;
    };
    EXPECT_EQ(kept(settings()), std::chrono::seconds(0));
    EXPECT_EQ(kept(settings({"--keep-previous", "10m"})), std::chrono::minutes(10));
    set("TORC_KEEP_PREVIOUS", "90");
    EXPECT_EQ(kept(settings()), std::chrono::seconds(90));
    EXPECT_TRUE(refusal({"./site", "--keep-previous", "2d"}).starts_with("--keep-previous 2d: "));
}

TEST_F(CommandLineTest, ReadsTheCodings) {
    EXPECT_EQ(settings({"--codings", "gzip,br"}).sites.front().whole.load_rules.codings,
              (std::vector{ContentCoding::gzip, ContentCoding::brotli}));
    EXPECT_TRUE(settings({"--codings", "off"}).sites.front().whole.load_rules.codings.empty());
    EXPECT_EQ(refusal({"./site", "--codings", "br,br"}), "--codings: br is given twice");
    EXPECT_EQ(refusal({"./site", "--codings", "lz4"}), "--codings lz4: give one of br, zstd, gzip");
}

TEST_F(CommandLineTest, ReadsFields) {
    set("TORC_HEADER", "A: 1, 2\nB: 3");
    const Settings from_environment = settings();
    ASSERT_EQ(from_environment.sites.front().whole.extra_fields.size(), 2U);
    EXPECT_EQ(from_environment.sites.front().whole.extra_fields[0].value, "1, 2");
    EXPECT_EQ(from_environment.sites.front().whole.extra_fields[1].name, "B");

    const Settings found = settings({"--header", "X-Frame-Options:DENY", "--header", "X-Empty:"});
    ASSERT_EQ(found.sites.front().whole.extra_fields.size(), 2U);
    EXPECT_EQ(found.sites.front().whole.extra_fields[0].name, "X-Frame-Options");
    EXPECT_EQ(found.sites.front().whole.extra_fields[0].value, "DENY");
    EXPECT_EQ(found.sites.front().whole.extra_fields[1].value, "");
}

TEST_F(CommandLineTest, RefusesFieldsThatAreNoneOrItsOwn) {
    for (const char* field : {"X", "X Y: z", ": z", "X: a\rb", "X: \x01", "X: a "}) {
        EXPECT_TRUE(refusal({"./site", "--header", field}).ends_with("give it as 'Name: value'"))
            << field;
    }
    EXPECT_EQ(refusal({"./site", "--header", "content-length: 3"}),
              "--header 'content-length': torc sets this field itself, for each answer");
    EXPECT_NE(refusal({"./site", "--header", "Content-Type: text/plain"}), "");
    EXPECT_EQ(refusal({"./site", "--header", "X: " + std::string(5000, 'x')}),
              "--header: all of them together may take 4096 bytes, not 5005");
}

TEST_F(CommandLineTest, ReadsCacheControl) {
    const Settings found =
        settings({"--cache-control", "*.css=max-age=60", "--cache-control", "/live/*=off"});
    ASSERT_EQ(found.sites.front().whole.load_rules.cache_control.size(), 2U);
    EXPECT_EQ(found.sites.front().whole.load_rules.cache_control[0].glob, "*.css");
    EXPECT_EQ(found.sites.front().whole.load_rules.cache_control[0].value, "max-age=60");
    EXPECT_EQ(found.sites.front().whole.load_rules.cache_control[1].value, "");
    EXPECT_EQ(settings({"--cache-control", "/lib/*=immutable"})
                  .sites.front()
                  .whole.load_rules.cache_control[0]
                  .value,
              "public, max-age=31536000, immutable");
    EXPECT_TRUE(refusal({"./site", "--cache-control", "no-store"})
                    .ends_with("give GLOB=VALUE, such as '*.css=max-age=3600'"));
    EXPECT_NE(refusal({"./site", "--cache-control", "*=\x01"}), "");
    EXPECT_EQ(refusal({"./site", "--cache-control", "assets/*=no-store"}),
              "--cache-control 'assets/*=no-store': assets/* can never match: a path begins with a "
              "slash; give /assets/*");
}

TEST_F(CommandLineTest, ReadsTypes) {
    const Settings found =
        settings({"--type", "*.foo=application/x-foo", "--type", "README=text/plain"});
    ASSERT_EQ(found.sites.front().whole.load_rules.types.size(), 2U);
    EXPECT_EQ(found.sites.front().whole.load_rules.types[0].glob, "*.foo");
    EXPECT_EQ(found.sites.front().whole.load_rules.types[0].value, "application/x-foo");
    EXPECT_EQ(found.sites.front().whole.load_rules.types[1].glob, "README");
    set("TORC_TYPE", "a=text/plain; charset=utf-8\nb=text/x-b");
    EXPECT_EQ(settings().sites.front().whole.load_rules.types.size(), 2U);
    EXPECT_EQ(settings().sites.front().whole.load_rules.types[0].value,
              "text/plain; charset=utf-8");
}

TEST_F(CommandLineTest, TakesATypeOfFullLengthThatGetsACharset) {
    const std::string type = "text/" + std::string(site::named_type_bytes_max - 5, 'x');
    const Settings found = settings({"--type", "*.foo=" + type});
    EXPECT_EQ(found.sites.front().whole.load_rules.types[0].value, type + "; charset=utf-8");
    EXPECT_EQ(found.sites.front().whole.load_rules.types[0].value.size(),
              site::content_type_bytes_max);
}

TEST_F(CommandLineTest, RefusesTypesThatAreNone) {
    EXPECT_EQ(refusal({"./site", "--type", "text/plain"}),
              "--type 'text/plain': give GLOB=TYPE, such as '*.foo=text/plain'");
    EXPECT_EQ(
        refusal({"./site", "--type", "*.foo=plain"}),
        "--type '*.foo=plain': 'plain' is no media type of at most 120 bytes; give GLOB=TYPE, "
        "such as '*.foo=text/plain'");
    for (const std::string& type :
         {std::string(), std::string("text/plain\r\nX: y"), "text/" + std::string(120, 'x')}) {
        EXPECT_NE(refusal({"./site", "--type", "*.foo=" + type}), "") << type;
    }
    EXPECT_EQ(
        refusal({"./site", "--type", "docs/*=text/plain"}),
        "--type 'docs/*=text/plain': docs/* can never match: a path begins with a slash; give "
        "/docs/*");
}

TEST_F(CommandLineTest, TakesAFieldForTheCacheControlOfFilesThatNoRuleIsFor) {
    EXPECT_EQ(settings().sites.front().whole.load_rules.listing_cache_control, "no-cache");
    const Settings found = settings({"--header", "cache-control: private", "--cache-control",
                                     "*.css=max-age=60", "--header", "Cache-Control: max-age=5"});
    EXPECT_TRUE(found.sites.front().whole.extra_fields.empty());
    ASSERT_EQ(found.sites.front().whole.load_rules.cache_control.size(), 2U);
    EXPECT_EQ(found.sites.front().whole.load_rules.cache_control[0].glob, "*.css");
    EXPECT_EQ(found.sites.front().whole.load_rules.cache_control[1].glob, "*");
    EXPECT_EQ(found.sites.front().whole.load_rules.cache_control[1].value, "private, max-age=5");
    EXPECT_EQ(found.sites.front().whole.load_rules.listing_cache_control, "private, max-age=5");
    EXPECT_EQ(refusal({"./site", "--header", "Cache-Control: " + std::string(1025, 'x')}),
              "--header 'Cache-Control': at most 1024 bytes, not 1025");
}

TEST_F(CommandLineTest, KeepsFieldsOfFilesFromOtherAnswers) {
    using Scope = site::ExtraField::Scope;
    const auto scope = [this](const std::string& name) {
        return settings({"--header", name + ": x"}).sites.front().whole.extra_fields.at(0).scope;
    };
    for (const char* name :
         {"Expires", "age", "content-disposition", "Content-Language", "Content-Location",
          "Surrogate-Control", "Edge-Control", "X-Accel-Expires", "CDN-Cache-Control",
          "cloudflare-cdn-cache-control"}) {
        EXPECT_EQ(scope(name), Scope::success) << name;
    }
    for (const char* name : {"Content-Security-Policy", "Strict-Transport-Security", "Set-Cookie",
                             "X-Frame-Options", "Access-Control-Allow-Origin", "X-Robots-Tag"}) {
        EXPECT_EQ(scope(name), Scope::every_answer) << name;
    }
}

TEST_F(CommandLineTest, ReadsTheLimitsOfARequest) {
    const Settings found = settings({"--max-request-line", "16k", "--max-request-head", "65536",
                                     "--max-request-fields", "200", "--max-request-body", "1m"});
    EXPECT_EQ(found.parse_limits.line_bytes_max, 16'384U);
    EXPECT_EQ(found.parse_limits.head_bytes_max, 65'536U);
    EXPECT_EQ(found.parse_limits.fields_max, 200U);
    EXPECT_EQ(found.body_bytes_max, 1'048'576U);
    EXPECT_EQ(settings({"--max-request-body", "0"}).body_bytes_max, 0U);
}

TEST_F(CommandLineTest, RefusesLimitsThatAreNone) {
    EXPECT_EQ(refusal({"./site", "--max-request-line", "1g"}),
              "--max-request-line 1g: give a number of bytes from 64 to 65536, such as 8192 or 8k");
    EXPECT_EQ(refusal({"./site", "--max-request-fields", "0"}),
              "--max-request-fields 0: give a number from 1 to 256");
    EXPECT_EQ(refusal({"./site", "--max-request-line", "64k"}),
              "--max-request-head 32768: must be more than --max-request-line, which is 65536");
    EXPECT_NE(refusal({"./site", "--max-request-body", "18446744073709551615m"}), "");
}

TEST_F(CommandLineTest, TakesTheMemoryOfTheCache) {
    EXPECT_EQ(settings().cache_bytes_max, std::nullopt);
    EXPECT_EQ(settings({"--cache-memory", "2g"}).cache_bytes_max, std::uint64_t{2} << 30U);
    EXPECT_EQ(settings({"--cache-memory", "0"}).cache_bytes_max, 0U);
    set("TORC_CACHE_MEMORY", "100m");
    EXPECT_EQ(settings().cache_bytes_max, 100U * 1024 * 1024);
    EXPECT_EQ(refusal({"./site", "--cache-memory", "all"}),
              "--cache-memory all: give a number of bytes from 0 to 4398046511104, such as 8192 or "
              "8k");
}

}  // namespace
}  // namespace torc::config
