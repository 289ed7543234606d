// RFC 9112 §7.1: the chunked coding of a request's body, and its trailers.

#include "integration/http/conformance.hpp"

#include <string>
#include <string_view>

namespace torc::test {
namespace {

class Chunked : public Conformance {
protected:
    static std::string with_chunks(std::string_view chunks) {
        return request_bytes("GET", "/alphabet.txt", "Transfer-Encoding: chunked\r\n") +
               std::string(chunks);
    }

    void expect_taken(std::string_view chunks) const {
        if (refuses_content_of_get()) {
            GTEST_SKIP() << "takes no content in GET";
        }
        const Response response = answer_before_next(with_chunks(chunks));
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.body, alphabet);
    }

    /// A server may answer before it has read the body; but then it must not go on as if that had
    /// an end.
    void expect_no_end(std::string_view chunks) const {
        HttpClient client = connect();
        client.send(with_chunks(chunks) + closing_request());
        client.finish_sending();
        if (client.ending()) {
            return;
        }
        EXPECT_TRUE(is_one_of(client.receive_response().status, {200, 400, 413}));
        EXPECT_TRUE(client.ending()) << "what follows was taken for a request";
    }

    /// Whether the server reads `filler` again and again, more than the kernel's buffers hold and
    /// any site needs. One that has refused the request may do so, until the client is done.
    [[nodiscard]] bool takes_for_ever(std::string_view chunks, std::string_view filler) const {
        constexpr std::size_t too_much = std::size_t{16} * 1024 * 1024;
        std::string block;
        while (block.size() < std::size_t{16} * 1024) {
            block += filler;
        }
        HttpClient client = connect();
        client.send(with_chunks(chunks));
        try {
            for (std::size_t sent = 0; sent < too_much; sent += block.size()) {
                client.send(block);
            }
        } catch (const ClientError&) {
            return false;
        }
        client.finish_sending();
        return client.ending() || client.receive_response().status < 400;
    }
};

CONFORMANCE_SUITE_WITH(Rfc9112_7_1, Chunked);
CONFORMANCE_SUITE_WITH(Rfc9112_7_1_1, Chunked);
CONFORMANCE_SUITE_WITH(Rfc9112_7_1_2, Chunked);

TEST_P(Rfc9112_7_1, Several_chunks_are_taken) {
    must();
    expect_taken("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, No_chunk_but_the_last_is_taken) {
    must();
    expect_taken("0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_in_either_case_is_taken) {
    must();
    expect_taken("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_with_leading_zeros_is_taken) {
    must();
    expect_taken("0005\r\nhello\r\n000\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_chunk_of_what_looks_like_the_last_is_taken) {
    must();
    expect_taken("5\r\n0\r\n\r\n\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_beyond_64_bits_does_not_wrap_around) {
    must();
    expect_no_end("10000000000000005\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, The_largest_size_of_64_bits_does_not_wrap_around) {
    must();
    expect_no_end("fffffffffffffffb\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_beyond_32_bits_does_not_wrap_around) {
    must();
    expect_no_end("100000005\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, An_empty_size_is_an_error) {
    should();
    expect_no_end("\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_that_is_no_number_is_an_error) {
    should();
    expect_no_end("x\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_with_a_prefix_is_an_error) {
    should();
    expect_no_end("0x5\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_size_with_a_sign_is_an_error) {
    should();
    expect_no_end("+5\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_negative_size_is_an_error) {
    should();
    expect_no_end("-5\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_space_before_a_size_is_an_error) {
    should();
    expect_no_end(" 5\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_space_behind_a_size_is_an_error) {
    should();
    expect_no_end("5 \r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_letter_behind_a_size_is_an_error) {
    should();
    expect_no_end("5g\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_chunk_longer_than_its_size_is_an_error) {
    should();
    expect_no_end("5\r\nhello!\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_chunk_without_its_line_end_is_an_error) {
    should();
    expect_no_end("5\r\nhello0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, Other_bytes_for_the_line_end_of_a_chunk_are_an_error) {
    should();
    expect_no_end("5\r\nhelloXX0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_bare_lf_behind_a_size_is_an_error) {
    should();
    expect_no_end("5\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_bare_lf_behind_a_chunk_is_an_error) {
    should();
    expect_no_end("5\r\nhello\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_bare_lf_behind_the_last_size_is_an_error) {
    should();
    expect_no_end("5\r\nhello\r\n0\n\r\n");
}

TEST_P(Rfc9112_7_1, A_bare_cr_behind_a_size_is_an_error) {
    should();
    expect_no_end("5\rhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1, A_malformed_body_is_400_and_ends_the_connection) {
    choice();
    for (const std::string_view chunks :
         {"x\r\nhello\r\n0\r\n\r\n", "5\r\nhello!\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n",
          "10000000000000005\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n0\r\nA : b\r\n\r\n",
          "5;\x01\r\nhello\r\n0\r\n\r\n"}) {
        const Response response = last_answer_to(with_chunks(chunks));
        EXPECT_EQ(response.status, 400) << chunks;
        EXPECT_EQ(response.field("Connection"), "close") << chunks;
    }
}

TEST_P(Rfc9112_7_1, A_body_of_64_kib_is_skipped_and_a_longer_one_ends_the_connection) {
    choice();
    const std::string chunk = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
    std::string chunks;
    for (int i = 0; i < 16; ++i) {
        chunks += chunk;
    }
    EXPECT_EQ(all_answers(with_chunks(chunks + "0\r\n\r\n") + closing_request()).size(), 2);
    const Response response = last_answer_to(with_chunks(chunks + chunk + "0\r\n\r\n"));
    EXPECT_EQ(response.body, alphabet);
    EXPECT_EQ(response.field("Connection"), "close");
}

TEST_P(Rfc9112_7_1, A_body_in_chunks_of_one_octet_is_taken) {
    must();
    std::string chunks;
    for (int i = 0; i < 1000; ++i) {
        chunks += "1\r\nx\r\n";
    }
    expect_taken(chunks + "0\r\n\r\n");
}

// §7.1.1: chunk extensions.

TEST_P(Rfc9112_7_1_1, An_unknown_extension_is_ignored) {
    must();
    expect_taken("5;name\r\nhello\r\n0;last=1\r\n\r\n");
}

TEST_P(Rfc9112_7_1_1, Several_extensions_are_ignored) {
    must();
    expect_taken("5;a=b;c;d=e\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1_1, A_quoted_extension_is_ignored) {
    must();
    expect_taken("5;a=\"b;c \\\" d\"\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1_1, White_space_around_an_extension_is_ignored) {
    must();
    expect_taken("5 ; a = b\r\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1_1, A_bare_lf_in_an_extension_is_an_error) {
    should();
    expect_no_end("5;a\nhello\r\n0\r\n\r\n");
}

TEST_P(Rfc9112_7_1_1, An_extension_without_an_end_is_not_taken_for_ever) {
    hardening();
    EXPECT_FALSE(takes_for_ever("5;", "a"));
}

// §7.1.2: trailers, RFC 9110 §6.5.1: they are no part of the fields.

TEST_P(Rfc9112_7_1_2, Trailers_are_taken) {
    must();
    expect_taken("5\r\nhello\r\n0\r\nA: b\r\nC: d\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_range_in_a_trailer_is_none) {
    must();
    expect_taken("5\r\nhello\r\n0\r\nRange: bytes=0-0\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_precondition_in_a_trailer_is_none) {
    must();
    expect_taken("5\r\nhello\r\n0\r\nIf-None-Match: *\r\nIf-Match: \"x\"\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_length_in_a_trailer_does_not_frame_the_next_request) {
    must();
    expect_taken("5\r\nhello\r\n0\r\nContent-Length: 30\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_coding_in_a_trailer_does_not_frame_the_next_request) {
    must();
    expect_taken("5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_host_in_a_trailer_is_not_a_second_one) {
    must();
    expect_taken("5\r\nhello\r\n0\r\nHost: other\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_trailer_with_a_space_before_its_colon_is_an_error) {
    should();
    expect_no_end("5\r\nhello\r\n0\r\nA : b\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, A_trailer_without_a_colon_is_an_error) {
    should();
    expect_no_end("5\r\nhello\r\n0\r\nnonsense\r\n\r\n");
}

TEST_P(Rfc9112_7_1_2, Trailers_without_an_end_are_not_taken_for_ever) {
    hardening();
    EXPECT_FALSE(takes_for_ever("0\r\n", "Name: value\r\n"));
}

}  // namespace
}  // namespace torc::test
