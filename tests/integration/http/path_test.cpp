// RFC 3986 and RFC 9110 §17.3: from the path of a target to a file, and to no other.

#include <torc/base/unique_fd.hpp>

#include "integration/http/conformance.hpp"

#include <fcntl.h>

#include <string>
#include <string_view>
#include <vector>

namespace torc::test {
namespace {

CONFORMANCE_SUITE(Rfc3986_2_1);
CONFORMANCE_SUITE(Rfc3986_5_2_4);
CONFORMANCE_SUITE(Rfc9110_15_5_4);
CONFORMANCE_SUITE(Rfc8615_3);
CONFORMANCE_SUITE(Path_policy);

class Rfc9110_17_3 : public Conformance {
protected:
    /// Nothing of /etc/passwd comes, nor of anything else that is not served.
    void expect_nothing_from_outside(std::string_view target) const {
        const Response response = get(target);
        EXPECT_FALSE(response.body.contains("root:")) << target;
        EXPECT_TRUE(response.status >= 300 || response.body.contains("<title>root"))
            << target << " is answered with " << response.status;
    }
};
CONFORMANCE_RUN(Rfc9110_17_3, servers_under_test());

// RFC 3986 §2.1: percent-encoding.

TEST_P(Rfc3986_2_1, A_name_with_a_space_is_reached) {
    must();
    EXPECT_EQ(get("/names/with%20space.txt").body, "with space.txt");
}

TEST_P(Rfc3986_2_1, A_name_with_a_percent_sign_is_reached) {
    must();
    EXPECT_EQ(get("/names/100%25.txt").body, "100%.txt");
}

TEST_P(Rfc3986_2_1, A_name_is_decoded_once) {
    must();
    EXPECT_EQ(get("/names/%2541.txt").body, "%41.txt");
}

TEST_P(Rfc3986_2_1, A_name_with_a_number_sign_is_reached) {
    must();
    EXPECT_EQ(get("/names/a%23b.txt").body, "a#b.txt");
}

TEST_P(Rfc3986_2_1, A_name_with_a_question_mark_is_reached) {
    must();
    EXPECT_EQ(get("/names/what%3F.txt").body, "what?.txt");
}

TEST_P(Rfc3986_2_1, A_name_with_what_needs_no_encoding_is_reached) {
    must();
    EXPECT_EQ(get("/names/a+b&c=d;e.txt").body, "a+b&c=d;e.txt");
    EXPECT_EQ(get("/names/colon:and@at.txt").body, "colon:and@at.txt");
    EXPECT_EQ(get("/names/~tilde.txt").body, "~tilde.txt");
}

TEST_P(Rfc3986_2_1, A_plus_sign_is_no_space) {
    must();
    EXPECT_EQ(get("/names/with+space.txt").status, 404);
}

TEST_P(Rfc3986_2_1, A_name_with_quotes_is_reached) {
    must();
    EXPECT_EQ(get("/names/%22quoted%22%20%27too%27.txt").body, "\"quoted\" 'too'.txt");
}

TEST_P(Rfc3986_2_1, A_name_in_utf8_is_reached) {
    must();
    EXPECT_EQ(get("/names/na%C3%AFve.txt").body, "na\xc3\xafve.txt");
}

TEST_P(Rfc3986_2_1, A_name_that_is_not_utf8_is_reached) {
    hardening();
    EXPECT_EQ(get("/names/latin-1%20caf%E9.txt").body, "latin-1 caf\xe9.txt");
}

TEST_P(Rfc3986_2_1, A_name_of_255_bytes_is_reached) {
    must();
    const std::string name(255, 'n');
    EXPECT_EQ(get("/names/" + name).body, name);
}

TEST_P(Rfc3986_2_1, A_name_that_no_file_can_have_is_an_error_of_the_client) {
    hardening();
    EXPECT_TRUE(is_one_of(get("/" + std::string(256, 'n')).status, {400, 403, 404, 414}));
    std::string deep;
    for (int i = 0; i < 1500; ++i) {
        deep += "/dd";
    }
    EXPECT_TRUE(is_one_of(get(deep).status, {400, 403, 404, 414}));
}

TEST_P(Rfc3986_2_1, A_name_with_markup_is_reached) {
    must();
    EXPECT_EQ(get("/names/%3Cimg%20onerror%3E.txt").body, "<img onerror>.txt");
}

TEST_P(Rfc3986_2_1, A_name_with_a_line_end_or_a_backslash_is_reached) {
    choice();
    EXPECT_EQ(get("/names/new%0Aline.txt").body, "new\nline.txt");
    EXPECT_EQ(get("/names/back%5Cslash.txt").body, "back\\slash.txt");
}

TEST_P(Rfc3986_2_1, An_escape_that_is_none_is_400_or_redirected) {
    should();
    for (const std::string_view target : {"/%zz", "/%4", "/%", "/alphabet.txt%", "/%2", "/%-1"}) {
        EXPECT_TRUE(is_one_of(get(target).status, {400, 301})) << target;
    }
}

TEST_P(Rfc3986_2_1, An_encoded_slash_is_no_separator) {
    choice();
    EXPECT_EQ(get("/dir%2Fpage.html").status, 404);
}

TEST_P(Rfc3986_2_1, An_encoded_nul_is_400) {
    choice();
    EXPECT_EQ(get("/alphabet.txt%00").status, 400);
    EXPECT_EQ(get("/%00").status, 400);
}

TEST_P(Rfc3986_2_1, An_encoded_nul_does_not_end_a_name) {
    hardening();
    EXPECT_GE(get("/alphabet.txt%00.html").status, 400);
    EXPECT_GE(get("/alphabet.txt%00").status, 400);
}

// RFC 3986 §5.2.4: dot segments.

TEST_P(Rfc3986_5_2_4, A_dot_segment_is_removed_or_redirected) {
    hardening();
    for (const std::string_view target :
         {"/./alphabet.txt", "/dir/../alphabet.txt", "/dir/./../alphabet.txt"}) {
        const Response response = get(target);
        EXPECT_TRUE(response.body == alphabet || (response.status >= 300 && response.status < 500))
            << target << " is answered with " << response.status;
    }
}

TEST_P(Rfc3986_5_2_4, Dot_segments_within_the_root_are_removed) {
    choice();
    EXPECT_EQ(get("/dir/../alphabet.txt").body, alphabet);
    EXPECT_EQ(get("/./dir/.././alphabet.txt").body, alphabet);
    EXPECT_EQ(get("/dir/%2e%2E/alphabet.txt").body, alphabet);
}

TEST_P(Rfc3986_5_2_4, A_path_that_leaves_the_root_is_400) {
    choice();
    for (const std::string_view target :
         {"/../alphabet.txt", "/..", "/dir/../../alphabet.txt", "/%2e%2e/alphabet.txt"}) {
        EXPECT_EQ(get(target).status, 400) << target;
    }
}

TEST_P(Rfc3986_5_2_4, Empty_segments_merge) {
    choice();
    EXPECT_EQ(get("//alphabet.txt").body, alphabet);
    EXPECT_EQ(get("/dir//page.html").status, 200);
}

// RFC 9110 §17.3: attacks by path.

TEST_P(Rfc9110_17_3, Dots_lead_nowhere) {
    must();
    expect_nothing_from_outside("/../../../../../../../../../../etc/passwd");
    expect_nothing_from_outside("/dir/../../../../../../../../../../../etc/passwd");
}

TEST_P(Rfc9110_17_3, Dots_without_a_slash_lead_nowhere) {
    must();
    expect_nothing_from_outside("../../../../../../../../../../etc/passwd");
}

TEST_P(Rfc9110_17_3, Encoded_dots_lead_nowhere) {
    must();
    expect_nothing_from_outside("/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd");
    expect_nothing_from_outside("/.%2e/%2E./.%2e/%2E./.%2e/%2E./.%2e/%2E./etc/passwd");
}

TEST_P(Rfc9110_17_3, Encoded_slashes_lead_nowhere) {
    must();
    expect_nothing_from_outside("/..%2f..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd");
    expect_nothing_from_outside("/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd");
    expect_nothing_from_outside("/%2fetc/passwd");
}

TEST_P(Rfc9110_17_3, Slashes_in_front_lead_nowhere) {
    must();
    expect_nothing_from_outside("//etc/passwd");
    expect_nothing_from_outside("///etc/passwd");
    expect_nothing_from_outside("//../../../../../../../etc/passwd");
}

TEST_P(Rfc9110_17_3, Backslashes_lead_nowhere) {
    must();
    expect_nothing_from_outside("/..%5c..%5c..%5c..%5c..%5c..%5cetc%5cpasswd");
    expect_nothing_from_outside("/..\\..\\..\\..\\..\\..\\etc\\passwd");
    expect_nothing_from_outside("/%5c../%5c../%5c../%5c../%5c../etc/passwd");
}

TEST_P(Rfc9110_17_3, Dots_encoded_twice_lead_nowhere) {
    must();
    expect_nothing_from_outside("/%252e%252e/%252e%252e/%252e%252e/%252e%252e/etc/passwd");
    expect_nothing_from_outside("/..%252f..%252f..%252f..%252f..%252fetc/passwd");
}

TEST_P(Rfc9110_17_3, Overlong_utf8_leads_nowhere) {
    must();
    expect_nothing_from_outside("/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd");
    expect_nothing_from_outside("/..%c0%af..%c0%af..%c0%af..%c0%afetc/passwd");
}

TEST_P(Rfc9110_17_3, Dots_with_a_parameter_or_nul_lead_nowhere) {
    must();
    expect_nothing_from_outside("/..;/..;/..;/..;/..;/..;/etc/passwd");
    expect_nothing_from_outside("/..%00/..%00/..%00/..%00/..%00/etc/passwd");
    expect_nothing_from_outside("/../../../../../../etc/passwd%00.html");
}

TEST_P(Rfc9110_17_3, Dots_in_an_absolute_form_lead_nowhere) {
    must();
    expect_nothing_from_outside("http://test/../../../../../../../../etc/passwd");
    expect_nothing_from_outside("http://../../../../../../../../etc/passwd");
    expect_nothing_from_outside("file:///etc/passwd");
}

TEST_P(Rfc9110_17_3, Dots_in_host_lead_nowhere) {
    must();
    for (const std::string_view host : {"..", "../../../../../..", "/etc", "..%2f..%2f.."}) {
        const Response response =
            answer_to("GET /etc/passwd HTTP/1.1\r\n" + field_line("Host", host) + "\r\n");
        EXPECT_GE(response.status, 400) << host;
        EXPECT_FALSE(response.body.contains("root:")) << host;
    }
}

// RFC 9110 §15.5.4 and §15.5.5: what may not be read.

TEST_P(Rfc9110_15_5_4, What_may_not_be_read_is_not_served) {
    must();
    EXPECT_TRUE(is_one_of(get("/unreadable.txt").status, {403, 404}));
    EXPECT_TRUE(is_one_of(get("/closed/page.html").status, {403, 404}));
}

TEST_P(Rfc9110_15_5_4, What_may_not_be_read_is_403) {
    choice();
    EXPECT_EQ(get("/unreadable.txt").status, 403);
    EXPECT_EQ(get("/closed/page.html").status, 403);
    EXPECT_EQ(get("/closed/").status, 403);
}

// RFC 8615 §3: /.well-known/.

TEST_P(Rfc8615_3, What_is_well_known_is_served) {
    must();
    EXPECT_EQ(get("/.well-known/security.txt").body, "Contact: mailto:test@example.com\n");
}

// torc's own.

TEST_P(Path_policy, Hidden_names_are_404) {
    choice();
    for (const std::string_view target : {"/.hidden", "/%2ehidden", "/.git/config", "/.git/",
                                          "/.git", "/dir/.env", "/dir/../.hidden"}) {
        EXPECT_EQ(get(target).status, 404) << target;
    }
}

TEST_P(Path_policy, A_well_known_name_that_is_not_first_is_hidden) {
    choice();
    tree().write("dir/.well-known/file.txt", "hidden");
    EXPECT_EQ(get("/dir/.well-known/file.txt").status, 404);
}

TEST_P(Path_policy, A_link_within_the_root_is_followed) {
    choice();
    EXPECT_EQ(get("/link-inside.txt").body, alphabet);
    EXPECT_EQ(get("/link-dir/page.html").status, 200);
}

TEST_P(Path_policy, A_link_out_of_the_root_is_404) {
    choice();
    EXPECT_EQ(get("/link-outside.txt").status, 404);
}

TEST_P(Path_policy, A_link_to_nothing_or_itself_is_404) {
    choice();
    EXPECT_EQ(get("/link-dangling").status, 404);
    EXPECT_EQ(get("/link-loop").status, 404);
}

TEST_P(Path_policy, A_fifo_holds_nobody_up) {
    hardening();
    HttpClient client = connect();
    client.send(request_bytes("GET", "/fifo"));
    try {
        EXPECT_TRUE(is_one_of(client.receive_response().status, {403, 404}));
    } catch (const ClientError& error) {
        ADD_FAILURE() << error.what();
    }
    // Whoever waits for a writer has one now, and the other tests their server.
    const UniqueFd writer(
        ::open((tree().root() / "fifo").c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    EXPECT_EQ(get("/alphabet.txt").body, alphabet);
}

TEST_P(Path_policy, A_directory_without_an_index_is_404) {
    choice();
    EXPECT_EQ(get("/bare/").status, 404);
}

}  // namespace
}  // namespace torc::test
