#include <torc/http/request_parser.hpp>
#include <torc/site/routing/navigation.hpp>

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace torc::site {
namespace {

constexpr std::string_view browser_accept =
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n";

bool wants_page(std::string_view path, std::string_view fields) {
    const std::string text = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
    static http::Request request;
    if (http::parse_request(text, 0, request).state != http::ParseState::parsed) {
        throw std::invalid_argument("the request is not valid");
    }
    return site::wants_page(request, path);
}

std::string fetch(std::string_view destination, std::string_view mode) {
    return "Sec-Fetch-Dest: " + std::string(destination) +
           "\r\nSec-Fetch-Mode: " + std::string(mode) + "\r\n";
}

constexpr auto views = std::to_array<std::string_view>({
    "users/7",
    "users/john.doe",
    "docs/v1.2",
    "docs/v1.2/",
    "v1.2/intro",
    "auth/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P",
    "",
    "a.",
    "well-known/x",
    "caf\xc3\xa9",
});
constexpr auto files = std::to_array<std::string_view>({
    "assets/app.js",
    "style.CSS",
    "logo.svg",
    "users/john.png",
    "api/data.json",
    "page.html",
});

TEST(Navigation, ABrowserGetsAPageForAnyView) {
    for (const std::string_view path : views) {
        EXPECT_TRUE(wants_page(path, browser_accept)) << path;
        EXPECT_TRUE(wants_page(path, fetch("document", "navigate") + std::string(browser_accept)))
            << path;
    }
}

// What it goes to is a view, whatever its name looks like: a package called chart.js, for one.
TEST(Navigation, ABrowserThatSaysSoGetsAPageWhateverTheExtension) {
    for (const std::string_view destination : {"document", "iframe", "frame", "fencedframe"}) {
        EXPECT_TRUE(wants_page("packages/chart.js", fetch(destination, "navigate"))) << destination;
    }
    EXPECT_TRUE(wants_page("packages/chart.js", "Sec-Fetch-Mode: navigate\r\n"));
}

TEST(Navigation, APartOfAPageIsNone) {
    for (const std::string_view destination :
         {"script", "style", "image", "font", "audio", "video", "track", "manifest", "worker",
          "serviceworker", "json"}) {
        for (const std::string_view path : {"assets/chunk", "assets/app.js", "avatars/john.doe"}) {
            EXPECT_FALSE(wants_page(path, fetch(destination, "no-cors") + "Accept: */*\r\n"))
                << destination << " " << path;
        }
    }
}

// fetch(), a service worker that fills its cache, a prefetch; <object> and <embed>, which show
// pages and images.
TEST(Navigation, WhatMayBeEitherIsToldByItsNameAndAccept) {
    for (const std::string_view destination : {"empty", "object", "embed", "not-yet-invented"}) {
        const std::string fields = fetch(destination, "cors");
        EXPECT_TRUE(wants_page("users/7", fields + "Accept: */*\r\n")) << destination;
        EXPECT_FALSE(wants_page("api/users", fields + "Accept: application/json\r\n"));
        EXPECT_FALSE(wants_page("assets/app.js", fields + "Accept: */*\r\n")) << destination;
    }
}

// Link checkers, previews in chats, curl.
TEST(Navigation, AProgramThatTakesAnythingGetsThePageOfAView) {
    for (const std::string_view path : views) {
        EXPECT_TRUE(wants_page(path, "Accept: */*\r\n")) << path;
        EXPECT_TRUE(wants_page(path, "")) << path;
        EXPECT_TRUE(wants_page(path, "Accept: text/*\r\n")) << path;
        EXPECT_TRUE(wants_page(path, "Accept: text/*;q=0.5, */*;q=0.1\r\n")) << path;
    }
}

TEST(Navigation, AFileByItsExtensionIsNoViewForWhoTakesAnything) {
    for (const std::string_view path : files) {
        for (const std::string_view accept : {"Accept: */*\r\n", "Accept: text/*\r\n", ""}) {
            EXPECT_FALSE(wants_page(path, accept)) << path << " " << accept;
        }
    }
}

// Safari before 16.4, and every browser where the site is not secure: they tell no destination.
TEST(Navigation, WhoNamesHtmlGetsAPageUnlessTheExtensionIsThatOfAPartOfOne) {
    for (const std::string_view path :
         {"assets/index-4f2a.js", "style.css", "logo.svg", "icon.ico", "data.json", "main.wasm",
          "inter.woff2", "film.mp4", "index.js.map", "app.webmanifest"}) {
        EXPECT_FALSE(wants_page(path, browser_accept)) << path;
        EXPECT_TRUE(wants_page(path, fetch("document", "navigate"))) << path;
    }
    for (const std::string_view path :
         {"users/joe@example.com", "sites/example.org", "files/report.pdf", "v1.2/readme.md"}) {
        EXPECT_TRUE(wants_page(path, browser_accept)) << path;
        EXPECT_TRUE(wants_page(path, "Accept: text/html;q=0.1, */*\r\n")) << path;
        EXPECT_FALSE(wants_page(path, "Accept: text/html;q=0, */*\r\n")) << path;
        EXPECT_FALSE(wants_page(path, fetch("script", "no-cors") + std::string(browser_accept)));
    }
}

TEST(Navigation, WhatIsWellKnownIsNoView) {
    for (const std::string_view path : {".well-known/acme-challenge/token", "/.well-known/a%2Fb",
                                        ".well-known/", ".well-known"}) {
        EXPECT_FALSE(wants_page(path, browser_accept)) << path;
        EXPECT_FALSE(wants_page(path, fetch("document", "navigate"))) << path;
    }
    EXPECT_TRUE(wants_page(".well-known-people/7", browser_accept));
    EXPECT_TRUE(wants_page("a/.well-known/7", browser_accept));
}

TEST(Navigation, WhoWantsSomethingElseGetsNoPage) {
    for (const std::string_view accept :
         {"Accept: application/json\r\n", "Accept: application/json, text/plain, */*\r\n",
          "Accept: image/avif,image/webp,image/*,*/*;q=0.8\r\n", "Accept: text/css,*/*;q=0.1\r\n",
          "Accept: text/html;q=0, */*\r\n", "Accept: text/html;q=0\r\n", "Accept: */*;q=0\r\n",
          "Accept: text/event-stream\r\n"}) {
        EXPECT_FALSE(wants_page("users/7", accept)) << accept;
    }
}

TEST(Navigation, HtmlMayBeOneOfSeveral) {
    EXPECT_TRUE(wants_page("users/7", "Accept: application/json, text/html;q=0.1\r\n"));
    EXPECT_TRUE(wants_page("users/7", "Accept: image/png\r\nAccept: text/html\r\n"));
}

}  // namespace
}  // namespace torc::site
