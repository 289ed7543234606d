// What torc's options do to its answers. These suites run against torc alone.

#include "integration/http/conformance.hpp"

#include <fmt/format.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc::test {
namespace {

namespace fs = std::filesystem;

/// A suite of torc's with these options.
#define WITH_OPTIONS(Suite, ...)                                       \
    class Suite : public Conformance {                                 \
    protected:                                                         \
        [[nodiscard]] std::vector<std::string> options() const final { \
            return {__VA_ARGS__};                                      \
        }                                                              \
    };                                                                 \
    CONFORMANCE_RUN(Suite, torc_under_test())

WITH_OPTIONS(Option_header, "--header", "X-Frame-Options: DENY", "--header", "X-Other: a: b");
WITH_OPTIONS(Option_cache_control, "--cache-control", "plain.*=max-age=60", "--cache-control",
             "*.css=max-age=120", "--cache-control", "*dir/*=off", "--cache-control",
             "*bare/*=no-store");
WITH_OPTIONS(Option_symlinks_inside, "--symlinks", "inside");
WITH_OPTIONS(Option_symlinks_all, "--symlinks", "all");
WITH_OPTIONS(Option_symlinks_none, "--symlinks", "none");
WITH_OPTIONS(Option_codings_gzip, "--codings", "gzip");
WITH_OPTIONS(Option_codings_in_another_order, "--codings", "gzip,zstd,br");
WITH_OPTIONS(Option_codings_off, "--codings", "off");
WITH_OPTIONS(Option_index, "--index", "page.html", "--index", "index.html");
WITH_OPTIONS(Option_spa, "--spa", "index.html");
WITH_OPTIONS(Option_clean_urls, "--clean-urls");

constexpr std::string_view accept_html = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

// --header

TEST_P(Option_header, It_adds_a_field_to_every_answer) {
    choice();
    for (const Response& response :
         {get("/alphabet.txt"), get("/large.bin"), get("/absent"), get("/dir"),
          get("/alphabet.txt", "If-None-Match: *\r\n"),
          get("/alphabet.txt", "Range: bytes=0-0\r\n"),
          get("/alphabet.txt", "Range: bytes=100-\r\n"), head("/alphabet.txt"),
          answer_to(request_bytes("POST", "/alphabet.txt", "Content-Length: 0\r\n")),
          answer_to("nonsense\r\n\r\n")}) {
        EXPECT_EQ(only(response, "X-Frame-Options"), "DENY");
        EXPECT_EQ(only(response, "X-Other"), "a: b");
    }
}

// --cache-control

TEST_P(Option_cache_control, The_first_pattern_that_matches_counts) {
    choice();
    EXPECT_EQ(only(get("/plain.css"), "Cache-Control"), "max-age=60");
    EXPECT_EQ(only(get("/style.css"), "Cache-Control"), "max-age=120");
}

TEST_P(Option_cache_control, A_pattern_with_a_slash_is_for_the_whole_path) {
    choice();
    EXPECT_EQ(only(get("/bare/file.txt"), "Cache-Control"), "no-store");
}

TEST_P(Option_cache_control, Off_is_no_field) {
    choice();
    EXPECT_EQ(get("/dir/page.html").count("Cache-Control"), 0);
}

TEST_P(Option_cache_control, What_matches_no_pattern_has_the_default) {
    choice();
    EXPECT_EQ(only(get("/alphabet.txt"), "Cache-Control"), "no-cache");
}

TEST_P(Option_cache_control, It_is_the_same_in_304_and_206) {
    choice();
    EXPECT_EQ(only(get("/plain.css", "If-None-Match: *\r\n"), "Cache-Control"), "max-age=60");
    EXPECT_EQ(only(get("/plain.css", "Range: bytes=0-0\r\n"), "Cache-Control"), "max-age=60");
}

// --symlinks

TEST_P(Option_symlinks_inside, Only_links_that_stay_inside_are_followed) {
    choice();
    EXPECT_EQ(get("/link-inside.txt").body, alphabet);
    EXPECT_EQ(get("/link-dir/page.html").status, 200);
    EXPECT_EQ(get("/link-outside.txt").status, 404);
}

TEST_P(Option_symlinks_inside, A_link_that_is_turned_about_never_leads_out) {
    choice();
    const fs::path link = tree().root() / "turning.txt";
    const fs::path fresh = tree().root() / "turning.new";
    fs::create_symlink("alphabet.txt", link);
    std::atomic<bool> is_over = false;
    std::thread turner([&] {
        for (bool leads_out = true; !is_over; leads_out = !leads_out) {
            fs::create_symlink(leads_out ? outside() / "secret.txt" : fs::path("alphabet.txt"),
                               fresh);
            fs::rename(fresh, link);
        }
    });
    HttpClient client = connect();
    std::vector<std::string> bodies;
    for (int i = 0; i < 3000; ++i) {
        // By another name each time, so that nothing is known of it yet.
        bodies.push_back(client.get("/turning.txt?" + std::to_string(i)).body);
    }
    is_over = true;
    turner.join();
    fs::remove(link);
    for (const std::string& body : bodies) {
        EXPECT_FALSE(body.contains("secret"));
    }
}

TEST_P(Option_symlinks_inside, A_directory_that_is_turned_about_never_leads_out) {
    choice();
    const fs::path link = tree().root() / "turning";
    const fs::path fresh = tree().root() / "turning-new";
    tree().write("holder/secret.txt", "harmless");
    fs::create_directory_symlink("holder", link);
    std::atomic<bool> is_over = false;
    std::thread turner([&] {
        for (bool leads_out = true; !is_over; leads_out = !leads_out) {
            fs::create_directory_symlink(leads_out ? outside() : fs::path("holder"), fresh);
            fs::rename(fresh, link);
        }
    });
    HttpClient client = connect();
    std::vector<std::string> bodies;
    for (int i = 0; i < 3000; ++i) {
        bodies.push_back(client.get("/turning/secret.txt").body);
    }
    is_over = true;
    turner.join();
    fs::remove(link);
    for (const std::string& body : bodies) {
        EXPECT_NE(body, "secret");
    }
}

TEST_P(Option_symlinks_all, Links_that_lead_out_are_followed) {
    choice();
    EXPECT_EQ(get("/link-inside.txt").body, alphabet);
    EXPECT_EQ(get("/link-outside.txt").body, "secret");
    EXPECT_EQ(get("/link-dangling").status, 404);
    EXPECT_EQ(get("/link-loop").status, 404);
}

TEST_P(Option_symlinks_all, Dots_still_lead_nowhere) {
    choice();
    EXPECT_EQ(get("/../secret.txt").status, 400);
}

TEST_P(Option_symlinks_none, No_link_is_followed) {
    choice();
    EXPECT_EQ(get("/link-inside.txt").status, 404);
    EXPECT_EQ(get("/link-dir/page.html").status, 404);
    EXPECT_EQ(get("/link-outside.txt").status, 404);
    EXPECT_EQ(get("/alphabet.txt").body, alphabet);
}

// --codings

TEST_P(Option_codings_gzip, Other_codings_are_not_sent) {
    choice();
    EXPECT_EQ(get("/style.css", "Accept-Encoding: br, zstd\r\n").count("Content-Encoding"), 0);
    EXPECT_EQ(get("/style.css", "Accept-Encoding: br, gzip\r\n").field("Content-Encoding"), "gzip");
}

TEST_P(Option_codings_in_another_order, Among_equals_the_first_is_sent) {
    choice();
    EXPECT_EQ(get("/style.css", "Accept-Encoding: br, zstd, gzip\r\n").field("Content-Encoding"),
              "gzip");
    EXPECT_EQ(get("/style.css", "Accept-Encoding: br, zstd\r\n").field("Content-Encoding"), "zstd");
}

TEST_P(Option_codings_off, Files_come_as_they_are) {
    choice();
    const Response response = get("/style.css", "Accept-Encoding: br, zstd, gzip\r\n");
    EXPECT_EQ(response.count("Content-Encoding"), 0);
    EXPECT_EQ(response.count("Vary"), 0);
    EXPECT_EQ(get("/style.css.gz").status, 200);
}

// --index

TEST_P(Option_index, The_first_name_that_exists_is_served) {
    choice();
    EXPECT_TRUE(get("/dir/").body.contains("<title>page"));
    EXPECT_TRUE(get("/").body.contains("<title>root"));
}

// --spa

/// What a browser sends with a request for `destination`.
std::string fetch_fields(std::string_view destination, std::string_view mode,
                         std::string_view accept) {
    return fmt::format("Sec-Fetch-Dest: {}\r\nSec-Fetch-Mode: {}\r\nAccept: {}\r\n", destination,
                       mode, accept);
}

TEST_P(Option_spa, A_navigation_to_what_does_not_exist_gets_the_page) {
    choice();
    for (const std::string_view target :
         {"/some/view", "/users/john.doe", "/docs/v1.2", "/docs/v1.2/", "/john%2Edoe",
          "/auth/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N", "/caf%C3%A9",
          "/a%2Fb", "/alphabet.txt/view", "/users/joe@example.com"}) {
        const Response response = get(target, accept_html);
        EXPECT_EQ(response.status, 200) << target;
        EXPECT_TRUE(response.body.contains("<title>root")) << target;
        EXPECT_EQ(only(response, "Vary"), "Accept, Sec-Fetch-Dest, Sec-Fetch-Mode") << target;
        EXPECT_EQ(head(target, accept_html).status, 200) << target;
    }
}

TEST_P(Option_spa, A_browser_says_what_it_wants) {
    choice();
    EXPECT_EQ(get("/packages/chart.js", fetch_fields("document", "navigate", "text/html")).status,
              200);
    EXPECT_EQ(get("/avatars/john.doe", fetch_fields("image", "no-cors", "*/*")).status, 404);
    EXPECT_EQ(get("/assets/chunk", fetch_fields("script", "cors", "*/*")).status, 404);
    EXPECT_EQ(get("/users/7", fetch_fields("empty", "cors", "*/*")).status, 200);
    EXPECT_EQ(get("/users/7", fetch_fields("empty", "cors", "application/json")).status, 404);
}

TEST_P(Option_spa, A_file_that_does_not_exist_is_404) {
    choice();
    for (const std::string_view target : {"/some/view.js", "/app.CSS", "/logo.svg", "/data.json"}) {
        EXPECT_EQ(get(target).status, 404) << target;
        EXPECT_EQ(get(target, accept_html).status, 404) << target;
        EXPECT_EQ(get(target, fetch_fields("script", "no-cors", "text/html")).status, 404);
        const Response response = get(target, "Accept: */*\r\n");
        EXPECT_EQ(response.status, 404) << target;
        EXPECT_EQ(only(response, "Vary"), "Accept, Sec-Fetch-Dest, Sec-Fetch-Mode") << target;
    }
}

TEST_P(Option_spa, A_program_that_takes_anything_gets_the_page) {
    choice();
    EXPECT_EQ(get("/some/view").status, 200);
    EXPECT_EQ(get("/some/view", "Accept: */*\r\n").status, 200);
    EXPECT_EQ(get("/some/view", "Accept: text/*\r\n").status, 200);
}

TEST_P(Option_spa, Who_wants_something_else_gets_404) {
    choice();
    EXPECT_EQ(get("/some/view", "Accept: application/json\r\n").status, 404);
    EXPECT_EQ(get("/some/view", "Accept: application/json, text/plain, */*\r\n").status, 404);
    EXPECT_EQ(get("/some/view", "Accept: image/avif,image/webp,*/*;q=0.8\r\n").status, 404);
    EXPECT_EQ(get("/some/view", "Accept: text/html;q=0, */*\r\n").status, 404);
}

TEST_P(Option_spa, The_page_has_conditions_and_ranges) {
    choice();
    const std::string fields(accept_html);
    const Response whole = get("/some/view", fields);
    EXPECT_EQ(get("/some/view", fields + "If-None-Match: " + only(whole, "ETag") + "\r\n").status,
              304);
    const Response part = get("/other/view", fields + "Range: bytes=1-4\r\n");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, whole.body.substr(1, 4));
}

TEST_P(Option_spa, What_is_hidden_is_404) {
    choice();
    for (const std::string_view target : {"/.git/config", "/.env", "/dir/.git/HEAD",
                                          "/.well-known/security", "/.well-known/a%2Fb"}) {
        EXPECT_EQ(get(target, accept_html).status, 404) << target;
    }
}

TEST_P(Option_spa, What_exists_is_served_as_ever) {
    choice();
    EXPECT_EQ(get("/alphabet.txt", accept_html).body, alphabet);
    EXPECT_TRUE(get("/dir/", accept_html).body.contains("<title>dir"));
    EXPECT_EQ(get("/dir", accept_html).status, 301);
}

TEST_P(Option_spa, What_is_malformed_stays_an_error) {
    choice();
    EXPECT_EQ(get("/../view", accept_html).status, 400);
    EXPECT_EQ(answer_to(request_bytes("POST", "/some/view",
                                      std::string(accept_html) + "Content-Length: 0\r\n"))
                  .status,
              405);
}

// --clean-urls

TEST_P(Option_clean_urls, A_page_is_found_without_its_extension) {
    choice();
    const Response response = get("/dir/page");
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(response.body.contains("<title>page"));
    EXPECT_EQ(only(response, "Content-Type"), "text/html; charset=utf-8");
}

TEST_P(Option_clean_urls, A_page_with_its_extension_is_redirected) {
    choice();
    const Response response = get("/dir/page.html?a=b");
    EXPECT_EQ(response.status, 301);
    EXPECT_EQ(only(response, "Location"), "page?a=b");
}

TEST_P(Option_clean_urls, An_index_is_redirected_to_its_directory) {
    choice();
    EXPECT_EQ(only(get("/index.html"), "Location"), "./");
    EXPECT_EQ(only(get("/dir/index.html?a=b"), "Location"), "./?a=b");
}

TEST_P(Option_clean_urls, A_page_with_a_slash_is_redirected) {
    choice();
    tree().write("clean/page 2.html", "<!doctype html>\n");
    EXPECT_EQ(only(get("/clean/page%202/?a=b"), "Location"), "../page%202?a=b");
    EXPECT_EQ(only(get("/clean//page%202/"), "Location"), "/clean/page%202");
}

TEST_P(Option_clean_urls, A_file_of_that_very_name_comes_first) {
    choice();
    tree().write("clean/both", "the file");
    tree().write("clean/both.html", "<!doctype html>\n");
    EXPECT_EQ(get("/clean/both").body, "the file");
}

TEST_P(Option_clean_urls, A_page_comes_before_a_directory_of_its_name) {
    choice();
    tree().write("clean/about/index.html", "<!doctype html>\n<title>directory</title>\n");
    tree().write("clean/about.html", "<!doctype html>\n<title>about</title>\n");
    EXPECT_TRUE(get("/clean/about").body.contains("<title>about"));
    EXPECT_TRUE(get("/clean/about/").body.contains("<title>directory"));
}

TEST_P(Option_clean_urls, Other_files_keep_their_names) {
    choice();
    EXPECT_EQ(get("/alphabet.txt").body, alphabet);
    EXPECT_EQ(get("/alphabet").status, 404);
    EXPECT_EQ(get("/absent.html").status, 404);
}

TEST_P(Option_clean_urls, No_redirect_leads_to_another_host) {
    choice();
    for (const std::string_view target :
         {"//dir/page.html", "//evil.example/..//dir/page.html", "/\\dir/page.html"}) {
        const std::string location = get(target).field("Location").value_or("/");
        EXPECT_TRUE(location.starts_with('/') && !location.starts_with("//") &&
                    !location.starts_with("/\\"))
            << target << " leads to " << location;
    }
}

}  // namespace
}  // namespace torc::test
