// RFC 9110 §15: what comes with each status.

#include "integration/http/conformance.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9110_15_3_7);
CONFORMANCE_SUITE(Rfc9110_15_4_2);
CONFORMANCE_SUITE(Rfc9110_15_4_5);
CONFORMANCE_SUITE(Rfc9110_15_5);
CONFORMANCE_SUITE(Rfc9110_15_5_6);
CONFORMANCE_SUITE(Rfc9110_17_4);
CONFORMANCE_SUITE(Fields_of_every_answer);

// §15.3.7: 206.

TEST_P(Rfc9110_15_3_7, It_has_the_fields_of_200) {
    must();
    for (const std::string_view target : {"/alphabet.txt", "/large.bin"}) {
        const Response whole = get(target);
        const Response part = get(target, "Range: bytes=0-0\r\n");
        EXPECT_EQ(part.status, 206);
        for (const std::string_view name :
             {"ETag", "Last-Modified", "Content-Type", "Cache-Control", "Vary"}) {
            EXPECT_EQ(part.field(name), whole.field(name)) << name;
        }
    }
}

TEST_P(Rfc9110_15_3_7, Its_length_is_that_of_the_part) {
    must();
    EXPECT_EQ(get("/large.bin", "Range: bytes=5-104\r\n").body.size(), 100);
}

// §15.4.2: redirects.

TEST_P(Rfc9110_15_4_2, A_directory_is_redirected_to_its_slash) {
    should();
    const Response response = get("/dir");
    EXPECT_TRUE(is_one_of(response.status, {301, 302, 307, 308}));
    EXPECT_TRUE(resolve_reference("/dir", only(response, "Location")).ends_with("/dir/"));
}

TEST_P(Rfc9110_15_4_2, It_keeps_the_query) {
    hardening();
    const std::string location = only(get("/dir?a=b&c=%20d"), "Location");
    EXPECT_TRUE(resolve_reference("/dir", location).ends_with("/dir/?a=b&c=%20d")) << location;
}

TEST_P(Rfc9110_15_4_2, It_is_relative_to_the_target) {
    choice();
    tree().write("deep/er/index.html", "<!doctype html>\n");
    tree().write("a:b/index.html", "<!doctype html>\n");
    const Response response = get("/dir");
    EXPECT_EQ(response.status, 301);
    EXPECT_EQ(only(response, "Location"), "dir/");
    EXPECT_EQ(only(get("/deep/er?x=/y"), "Location"), "er/?x=/y");
    EXPECT_EQ(only(get("/a:b"), "Location"), "./a:b/");
}

TEST_P(Rfc9110_15_4_2, An_odd_name_is_encoded_in_location) {
    must();
    tree().write("names/a b?#%/index.html", "<!doctype html>\n");
    const std::string location =
        resolve_reference("/names/a%20b%3F%23%25", only(get("/names/a%20b%3F%23%25"), "Location"));
    EXPECT_TRUE(location.ends_with("/names/a%20b%3f%23%25/") ||
                location.ends_with("/names/a%20b%3F%23%25/"))
        << location;
}

TEST_P(Rfc9110_15_4_2, A_line_end_in_a_name_makes_no_field) {
    must();
    tree().write("names/a\r\nX: y/index.html", "<!doctype html>\n");
    const Response response = get("/names/a%0d%0aX:%20y");
    EXPECT_EQ(response.count("X"), 0) << response.head;
}

TEST_P(Rfc9110_15_4_2, A_line_end_in_a_query_makes_no_field) {
    must();
    const Response response = get("/dir?%0d%0aX:%20y");
    EXPECT_EQ(response.count("X"), 0) << response.head;
}

// §15.4.5: 304.

const std::string unmodified = field_line("If-Modified-Since", tree_date);

TEST_P(Rfc9110_15_4_5, It_has_no_content) {
    must();
    // The next request shows it, which `get` sends.
    EXPECT_EQ(get("/alphabet.txt", unmodified).status, 304);
    EXPECT_EQ(get("/large.bin", unmodified).status, 304);
}

TEST_P(Rfc9110_15_4_5, It_has_the_etag_of_200) {
    must();
    const auto etag = get("/alphabet.txt").field("ETag");
    EXPECT_EQ(get("/alphabet.txt", unmodified).field("ETag"), etag);
}

TEST_P(Rfc9110_15_4_5, It_has_the_cache_control_of_200) {
    must();
    for (const std::string_view target : {"/alphabet.txt", "/index.html"}) {
        EXPECT_EQ(get(target, unmodified).field("Cache-Control"),
                  get(target).field("Cache-Control"))
            << target;
    }
}

TEST_P(Rfc9110_15_4_5, A_length_in_it_is_that_of_200) {
    must();
    const Response response = get("/alphabet.txt", unmodified);
    EXPECT_EQ(response.field("Content-Length").value_or("26"), "26");
}

TEST_P(Rfc9110_15_4_5, It_has_no_fields_of_the_content) {
    should();
    const Response response = get("/alphabet.txt", unmodified);
    EXPECT_EQ(response.count("Content-Type"), 0);
    EXPECT_EQ(response.count("Content-Range"), 0);
}

// §15.5: errors.

TEST_P(Rfc9110_15_5, An_error_explains_itself) {
    should();
    EXPECT_FALSE(get("/absent").body.empty());
    EXPECT_FALSE(get("/alphabet.txt", "Range: bytes=100-\r\n").body.empty());
    EXPECT_FALSE(answer_to("nonsense\r\n\r\n").body.empty());
}

TEST_P(Rfc9110_15_5, An_explanation_has_its_media_type) {
    should();
    EXPECT_EQ(get("/absent").count("Content-Type"), 1);
}

TEST_P(Rfc9110_15_5, An_explanation_is_not_that_of_the_file) {
    hardening();
    const Response response = get("/large.bin", "Range: bytes=300000-\r\n");
    EXPECT_EQ(response.status, 416);
    EXPECT_FALSE(response.field("Content-Type").value_or("") ==
                 get("/large.bin").field("Content-Type").value_or("-"));
    EXPECT_EQ(response.count("Content-Encoding"), 0);
}

TEST_P(Rfc9110_15_5, An_explanation_does_not_repeat_what_was_asked_for_unescaped) {
    hardening();
    const Response response = get("/%3Cscript%3Ealert(1)%3C/script%3E?<script>");
    EXPECT_FALSE(response.body.contains("<script>"));
}

TEST_P(Rfc9110_15_5, What_does_not_exist_is_404) {
    must();
    EXPECT_EQ(get("/absent").status, 404);
    EXPECT_EQ(get("/absent/").status, 404);
    EXPECT_EQ(get("/dir/absent").status, 404);
}

TEST_P(Rfc9110_15_5, What_is_below_a_file_is_404) {
    choice();
    EXPECT_EQ(get("/alphabet.txt/").status, 404);
    EXPECT_EQ(get("/alphabet.txt/more").status, 404);
}

TEST_P(Rfc9110_15_5, A_page_404_html_is_found_upward_from_the_path) {
    choice();
    const Response outer = get("/errors/absent");
    EXPECT_EQ(outer.status, 404);
    EXPECT_TRUE(outer.body.contains("outer 404")) << outer.body;
    const Response inner = get("/errors/deep/absent/more");
    EXPECT_EQ(inner.status, 404);
    EXPECT_TRUE(inner.body.contains("inner 404")) << inner.body;
    EXPECT_FALSE(get("/absent").body.contains("outer 404"));
    EXPECT_EQ(head("/errors/absent").status, 404);
}

TEST_P(Rfc9110_15_5, A_page_404_html_by_its_own_name_is_200) {
    hardening();
    EXPECT_EQ(get("/errors/404.html").status, 200);
}

// §15.5.6: 405.

TEST_P(Rfc9110_15_5_6, It_has_allow) {
    must();
    for (const std::string_view method : {"POST", "PUT", "DELETE", "PATCH"}) {
        const Response response =
            answer_to(request_bytes(method, "/alphabet.txt", "Content-Length: 0\r\n"));
        EXPECT_TRUE(response.status != 405 || response.count("Allow") == 1) << response.head;
    }
}

// §17.4 and the rest of the open redirects: a Location never leads to another host.

TEST_P(Rfc9110_17_4, Two_slashes_before_a_directory_do_not_make_it_a_host) {
    hardening();
    for (const std::string_view target :
         {"//dir", "///dir", "//dir?x", "/.//dir", "//./dir", "//dir/../dir", "/dir/..//dir",
          "//evil.example/..//dir", "//evil.example/%2e%2e/dir", "/%2f/dir", "//dir/%2e", "/\\dir",
          "/%5cdir", "/\\evil.example/..", "/\\evil.example/%2e%2e/dir", "//evil.example/%2e%2e",
          "/%09/evil.example/..", "http:////dir"}) {
        const std::string location = get(target).field("Location").value_or("/");
        const bool is_path = location.starts_with('/') && !location.starts_with("//") &&
                             !location.starts_with("/\\");
        EXPECT_TRUE(is_path || location.starts_with("http://test/") ||
                    location.starts_with("http://test:") || location.starts_with("http:///") ||
                    !location.contains("//"))
            << target << " leads to " << location;
        EXPECT_FALSE(location.contains("//evil")) << target;
    }
}

TEST_P(Fields_of_every_answer, No_media_type_is_to_be_guessed) {
    choice();
    for (const std::string_view target : {"/alphabet.txt", "/absent", "/dir", "/large.bin"}) {
        EXPECT_EQ(only(get(target), "X-Content-Type-Options"), "nosniff") << target;
    }
    EXPECT_EQ(only(get("/alphabet.txt", "If-None-Match: *\r\n"), "X-Content-Type-Options"),
              "nosniff");
    EXPECT_EQ(only(answer_to("nonsense\r\n\r\n"), "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(only(get("/alphabet.txt", "Range: bytes=100-\r\n"), "X-Content-Type-Options"),
              "nosniff");
}

TEST_P(Fields_of_every_answer, What_may_change_is_to_be_asked_for_again) {
    choice();
    for (const std::string_view target : {"/", "/alphabet.txt", "/style.css", "/dir/page.html"}) {
        EXPECT_EQ(only(get(target), "Cache-Control"), "no-cache") << target;
    }
}

TEST_P(Fields_of_every_answer, A_name_with_a_hash_of_its_contents_is_for_ever) {
    choice();
    for (const std::string_view name :
         {"app.3f9a2b1c.js", "index-BdH3a9Kz.js", "style-5d41402abc4b2a76b9719d911017c592.css"}) {
        tree().write("assets/" + std::string(name), "contents");
        EXPECT_EQ(only(get("/assets/" + std::string(name)), "Cache-Control"),
                  "public, max-age=31536000, immutable")
            << name;
    }
}

}  // namespace
}  // namespace torc::test
