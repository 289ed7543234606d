#include <torc/file/media_type.hpp>

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace torc::file {
namespace {

constexpr std::string_view octet_stream = "application/octet-stream";

TEST(MediaType, KnowsTheTypesOfTheWeb) {
    struct Case {
        std::string_view name;
        std::string_view content_type;
    };
    constexpr auto cases = std::to_array<Case>({
        {"index.html", "text/html; charset=utf-8"},
        {"index.htm", "text/html; charset=utf-8"},
        {"page.xhtml", "application/xhtml+xml"},
        {"style.css", "text/css; charset=utf-8"},
        {"app.js", "text/javascript; charset=utf-8"},
        {"app.mjs", "text/javascript; charset=utf-8"},
        {"app.cjs", "text/javascript; charset=utf-8"},
        {"app.js.map", "application/json"},
        {"app.wasm", "application/wasm"},
        {"app.webmanifest", "application/manifest+json"},
        {"data.json", "application/json"},
        {"data.jsonld", "application/ld+json"},
        {"data.ndjson", "application/x-ndjson"},
        {"data.geojson", "application/geo+json"},
        {"data.csv", "text/plain; charset=utf-8"},
        {"data.xml", "application/xml"},
        {"data.toml", "text/plain; charset=utf-8"},
        {"data.yaml", "text/plain; charset=utf-8"},
        {"data.yml", "text/plain; charset=utf-8"},
        {"feed.atom", "application/atom+xml"},
        {"feed.rss", "application/rss+xml"},
        {"notes.txt", "text/plain; charset=utf-8"},
        {"notes.md", "text/markdown; charset=utf-8"},
        {"server.log", "text/plain; charset=utf-8"},
        {"meeting.ics", "text/calendar; charset=utf-8"},
        {"captions.vtt", "text/vtt; charset=utf-8"},
        {"favicon.ico", "image/vnd.microsoft.icon"},
        {"logo.svg", "image/svg+xml"},
        {"photo.avif", "image/avif"},
        {"photo.gif", "image/gif"},
        {"photo.heic", "image/heic"},
        {"photo.jpeg", "image/jpeg"},
        {"photo.jpg", "image/jpeg"},
        {"photo.jxl", "image/jxl"},
        {"photo.png", "image/png"},
        {"photo.webp", "image/webp"},
        {"font.otf", "font/otf"},
        {"font.ttf", "font/ttf"},
        {"font.woff", "font/woff"},
        {"font.woff2", "font/woff2"},
        {"sound.flac", "audio/flac"},
        {"sound.m4a", "audio/mp4"},
        {"sound.mp3", "audio/mpeg"},
        {"sound.opus", "audio/ogg"},
        {"sound.wav", "audio/wav"},
        {"sound.weba", "audio/webm"},
        {"film.mp4", "video/mp4"},
        {"film.webm", "video/webm"},
        {"film.m3u8", "application/vnd.apple.mpegurl"},
        {"film.mpd", "application/dash+xml"},
        {"film.m2ts", "video/mp2t"},
        {"scene.glb", "model/gltf-binary"},
        {"paper.pdf", "application/pdf"},
        {"archive.bz2", "application/x-bzip2"},
        {"archive.gz", "application/gzip"},
        {"archive.tar", "application/x-tar"},
        {"archive.tgz", "application/gzip"},
        {"archive.zip", "application/zip"},
        {"archive.zst", "application/zstd"},
        {"archive.br", octet_stream},  // Brotli never got a media type
        {"main.c", "text/plain; charset=utf-8"},
        {"main.h", "text/plain; charset=utf-8"},
        {"main.py", "text/plain; charset=utf-8"},
        {"Main.java", "text/plain; charset=utf-8"},
        {"fix.patch", "text/plain; charset=utf-8"},
        {"main.rs", "text/plain; charset=utf-8"},
        {"install.sh", "text/plain; charset=utf-8"},
        {"app.ts", "text/plain; charset=utf-8"},  // TypeScript, unless the contents say otherwise
        {"camera.mts", "text/plain; charset=utf-8"},  // As .ts
        {"module.cts", "text/plain; charset=utf-8"},
        {"dump.sql", "text/plain; charset=utf-8"},
        {"table.tsv", "text/plain; charset=utf-8"},
        {"module.go", "text/plain; charset=utf-8"},
        {"release.tar.gz.sha256", "text/plain; charset=utf-8"},
        {"setup.exe", "application/x-msdos-program"},
        {"book.mobi", "application/x-mobipocket-ebook"},  // mime-db's alone
        {"tune.mid", "audio/midi"},
    });
    for (const auto& [name, content_type] : cases) {
        EXPECT_EQ(media_type(name), content_type) << name;
    }
}

TEST(MediaType, OfSourceCodeIsPlainText) {
    for (const char* extension :
         {"bash",  "c",   "cc",  "cpp",  "cs",  "cts", "go",    "h",     "hpp", "hs",
          "java",  "jsx", "kt",  "less", "lua", "mts", "pas",   "patch", "php", "pl",
          "pm",    "py",  "pyx", "rb",   "rs",  "s",   "scala", "scss",  "sh",  "sql",
          "swift", "tcl", "tex", "ts",   "tsx", "vue", "zsh"}) {
        EXPECT_EQ(media_type(std::string("file.") + extension), "text/plain; charset=utf-8")
            << extension;
    }
}

// Browsers need no other; programs are chosen by these.
TEST(MediaType, OfTextIsRegisteredOrNeeded) {
    EXPECT_EQ(media_type("notes.md"), "text/markdown; charset=utf-8");
    EXPECT_EQ(media_type("feeds.opml"), "text/x-opml; charset=utf-8");
    EXPECT_EQ(media_type("meeting.vcs"), "text/x-vcalendar; charset=utf-8");
}

TEST(MediaType, IgnoresTheCaseOfTheExtension) {
    EXPECT_EQ(media_type("INDEX.HTML"), "text/html; charset=utf-8");
    EXPECT_EQ(media_type("Photo.JpEg"), "image/jpeg");
}

TEST(MediaType, TakesWhatFollowsTheLastDot) {
    EXPECT_EQ(media_type("jquery.min.js"), "text/javascript; charset=utf-8");
    EXPECT_EQ(media_type("backup.tar.gz"), "application/gzip");
    EXPECT_EQ(media_type("a..png"), "image/png");
    EXPECT_EQ(media_type(".hidden.png"), "image/png");
}

TEST(MediaType, LooksAtTheLastSegmentOfAPathAlone) {
    EXPECT_EQ(media_type("docs/v1.0/index.html"), "text/html; charset=utf-8");
    EXPECT_EQ(media_type("site.html/about"), octet_stream);
    EXPECT_EQ(media_type("site.html/"), octet_stream);
}

TEST(MediaType, IsOctetStreamWithoutAKnownExtensionOrName) {
    using namespace std::string_view_literals;
    for (const std::string_view name :
         {""sv, "about"sv, "html"sv, "readmes"sv, "my-license"sv, "s.js?ver=5.1"sv, ".bashrc"sv,
          ".html"sv, "docs/.html"sv, "draft."sv, ".."sv, "a/.."sv, "file.unheard-of"sv,
          "file.html "sv, "file.html\0"sv, "file.\xc3\xa9"sv}) {
        EXPECT_EQ(media_type(name), octet_stream) << name;
    }
}

TEST(MediaType, IsOctetStreamForAnExtensionOfAnyLength) {
    for (std::size_t length = 1; length <= 300; ++length) {
        EXPECT_EQ(media_type("file." + std::string(length, '!')), octet_stream) << length;
    }
}

TEST(MediaType, KnowsFilesByTheirWholeNameWhereTheyHaveNoExtension) {
    for (const std::string_view name :
         {"README", "docs/LICENSE", "Makefile", "makefile", "Dockerfile", "SHA256SUMS", "InRelease",
          "LICENSE-MIT", "README.Debian", "Dockerfile.dev", "COPYING.LESSER", ".gitignore"}) {
        EXPECT_EQ(media_type(name), "text/plain; charset=utf-8") << name;
        EXPECT_TRUE(has_known_media_type(name)) << name;
    }
    EXPECT_EQ(media_type("data/.zgroup"), "application/json");
    EXPECT_EQ(media_type(".well-known/apple-app-site-association"), "application/json");
    EXPECT_EQ(media_type("README.html"), "text/html; charset=utf-8");
}

TEST(MediaType, KnowsFilesByTheirWholeNameWhateverItEndsWith) {
    for (const std::string_view name : {"go.mod", "src/go.sum", "go.work", "go.work.sum"}) {
        EXPECT_EQ(media_type(name), "text/plain; charset=utf-8") << name;
        EXPECT_TRUE(has_known_media_type(name)) << name;
    }
    EXPECT_EQ(media_type("xhtml.mod"), "application/xml-dtd");
    EXPECT_EQ(media_type("let-go.sum"), octet_stream);
}

TEST(MediaType, TellsATypeThatItKnowsFromOneForWantOfABetter) {
    EXPECT_TRUE(has_known_media_type("firmware.bin"));
    EXPECT_EQ(media_type("firmware.bin"), octet_stream);
    for (const std::string_view name : {"s.js?ver=5.1", "about", "archive.br", ""}) {
        EXPECT_FALSE(has_known_media_type(name)) << name;
    }
}

TEST(MediaType, HasAKnownExtensionWhereTheTableHasIt) {
    for (const std::string_view name :
         {"app.js", "photo.JPG", "docs/v1.2/index.html", "a.tar.gz", "main.a", ".hidden.png"}) {
        EXPECT_TRUE(has_known_extension(name)) << name;
    }
    for (const std::string_view name : {"", "users/john.doe", "docs/v1.2", "site.html/about",
                                        "README", ".html", "draft.", "eyJhbGciOi.J9.eyJz"}) {
        EXPECT_FALSE(has_known_extension(name)) << name;
    }
}

TEST(MediaType, NeverAllocates) {
    const std::uint64_t before = test::allocations_of_this_thread();
    const std::string_view known = media_type("docs/INDEX.HTML");
    const std::string_view unknown = media_type("about");
    const std::string_view named = media_type("LICENSE-MIT");
    EXPECT_EQ(test::allocations_of_this_thread(), before);
    EXPECT_EQ(known, "text/html; charset=utf-8");
    EXPECT_EQ(unknown, octet_stream);
    EXPECT_EQ(named, "text/plain; charset=utf-8");
}

/// A list of scripts/media-types: a type, its source and its extensions in each line.
void expect_every_extension_known(const std::string& list) {
    std::ifstream file(TORC_SCRIPTS "/media-types/" + list);
    ASSERT_TRUE(file) << list;
    std::size_t extensions = 0;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string type;
        std::string source;
        if (!(words >> type >> source) || type == "#") {
            continue;
        }
        for (std::string extension; words >> extension; ++extensions) {
            EXPECT_TRUE(has_known_extension("file." + extension)) << extension;
        }
    }
    EXPECT_GT(extensions, 1000U);
}

TEST(MediaType, KnowsEveryExtensionOfDebian) {
    expect_every_extension_known("debian.txt");
}

TEST(MediaType, KnowsEveryExtensionOfMimeDb) {
    expect_every_extension_known("mime-db.txt");
}

}  // namespace
}  // namespace torc::file
