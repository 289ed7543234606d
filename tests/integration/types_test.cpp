// What torc says of a file's type, from the real server.

#include "integration/support/server_test.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

using namespace std::string_view_literals;

/// Larger than what is kept in memory.
constexpr std::size_t large_bytes = std::size_t{200} * 1024;

class Types : public ServerTest {
protected:
    /// Of the Content-Type; the same for GET, HEAD and a range, or "?".
    std::string type(std::string_view target) {
        HttpClient client = connect();
        const Response head = client.request("HEAD", target);
        const Response whole = client.get(target);
        const Response part = client.get(target, "Range: bytes=0-0\r\n");
        const auto found = whole.field("Content-Type");
        const bool is_same = found == head.field("Content-Type") &&
                             (part.status != 206 || found == part.field("Content-Type"));
        return found && is_same ? std::string(*found) : "?";
    }
};

TORC_ON_BOTH_BACKENDS(Types);

constexpr std::string_view utf8_text = "text/plain; charset=utf-8";

TEST_P(Types, ShowsAsTextWhatPeopleRead) {
    const std::vector<std::string> names = {
        "README", "LICENSE",    "Makefile", "Dockerfile", "a.toml", "a.yaml",        "a.sql",
        "a.ts",   "a.csv",      "a.log",    "a.rs",       "a.go",   "a.tsv",         "a.ini",
        "a.yml",  "SHA256SUMS", "a.kt",     "a.graphql",  "a.zig",  "LICENSE-APACHE"};
    for (const std::string& name : names) {
        write(name, "text\n");
    }
    start();
    for (const std::string& name : names) {
        EXPECT_EQ(type("/" + name), utf8_text) << name;
    }
}

TEST_P(Types, AnnouncesNoCharsetOverAPageThatHasItsOwn) {
    const auto write_page = [this](std::string_view name, std::string_view begin) {
        write(std::string(name) + ".html", begin);
        write(std::string(name) + "-large.html",
              std::string(begin).append(std::string(large_bytes, ' ')));
    };
    write_page("none", "<!doctype html><p>caf\xC3\xA9");
    write_page("meta", "<!doctype html><meta charset=\"windows-1252\"><p>caf\xE9");
    write_page("equiv",
               "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=koi8-r\">\xC1");
    write_page("mark", "\xEF\xBB\xBF<!doctype html>");
    write_page("sixteen", "\xFF\xFE<\0p\0>\0"sv);
    write_page("xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><html/>");
    write_page("latin1", "<!doctype html><p>caf\xE9");
    start();
    for (const std::string_view size : {"", "-large"}) {
        const auto type_of = [&](std::string_view name) {
            return type("/" + std::string(name) + std::string(size) + ".html");
        };
        EXPECT_EQ(type_of("none"), "text/html; charset=utf-8") << size;
        for (const std::string_view name : {"meta", "equiv", "mark", "sixteen", "xml", "latin1"}) {
            EXPECT_EQ(type_of(name), "text/html") << name << size;
        }
    }
}

TEST_P(Types, LooksAgainAtAFileThatChanged) {
    write("notes.txt", "caf\xC3\xA9");
    start();
    EXPECT_EQ(type("/notes.txt"), utf8_text);
    write("notes.txt", "caf\xE9 au lait");
    EXPECT_TRUE(eventually([this] { return type("/notes.txt") == "text/plain"; }));
}

TEST_P(Types, TellsTypeScriptFromATransportStream) {
    std::string packet("\x47\x40\0\x10\0\0\xB0\x0D"sv);
    packet.resize(188, '\xFF');
    std::string film;
    while (film.size() < large_bytes) {
        film += packet;
    }
    write("short.ts", packet);
    write("film.ts", film);
    write("app.ts", "export const answer = 42;\n");
    write("app.mts", "export const answer = 42;\n");
    write("camera.mts", packet);
    start();
    EXPECT_EQ(type("/app.ts"), utf8_text);
    EXPECT_EQ(type("/short.ts"), "video/mp2t");
    EXPECT_EQ(type("/film.ts"), "video/mp2t");
    EXPECT_EQ(type("/app.mts"), utf8_text);
    EXPECT_EQ(type("/camera.mts"), "video/mp2t");
}

TEST_P(Types, LetsABrowserRunAScriptWhoseNameTellsNothing) {
    write("s.js?ver=5.1", "let a;");
    write("s.js", "let a;");
    start();
    HttpClient client = connect();
    const Response unknown = client.get("/s.js%3Fver=5.1");
    EXPECT_EQ(unknown.status, 200);
    EXPECT_EQ(unknown.field("X-Content-Type-Options"), std::nullopt);
    EXPECT_EQ(unknown.field("Content-Type"), "application/octet-stream");
    EXPECT_EQ(client.request("HEAD", "/s.js%3Fver=5.1").field("X-Content-Type-Options"),
              std::nullopt);
    EXPECT_EQ(client.get("/s.js").field("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(client.get("/absent").field("X-Content-Type-Options"), "nosniff");
}

TEST_P(Types, SendsCompressedSvgWithItsCoding) {
    write("logo.svgz", "\x1F\x8B\x08\0"sv);
    write("site.tar.gz", "\x1F\x8B\x08\0"sv);
    write("app.js.gz", "\x1F\x8B\x08\0"sv);
    start();
    const Response logo = get("/logo.svgz");
    EXPECT_EQ(logo.field("Content-Type"), "image/svg+xml");
    EXPECT_EQ(logo.field("Content-Encoding"), "gzip");
    EXPECT_EQ(logo.body, "\x1F\x8B\x08\0"sv);
    for (const std::string_view target : {"/site.tar.gz", "/app.js.gz"}) {
        const Response archive = get(target);
        EXPECT_EQ(archive.field("Content-Type"), "application/gzip") << target;
        EXPECT_EQ(archive.field("Content-Encoding"), std::nullopt) << target;
    }
}

TEST_P(Types, TakesTheTypesOfTheUser) {
    write("data.foo", "x");
    write("Jenkins", "caf\xC3\xA9");
    write("raw/page.html", "<p>");
    write("page.html", "<p>");
    start({"--type", "*.foo=application/x-foo", "--type", "Jenkins=text/x-groovy", "--type",
           "/raw/*=text/plain; charset=koi8-r"});
    EXPECT_EQ(type("/data.foo"), "application/x-foo");
    EXPECT_EQ(type("/Jenkins"), "text/x-groovy; charset=utf-8");
    EXPECT_EQ(type("/raw/page.html"), "text/plain; charset=koi8-r");
    EXPECT_EQ(type("/page.html"), "text/html; charset=utf-8");
    EXPECT_EQ(get("/data.foo").field("X-Content-Type-Options"), "nosniff");
}

}  // namespace
}  // namespace torc::test
