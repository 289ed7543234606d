// RFC 9110 §6.6.1 and §8: Date, media types, lengths and validators.

#include "integration/http/conformance.hpp"
#include "support/precompressed.hpp"

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc9110_6_6_1);
CONFORMANCE_SUITE(Rfc9110_8_3);
CONFORMANCE_SUITE(Rfc9110_8_8);
CONFORMANCE_SUITE(Rfc9110_8_8_2);
CONFORMANCE_SUITE(Rfc9110_8_8_3);

/// Whether there is one Date in the right format that is about now.
::testing::AssertionResult has_date(const Response& response) {
    const auto date = parse_http_date(response.field("Date").value_or(""));
    // One that is rendered once a second may be a little old.
    constexpr std::time_t tolerance_s = 5;
    if (date && std::abs(*date - std::time(nullptr)) <= tolerance_s) {
        return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << response.head;
}

// §6.6.1: Date.

TEST_P(Rfc9110_6_6_1, It_is_in_200) {
    must();
    EXPECT_TRUE(has_date(get("/alphabet.txt")));
}

TEST_P(Rfc9110_6_6_1, It_is_in_206) {
    must();
    EXPECT_TRUE(has_date(get("/alphabet.txt", "Range: bytes=0-0\r\n")));
}

TEST_P(Rfc9110_6_6_1, It_is_in_a_redirect) {
    must();
    EXPECT_TRUE(has_date(get("/dir")));
}

TEST_P(Rfc9110_6_6_1, It_is_in_304) {
    must();
    EXPECT_TRUE(has_date(get("/alphabet.txt", field_line("If-Modified-Since", tree_date))));
}

TEST_P(Rfc9110_6_6_1, It_is_in_400) {
    must();
    HttpClient client = connect();
    client.send("nonsense\r\n\r\n");
    EXPECT_TRUE(has_date(client.receive_response()));
}

TEST_P(Rfc9110_6_6_1, It_is_in_404) {
    must();
    EXPECT_TRUE(has_date(get("/absent")));
}

TEST_P(Rfc9110_6_6_1, It_is_in_416) {
    must();
    EXPECT_TRUE(has_date(get("/alphabet.txt", "Range: bytes=100-\r\n")));
}

// §8.3: Content-Type.

TEST_P(Rfc9110_8_3, A_page_is_html) {
    should();
    EXPECT_TRUE(only(get("/index.html"), "Content-Type").starts_with("text/html"));
    EXPECT_TRUE(only(get("/dir/"), "Content-Type").starts_with("text/html"));
}

TEST_P(Rfc9110_8_3, A_style_is_css) {
    should();
    EXPECT_TRUE(only(get("/plain.css"), "Content-Type").starts_with("text/css"));
}

TEST_P(Rfc9110_8_3, A_text_is_plain) {
    should();
    EXPECT_TRUE(only(get("/alphabet.txt"), "Content-Type").starts_with("text/plain"));
}

TEST_P(Rfc9110_8_3, Text_is_utf8) {
    choice();
    EXPECT_EQ(only(get("/index.html"), "Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(only(get("/alphabet.txt"), "Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(only(get("/plain.css"), "Content-Type"), "text/css; charset=utf-8");
}

// §8.8.2: Last-Modified.

TEST_P(Rfc9110_8_8_2, It_is_the_time_of_the_file) {
    should();
    EXPECT_EQ(only(get("/alphabet.txt"), "Last-Modified"), tree_date);
    EXPECT_EQ(only(get("/large.bin"), "Last-Modified"), tree_date);
}

TEST_P(Rfc9110_8_8_2, It_is_never_later_than_date) {
    must();
    const Response response = get("/time-future.txt");
    EXPECT_EQ(response.status, 200);
    if (response.count("Last-Modified") > 0) {
        const auto modified = parse_http_date(only(response, "Last-Modified"));
        const auto date = parse_http_date(only(response, "Date"));
        ASSERT_TRUE(modified && date) << response.head;
        EXPECT_LE(*modified, *date);
    }
}

TEST_P(Rfc9110_8_8_2, A_useless_time_is_not_told) {
    choice();
    for (const std::string_view target : {"/time-0.txt", "/time-1.txt", "/time-future.txt"}) {
        const Response response = get(target);
        EXPECT_EQ(response.count("Last-Modified"), 0) << target;
        EXPECT_EQ(response.count("ETag"), 1) << target;
    }
}

// §8.8.3: ETag.

TEST_P(Rfc9110_8_8_3, There_is_one) {
    should();
    EXPECT_EQ(get("/alphabet.txt").count("ETag"), 1);
    EXPECT_EQ(get("/large.bin").count("ETag"), 1);
}

TEST_P(Rfc9110_8_8_3, It_is_well_formed) {
    must();
    for (const std::string_view target : {"/alphabet.txt", "/large.bin", "/empty.txt"}) {
        std::string tag = get(target).field("ETag").value_or("\"\"");
        if (tag.starts_with("W/")) {
            tag.erase(0, 2);
        }
        EXPECT_TRUE(tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') << tag;
        EXPECT_EQ(tag.find('"', 1), tag.size() - 1) << tag;
    }
}

TEST_P(Rfc9110_8_8_3, It_is_strong) {
    choice();
    EXPECT_FALSE(only(get("/alphabet.txt"), "ETag").starts_with("W/"));
    EXPECT_FALSE(only(get("/large.bin"), "ETag").starts_with("W/"));
}

TEST_P(Rfc9110_8_8_3, It_stays_while_the_file_does) {
    should();
    const std::string etag = only(get("/large.bin"), "ETag");
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(only(get("/large.bin"), "ETag"), etag);
    }
}

TEST_P(Rfc9110_8_8_3, Each_content_coding_has_its_own) {
    must();
    const Response plain = get("/gzip-only.css");
    const Response coded = get("/gzip-only.css", "Accept-Encoding: gzip\r\n");
    const std::string tag = plain.field("ETag").value_or("W/");
    if (coded.count("Content-Encoding") == 1 && !tag.starts_with("W/")) {
        EXPECT_NE(coded.field("ETag"), tag);
    }
}

TEST_P(Rfc9110_8_8_3, Each_content_coding_has_its_own_though_files_are_alike) {
    choice();
    // Size and time are those of the other form.
    const std::string plain = "ten bytes, and ten more";
    const std::string coded = gzip_like("coded", plain);
    ASSERT_EQ(coded.size(), plain.size());
    tree().write("alike.css", plain);
    tree().write("alike.css.gz", coded);
    EXPECT_NE(only(get("/alike.css"), "ETag"),
              only(get("/alike.css", "Accept-Encoding: gzip\r\n"), "ETag"));
}

// §8.8.1: a strong validator changes whenever the bytes do.

class Rfc9110_8_8_1 : public Conformance {
protected:
    /// The answer as soon as it has `body`, for a server may keep what it has read for a while.
    [[nodiscard]] Response eventually_get(std::string_view target, std::string_view body) const {
        Response response;
        EXPECT_TRUE(eventually([&] {
            response = get(target);
            return response.body == body;
        }));
        return response;
    }

    /// A tag that is not strong makes no promise.
    static void expect_other_tag(const Response& before, const Response& after) {
        const std::string tag = before.field("ETag").value_or("W/");
        if (!tag.starts_with("W/")) {
            EXPECT_NE(tag, after.field("ETag").value_or(""));
        }
    }

    /// Changes a file's bytes, but neither its size nor what `time` is, and compares the tags.
    void expect_change_shows(std::string_view name, FileTime before, FileTime after) const {
        const std::string target = "/" + std::string(name);
        tree().write(name, "version 1", before);
        const Response first = eventually_get(target, "version 1");
        tree().write(name, "version 2", after);
        expect_other_tag(first, eventually_get(target, "version 2"));
    }
};
CONFORMANCE_RUN(Rfc9110_8_8_1, servers_under_test());

TEST_P(Rfc9110_8_8_1, A_change_of_size_changes_the_tag) {
    must();
    tree().write("changing.txt", "one");
    const Response first = eventually_get("/changing.txt", "one");
    tree().write("changing.txt", "three");
    expect_other_tag(first, eventually_get("/changing.txt", "three"));
}

TEST_P(Rfc9110_8_8_1, A_change_in_another_second_changes_the_tag) {
    must();
    expect_change_shows("seconds.txt", tree_time, tree_time + std::chrono::seconds(1));
}

TEST_P(Rfc9110_8_8_1, A_change_within_one_second_changes_the_tag) {
    must();
    expect_change_shows("milliseconds.txt", tree_time, tree_time + std::chrono::milliseconds(1));
}

TEST_P(Rfc9110_8_8_1, A_change_within_one_microsecond_changes_the_tag) {
    must();
    expect_change_shows("nanoseconds.txt", tree_time, tree_time + std::chrono::nanoseconds(1));
}

TEST_P(Rfc9110_8_8_1, A_change_back_in_time_changes_the_tag) {
    must();
    expect_change_shows("backwards.txt", tree_time, tree_time - std::chrono::hours(1));
}

TEST_P(Rfc9110_8_8_1, A_change_at_time_0_changes_the_tag) {
    must();
    expect_change_shows("changing-at-0.txt", FileTime{}, FileTime{});
}

TEST_P(Rfc9110_8_8_1, A_change_at_time_1_changes_the_tag) {
    must();
    constexpr FileTime second_1{std::chrono::seconds(1)};
    expect_change_shows("changing-at-1.txt", second_1, second_1);
}

TEST_P(Rfc9110_8_8_1, A_change_at_the_time_of_archives_changes_the_tag) {
    must();
    // 1980-01-01: what ZIP and reproducible builds give to every file.
    constexpr FileTime archive{std::chrono::seconds(315'532'800)};
    expect_change_shows("changing-in-1980.txt", archive, archive);
}

TEST_P(Rfc9110_8_8_1, A_change_at_a_time_in_the_future_changes_the_tag) {
    must();
    const auto now =
        std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
    const FileTime future = now + std::chrono::hours(1000);
    expect_change_shows("changing-in-the-future.txt", future, future);
}

TEST_P(Rfc9110_8_8_1, A_change_in_place_of_a_large_file_at_time_0_changes_the_tag) {
    must();
    std::string contents(large_bytes, 'a');
    tree().write("large-at-0.bin", contents, FileTime{});
    const std::string tag = get("/large-at-0.bin").field("ETag").value_or("W/");
    if (tag.starts_with("W/")) {
        GTEST_SKIP() << "has no strong tag";
    }
    contents.back() = 'b';
    tree().overwrite("large-at-0.bin", contents, FileTime{});
    // A server may keep what it knows of a file for a second, and the same file has other bytes
    // now.
    constexpr std::chrono::seconds kept_max{3};
    const auto deadline = std::chrono::steady_clock::now() + kept_max;
    bool has_changed = false;
    while (!has_changed && std::chrono::steady_clock::now() < deadline) {
        has_changed = get("/large-at-0.bin").field("ETag") != tag;
    }
    EXPECT_TRUE(has_changed) << tag;
}

// §8.8: what it is all for.

TEST_P(Rfc9110_8_8, No_file_at_a_useless_time_is_not_modified_by_its_date) {
    hardening();
    for (const std::string_view target : {"/time-0.txt", "/time-1.txt"}) {
        EXPECT_EQ(get(target, field_line("If-Modified-Since", tree_date)).status, 200) << target;
    }
}

TEST_P(Rfc9110_8_8, A_file_at_a_useless_time_is_not_modified_by_its_tag) {
    should();
    for (const std::string_view target : {"/time-0.txt", "/time-1.txt", "/time-future.txt"}) {
        const auto etag = get(target).field("ETag");
        if (etag) {
            EXPECT_EQ(get(target, field_line("If-None-Match", *etag)).status, 304) << target;
        }
    }
}

}  // namespace
}  // namespace torc::test
