// Directory listings, which torc alone is asked for.

#include "integration/http/conformance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

namespace fs = std::filesystem;

/// As browsers begin theirs.
constexpr std::string_view accept_html = "Accept: text/html,application/xml;q=0.9,*/*;q=0.8\r\n";
constexpr std::string_view accept_json = "Accept: application/json\r\n";

/// One object of a listing: its members as they are written, strings without their quotes.
using Entry = std::map<std::string, std::string>;

/// Reads just what a listing is: an array of objects whose members are strings and numbers. Throws
/// ClientError at anything else.
class ListingReader {
public:
    explicit ListingReader(std::string_view text) : rest_(text) {}

    [[nodiscard]] std::vector<Entry> read() {
        std::vector<Entry> entries;
        expect('[');
        while (!takes(']')) {
            if (!entries.empty()) {
                expect(',');
            }
            entries.push_back(read_object());
        }
        skip_space();
        if (!rest_.empty()) {
            fail("the end");
        }
        return entries;
    }

private:
    [[noreturn]] void fail(std::string_view what) const {
        throw ClientError(fmt::format("{} expected at \"{}\"", what, rest_.substr(0, 60)));
    }

    void skip_space() {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    }

    [[nodiscard]] bool takes(char wanted) {
        skip_space();
        if (!rest_.starts_with(wanted)) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char wanted) {
        if (!takes(wanted)) {
            fail({&wanted, 1});
        }
    }

    [[nodiscard]] Entry read_object() {
        Entry entry;
        expect('{');
        while (!takes('}')) {
            if (!entry.empty()) {
                expect(',');
            }
            expect('"');
            const std::string name = read_string();
            expect(':');
            entry[name] = takes('"') ? read_string() : read_number();
        }
        return entry;
    }

    [[nodiscard]] std::string read_number() {
        skip_space();
        const std::size_t end = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (end == 0) {
            fail("a number");
        }
        std::string number(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return number;
    }

    /// After the opening quote.
    [[nodiscard]] std::string read_string() {
        std::string text;
        while (!rest_.empty() && rest_.front() != '"') {
            if (static_cast<unsigned char>(rest_.front()) < 0x20) {
                fail("an escape for a control character");
            }
            text += rest_.front() == '\\' ? read_escape() : std::string(1, rest_.front());
            rest_.remove_prefix(1);
        }
        expect('"');
        return text;
    }

    /// Leaves its last character to be taken.
    [[nodiscard]] std::string read_escape() {
        rest_.remove_prefix(1);
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view values = "\"\\/\b\f\n\r\t";
        const std::size_t found = rest_.empty() ? std::string_view::npos : names.find(rest_[0]);
        if (found != std::string_view::npos) {
            return {values[found]};
        }
        unsigned code = 0;
        constexpr std::size_t digits = 4;
        if (rest_.size() <= digits || rest_[0] != 'u' ||
            std::from_chars(rest_.data() + 1, rest_.data() + 1 + digits, code, 16).ptr !=
                rest_.data() + 1 + digits) {
            fail("an escape");
        }
        rest_.remove_prefix(digits);
        // Beyond ASCII nothing is compared.
        return code < 0x80 ? std::string(1, static_cast<char>(code))
                           : fmt::format("\\u{:04x}", code);
    }

    std::string_view rest_;
};

bool is_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const std::size_t length = lead < 0x80             ? 1
                                   : (lead & 0xe0) == 0xc0 ? 2
                                   : (lead & 0xf0) == 0xe0 ? 3
                                   : (lead & 0xf8) == 0xf0 ? 4
                                                           : 0;
        if (length == 0 || i + length > text.size()) {
            return false;
        }
        for (std::size_t k = 1; k < length; ++k) {
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) {
                return false;
            }
        }
        i += length;
    }
    return true;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
    return text;
}

bool is_among(const std::vector<std::string>& texts, std::string_view wanted) {
    return std::ranges::find(texts, wanted) != texts.end();
}

/// The values of the href attributes in `html`.
std::vector<std::string> links_in(std::string_view html) {
    constexpr std::string_view begin = "href=\"";
    std::vector<std::string> links;
    for (std::size_t at = html.find(begin); at != std::string_view::npos;
         at = html.find(begin, at + 1)) {
        const std::size_t value = at + begin.size();
        std::string link(html.substr(value, html.find('"', value) - value));
        link = replace_all(replace_all(link, "&#39;", "'"), "&quot;", "\"");
        links.push_back(replace_all(link, "&amp;", "&"));
    }
    return links;
}

class Option_listing : public Conformance {
protected:
    void SetUp() override {
        Conformance::SetUp();
        for (const std::string_view name : {"file-10.txt", "file-9.txt", "File-1.txt"}) {
            tree().write("listed/" + std::string(name), name);
        }
        tree().write("listed/empty.txt", "", tree_time - std::chrono::hours(2));
        tree().write("listed/largest.txt", std::string(5000, 'x'),
                     tree_time + std::chrono::hours(2));
        tree().write("listed/zoo/page.html", "<!doctype html>\n");
        tree().write("listed/.hidden", "hidden");
    }
    [[nodiscard]] std::vector<std::string> options() const final { return {"--listing"}; }

    [[nodiscard]] std::vector<Entry> json(std::string_view target) const {
        const Response response = get(target, accept_json);
        EXPECT_EQ(response.status, 200);
        return ListingReader(response.body).read();
    }
    [[nodiscard]] std::vector<std::string> names(std::string_view target) const {
        std::vector<std::string> found;
        for (Entry& entry : json(target)) {
            found.push_back(entry["name"]);
        }
        return found;
    }
};
CONFORMANCE_RUN(Option_listing, torc_under_test());

using Names = std::vector<std::string>;

TEST_P(Option_listing, It_is_html_unless_json_is_asked_for) {
    choice();
    const Response html = get("/listed/");
    EXPECT_EQ(html.status, 200);
    EXPECT_EQ(only(html, "Content-Type"), "text/html; charset=utf-8");
    EXPECT_TRUE(only(html, "Vary").contains("Accept"));
    const Response json = get("/listed/", accept_json);
    EXPECT_TRUE(only(json, "Content-Type").starts_with("application/json"));
    EXPECT_TRUE(only(json, "Vary").contains("Accept"));
}

TEST_P(Option_listing, The_greater_weight_wins) {
    choice();
    const auto type_for = [&](std::string_view accept) {
        return only(get("/listed/", field_line("Accept", accept)), "Content-Type");
    };
    EXPECT_TRUE(type_for("text/html, application/json;q=0.9").starts_with("text/html"));
    EXPECT_TRUE(type_for("text/html;q=0.5, application/json").starts_with("application/json"));
    EXPECT_TRUE(type_for("application/json, text/plain, */*").starts_with("application/json"));
    EXPECT_TRUE(type_for("*/*").starts_with("text/html"));
    EXPECT_TRUE(type_for("application/json;q=0").starts_with("text/html"));
}

TEST_P(Option_listing, An_index_comes_first) {
    choice();
    EXPECT_TRUE(get("/dir/").body.contains("<title>dir"));
    EXPECT_TRUE(get("/dir/", accept_json).body.contains("<title>dir"));
}

TEST_P(Option_listing, Without_its_slash_it_is_redirected) {
    choice();
    EXPECT_EQ(only(get("/listed?C=S"), "Location"), "listed/?C=S");
}

TEST_P(Option_listing, Head_has_the_fields_of_get) {
    choice();
    const Response of_get = get("/listed/");
    const Response of_head = head("/listed/");
    EXPECT_EQ(of_head.status, 200);
    EXPECT_EQ(of_head.field("Content-Type"), of_get.field("Content-Type"));
}

TEST_P(Option_listing, Json_has_the_shape_that_nginx_gives_it) {
    choice();
    for (Entry& entry : json("/listed/")) {
        EXPECT_EQ(entry["type"], entry["name"] == "zoo" ? "directory" : "file");
        EXPECT_TRUE(parse_http_date(entry["mtime"])) << entry["mtime"];
        EXPECT_EQ(entry.contains("size"), entry["type"] == "file");
        if (entry["name"] == "largest.txt") {
            EXPECT_EQ(entry["size"], "5000");
            EXPECT_EQ(entry["mtime"], "Sun, 02 Feb 2020 04:02:02 GMT");
        }
    }
}

TEST_P(Option_listing, Directories_come_first_and_numbers_count) {
    choice();
    EXPECT_EQ(names("/listed/"), (Names{"zoo", "empty.txt", "File-1.txt", "file-9.txt",
                                        "file-10.txt", "largest.txt"}));
}

TEST_P(Option_listing, It_is_sorted_by_size) {
    choice();
    EXPECT_EQ(names("/listed/?C=S&O=A"), (Names{"zoo", "empty.txt", "File-1.txt", "file-9.txt",
                                                "file-10.txt", "largest.txt"}));
    EXPECT_EQ(names("/listed/?C=S;O=D")[1], "largest.txt");
}

TEST_P(Option_listing, It_is_sorted_by_time) {
    choice();
    EXPECT_EQ(names("/listed/?C=M&O=A")[1], "empty.txt");
    EXPECT_EQ(names("/listed/?C=M&O=D")[1], "largest.txt");
}

TEST_P(Option_listing, It_is_sorted_by_name_the_other_way) {
    choice();
    EXPECT_EQ(names("/listed/?C=N&O=D")[1], "largest.txt");
    EXPECT_EQ(names("/listed/?C=N;O=D").back(), "empty.txt");
}

TEST_P(Option_listing, Another_query_changes_nothing) {
    choice();
    EXPECT_EQ(names("/listed/?C=X&O=Y&a=%3Cscript%3E"), names("/listed/"));
    EXPECT_FALSE(get("/listed/?<script>").body.contains("<script"));
}

TEST_P(Option_listing, Hidden_names_are_not_in_it) {
    choice();
    EXPECT_FALSE(get("/listed/").body.contains(".hidden"));
    EXPECT_FALSE(get("/listed/", accept_json).body.contains(".hidden"));
}

TEST_P(Option_listing, Names_are_escaped_in_html) {
    choice();
    for (const std::string_view accept : {std::string_view(), accept_html}) {
        const std::string html = get("/names/", accept).body;
        EXPECT_FALSE(html.contains("<img"));
        EXPECT_TRUE(html.contains("&lt;img onerror")) << html;
        EXPECT_TRUE(is_utf8(html));
    }
}

TEST_P(Option_listing, Every_link_leads_to_its_file) {
    choice();
    std::size_t files = 0;
    for (const std::string& link : links_in(get("/names/").body)) {
        if (link.starts_with('?') || link.starts_with('#') || link.ends_with('/')) {
            continue;
        }
        // What has a colon in its first segment would be taken for a scheme.
        EXPECT_GE(link.find(':'), std::min(link.find('/'), link.size())) << link;
        const std::string path = link.starts_with('/')    ? link
                                 : link.starts_with("./") ? "/names" + link.substr(1)
                                                          : "/names/" + link;
        const Response response = get(path);
        EXPECT_EQ(response.status, 200) << link;
        EXPECT_TRUE(fs::exists(tree().root() / "names" / response.body)) << link;
        ++files;
    }
    const auto is_file = [](const fs::directory_entry& entry) { return entry.is_regular_file(); };
    EXPECT_EQ(files,
              std::ranges::count_if(fs::directory_iterator(tree().root() / "names"), is_file));
}

TEST_P(Option_listing, Json_is_utf8_and_has_every_name) {
    choice();
    EXPECT_TRUE(is_utf8(get("/names/", accept_json).body));
    const Names found = names("/names/");
    for (const std::string_view name : {"<img onerror>.txt", "new\nline.txt", "back\\slash.txt",
                                        "\"quoted\" 'too'.txt", "na\xc3\xafve.txt"}) {
        EXPECT_TRUE(is_among(found, name)) << name;
    }
}

TEST_P(Option_listing, The_page_needs_no_script_and_says_its_language) {
    choice();
    const std::string html = get("/listed/", accept_html).body;
    EXPECT_TRUE(html.starts_with("<!doctype html>"));
    EXPECT_TRUE(html.contains("<html lang="));
    EXPECT_TRUE(html.contains("<title>"));
    EXPECT_TRUE(html.contains("name=\"viewport\""));
    EXPECT_TRUE(html.contains("color-scheme"));
    // What scripts add comes from a file of its own, and nothing depends on it.
    EXPECT_TRUE(html.contains("<script src=\"../.torc/listing.js\" defer></script>"));
    EXPECT_EQ(html.find("<script"), html.rfind("<script"));
    EXPECT_TRUE(html.contains("<div role=\"search\" hidden>"));
    const Response script = get("/.torc/listing.js");
    EXPECT_EQ(script.status, 200);
    EXPECT_TRUE(only(script, "Content-Type").starts_with("text/javascript"));
}

TEST_P(Option_listing, A_content_security_policy_allows_nothing_inline_but_the_style_sheet) {
    choice();
    const std::string policy = only(get("/listed/", accept_html), "Content-Security-Policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'sha256-")) << policy;
    EXPECT_FALSE(policy.contains("unsafe")) << policy;
    EXPECT_TRUE(only(get("/listed/"), "Content-Security-Policy").starts_with("default-src 'none'"));
}

TEST_P(Option_listing, Sorting_is_by_buttons_that_nothing_follows) {
    choice();
    for (const std::string_view accept : {std::string_view(), accept_html}) {
        EXPECT_FALSE(get("/listed/", accept).body.contains("href=\"?"));
    }
    EXPECT_TRUE(get("/listed/", accept_html).body.contains("<button name=\"O\""));
}

TEST_P(Option_listing, The_path_to_it_is_linked) {
    choice();
    const auto links = links_in(get("/listed/zoo/", accept_html).body);
    EXPECT_TRUE(is_among(links, "/") || is_among(links, "../../"));
    EXPECT_TRUE(is_among(links, "/listed/") || is_among(links, "../"));
    // Programs would take what is above the directory for something in it.
    EXPECT_EQ(links_in(get("/listed/zoo/").body), (Names{"../", "page.html"}));
}

TEST_P(Option_listing, A_directory_that_may_not_be_read_is_403) {
    choice();
    EXPECT_EQ(get("/closed/").status, 403);
}

TEST_P(Option_listing, Fifty_thousand_entries_delay_nobody) {
    choice();
    constexpr int entries = 50'000;
    const fs::path directory = tree().root() / "crowd";
    if (fs::create_directory(directory)) {
        for (int i = 0; i < entries; ++i) {
            std::ofstream(directory / fmt::format("entry-{}", i));
        }
    }
    HttpClient client = connect();
    HttpClient bystander = connect();
    client.send(request_bytes("GET", "/crowd/", accept_json));
    for (int i = 0; i < 50; ++i) {
        ASSERT_EQ(bystander.get("/alphabet.txt").body, alphabet);
    }
    const auto found = ListingReader(client.receive_response().body).read();
    ASSERT_EQ(found.size(), entries);
    EXPECT_EQ(found.front().at("name"), "entry-0");
    EXPECT_EQ(found.back().at("name"), "entry-49999");
}

}  // namespace
}  // namespace torc::test
