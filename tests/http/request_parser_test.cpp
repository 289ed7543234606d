#include <torc/http/request_parser.hpp>

#include "http/parsed_head.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::string_view_literals;
using test::ParsedHead;

struct MalformedCase {
    std::string_view input;
    std::string_view why;
    Status status = Status::bad_request;
};

void expect_malformed(std::string_view input, Status status) {
    const ParsedHead head(input);
    EXPECT_EQ(head.result().state, ParseState::malformed);
    EXPECT_EQ(head.result().status, status);
    EXPECT_FALSE(head.result().reason.empty());
}

TEST(RequestParser, TakesTheRequestLineApart) {
    const ParsedHead head("GET /a/b?c=d HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().method, Method::get);
    EXPECT_EQ(head.request().method_text, "GET");
    EXPECT_EQ(head.request().target, "/a/b?c=d");
    EXPECT_EQ(head.request().version_minor, 1);
    EXPECT_EQ(head.request().request_line, "GET /a/b?c=d HTTP/1.1");
}

TEST(RequestParser, GivesFieldsInTheirOrder) {
    const ParsedHead head("GET / HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nAccept: */*\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    const auto fields = head.request().fields();
    ASSERT_EQ(fields.size(), 3U);
    EXPECT_EQ(fields[0].name, "Host");
    EXPECT_EQ(fields[0].value, "x");
    EXPECT_EQ(fields[0].id, FieldName::host);
    EXPECT_EQ(fields[1].name, "X-One");
    EXPECT_EQ(fields[1].value, "1");
    EXPECT_EQ(fields[1].id, FieldName::other);
    EXPECT_EQ(fields[2].name, "Accept");
    EXPECT_EQ(fields[2].value, "*/*");
    EXPECT_EQ(fields[2].id, FieldName::accept);
}

TEST(RequestParser, ParsesAHeadWithoutFields) {
    const ParsedHead head("GET / HTTP/1.0\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().version_minor, 0);
    EXPECT_TRUE(head.request().fields().empty());
    EXPECT_EQ(head.request().present, 0U);
}

TEST(RequestParser, CountsTheHeadAloneWhenMoreFollows) {
    constexpr std::string_view first = "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n";
    const ParsedHead head(std::string(first) + "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().head_bytes, first.size());
    EXPECT_EQ(head.request().target, "/1");
}

// RFC 9112 §2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at
// least one empty line (CRLF) received prior to the request-line."
TEST(RequestParser, SkipsOneEmptyLineBeforeTheRequestAndCountsIt) {
    constexpr std::string_view input = "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const ParsedHead head(input);
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().head_bytes, input.size());
    EXPECT_EQ(head.request().request_line, "GET / HTTP/1.1");
}

TEST(RequestParser, RejectsASecondEmptyLineBeforeTheRequest) {
    expect_malformed("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", Status::bad_request);
}

TEST(RequestParser, TellsMethodsApart) {
    struct Case {
        std::string_view text;
        Method method;
    };
    constexpr auto cases = std::to_array<Case>({
        {"GET", Method::get},
        {"HEAD", Method::head},
        {"OPTIONS", Method::options},
        {"POST", Method::post},
        {"PUT", Method::put},
        {"DELETE", Method::delete_},
        {"PATCH", Method::patch},
        {"TRACE", Method::trace},
        {"CONNECT", Method::connect},
        {"get", Method::unknown},
        {"GETS", Method::unknown},
        {"G", Method::unknown},
        {"PROPFIND", Method::unknown},
        {"PUR", Method::unknown},
        {"HEAP", Method::unknown},
        {"!#$%&'*+-.^_`|~", Method::unknown},
    });
    for (const Case& test : cases) {
        SCOPED_TRACE(test.text);
        const ParsedHead head(std::string(test.text) + " / HTTP/1.1\r\n\r\n");
        ASSERT_EQ(head.result().state, ParseState::parsed);
        EXPECT_EQ(head.request().method, test.method);
        EXPECT_EQ(head.request().method_text, test.text);
    }
}

// RFC 9110 §2.5: a higher minor version is to be processed as the highest one that is supported.
TEST(RequestParser, TakesHigherMinorVersionsFor11) {
    const ParsedHead head("GET / HTTP/1.9\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    EXPECT_EQ(head.request().version_minor, 1);
    EXPECT_EQ(head.request().request_line, "GET / HTTP/1.9");
}

TEST(RequestParser, RecognisesFieldNamesInAnyCase) {
    struct Case {
        std::string_view name;
        FieldName id;
    };
    constexpr auto cases = std::to_array<Case>({
        {"accept", FieldName::accept},
        {"ACCEPT-ENCODING", FieldName::accept_encoding},
        {"Authorization", FieldName::authorization},
        {"Connection", FieldName::connection},
        {"content-Length", FieldName::content_length},
        {"EXPECT", FieldName::expect},
        {"hOsT", FieldName::host},
        {"If-Match", FieldName::if_match},
        {"if-modified-since", FieldName::if_modified_since},
        {"IF-NONE-MATCH", FieldName::if_none_match},
        {"If-Range", FieldName::if_range},
        {"If-Unmodified-Since", FieldName::if_unmodified_since},
        {"rANGE", FieldName::range},
        {"Referer", FieldName::referer},
        {"Sec-Fetch-Dest", FieldName::sec_fetch_dest},
        {"Sec-Fetch-Mode", FieldName::sec_fetch_mode},
        {"Transfer-Encoding", FieldName::transfer_encoding},
        {"User-Agent", FieldName::user_agent},
        {"Hos", FieldName::other},
        {"Hosts", FieldName::other},
        {"Cookie", FieldName::other},
        {"Cache-Control", FieldName::other},
        {"Referrer", FieldName::other},
        {"Transfer_Encoding", FieldName::other},
        {"Content.Length", FieldName::other},
        {"X", FieldName::other},
    });
    for (const Case& test : cases) {
        SCOPED_TRACE(test.name);
        const ParsedHead head("GET / HTTP/1.1\r\n" + std::string(test.name) + ": v\r\n\r\n");
        ASSERT_EQ(head.result().state, ParseState::parsed);
        EXPECT_EQ(head.request().fields()[0].id, test.id);
        EXPECT_EQ(head.request().present,
                  test.id == FieldName::other ? 0U : 1U << static_cast<unsigned>(test.id));
    }
}

// Recognition compares without a table; no other tchar may pass for a letter or a hyphen.
TEST(RequestParser, RecognisesNoNameThatDiffersInOneByte) {
    constexpr auto names =
        std::to_array<std::string_view>({"if-modified-since", "host", "content-length"});
    for (const std::string_view name : names) {
        for (std::size_t place = 0; place < name.size(); ++place) {
            for (unsigned byte = 0; byte < 256; ++byte) {
                const char character = static_cast<char>(byte);
                const bool same = (name[place] >= 'a' ? (byte | 0x20U) : byte) ==
                                  static_cast<unsigned char>(name[place]);
                std::string changed(name);
                changed[place] = character;
                const ParsedHead head("GET / HTTP/1.1\r\n" + changed + ":\r\n\r\n");
                if (head.result().state == ParseState::parsed) {
                    EXPECT_EQ(head.request().fields()[0].id != FieldName::other, same) << changed;
                }
            }
        }
    }
}

// RFC 9112 §5.1: OWS around a field value is no part of it.
TEST(RequestParser, TrimsWhiteSpaceAroundValues) {
    struct Case {
        std::string_view line;
        std::string_view value;
    };
    constexpr auto cases = std::to_array<Case>({
        {"A:b", "b"},
        {"A: b", "b"},
        {"A: \t b \t ", "b"},
        {"A:", ""},
        {"A: ", ""},
        {"A:\t", ""},
        {"A:b c\td", "b c\td"},
        {"A::", ":"},
        {"A: b: c", "b: c"},
        {"A:0123456\t", "0123456"},
        {"A:01234567\t89abcdef\tx ", "01234567\t89abcdef\tx"},
    });
    for (const Case& test : cases) {
        SCOPED_TRACE(test.line);
        const ParsedHead head("GET / HTTP/1.1\r\n" + std::string(test.line) + "\r\n\r\n");
        ASSERT_EQ(head.result().state, ParseState::parsed);
        ASSERT_EQ(head.request().field_count, 1U);
        EXPECT_EQ(head.request().fields()[0].value, test.value);
    }
}

// RFC 9110 §5.5: field values are HTAB, SP, VCHAR and obs-text. In each place of a long value,
// because the parser looks at several bytes at once.
TEST(RequestParser, AcceptsInValuesExactlyWhatTheGrammarAllows) {
    constexpr std::string_view value = "abcdefghijklmnopqrstuvw";
    for (std::size_t place = 0; place < value.size(); ++place) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            std::string changed(value);
            changed[place] = static_cast<char>(byte);
            const ParsedHead head("GET / HTTP/1.1\r\nA:" + changed + "\r\n\r\n");
            const bool valid = byte == '\t' || (byte >= 0x20 && byte != 0x7F);
            ASSERT_EQ(head.result().state, valid ? ParseState::parsed : ParseState::malformed)
                << "byte " << byte << " at " << place;
        }
    }
}

// RFC 9110 §5.6.2: a field name is a token.
TEST(RequestParser, AcceptsInNamesExactlyTchars) {
    constexpr std::string_view tchars =
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char character = static_cast<char>(byte);
        const ParsedHead head("GET / HTTP/1.1\r\na" + std::string(1, character) + "b: c\r\n\r\n");
        // A colon ends the name early, which makes another valid line.
        const bool valid = tchars.contains(character) || character == ':';
        EXPECT_EQ(head.result().state, valid ? ParseState::parsed : ParseState::malformed) << byte;
    }
}

TEST(RequestParser, AcceptsInTargetsAllButControlsAndSpace) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        const char character = static_cast<char>(byte);
        const ParsedHead head("GET /" + std::string(1, character) + "x HTTP/1.1\r\n\r\n");
        const bool valid = byte > 0x20 && byte != 0x7F;
        EXPECT_EQ(head.result().state, valid ? ParseState::parsed : ParseState::malformed) << byte;
    }
}

TEST(RequestParser, RejectsMalformedRequestLines) {
    constexpr auto cases = std::to_array<MalformedCase>({
        {" / HTTP/1.1\r\n\r\n", "RFC 9112 §3.1: a method is a token"},
        {"G(T / HTTP/1.1\r\n\r\n", "RFC 9112 §3.1: '(' is no tchar"},
        {"G\xC3\x89T / HTTP/1.1\r\n\r\n", "RFC 9112 §3.1: obs-text is no tchar"},
        {"GET\r\n\r\n", "RFC 9112 §3: no target"},
        {"GET \r\n\r\n", "RFC 9112 §3: no target"},
        {"GET  / HTTP/1.1\r\n\r\n", "RFC 9112 §3: a single space"},
        {"GET /  HTTP/1.1\r\n\r\n", "RFC 9112 §3: a single space"},
        {"GET\t/ HTTP/1.1\r\n\r\n", "RFC 9112 §3: a space, not a tab"},
        {"GET / HTTP/1.1 \r\n\r\n", "RFC 9112 §3: nothing after the version"},
        {"GET /a b HTTP/1.1\r\n\r\n", "RFC 9112 §3.2: no white space in the target"},
        {"GET /\r\n", "HTTP/0.9: not spoken"},
        {"GET / \r\n\r\n", "RFC 9112 §2.3: no version"},
        {"GET / http/1.1\r\n\r\n", "RFC 9112 §2.3: HTTP-name is case-sensitive"},
        {"GET / HTTP/1\r\n\r\n", "RFC 9112 §2.3: no minor version"},
        {"GET / HTTP/1.\r\n\r\n", "RFC 9112 §2.3: no minor version"},
        {"GET / HTTP/1.10\r\n\r\n", "RFC 9112 §2.3: one digit each"},
        {"GET / HTTP/11.1\r\n\r\n", "RFC 9112 §2.3: one digit each"},
        {"GET / HTTP/1,1\r\n\r\n", "RFC 9112 §2.3: a dot between"},
        {"GET / HTTP/a.1\r\n\r\n", "RFC 9112 §2.3: digits"},
        {"GET / HTTP/1.x\r\n\r\n", "RFC 9112 §2.3: digits"},
        {"GET / HTTQ/1.1\r\n\r\n", "RFC 9112 §2.3: HTTP-name"},
        {"GET / HTTP/1.1\n\r\n", "RFC 9112 §2.2: bare LF"},
        {"GET / HTTP/1.1\r\r\n\r\n", "RFC 9112 §2.2: bare CR"},
        {"GET /\rHTTP/1.1\r\n\r\n", "RFC 9112 §2.2: bare CR"},
        {"GET /\nHTTP/1.1\r\n\r\n", "RFC 9112 §2.2: bare LF"},
        {"\nGET / HTTP/1.1\r\n\r\n", "RFC 9112 §2.2: bare LF"},
        {"\rGET / HTTP/1.1\r\n\r\n", "RFC 9112 §2.2: bare CR"},
        {"GET /\0 HTTP/1.1\r\n\r\n"sv, "NUL"},
        {"GET / HTTP/1.1\0\r\n\r\n"sv, "NUL"},
        {"GET / HTTP/2.0\r\n\r\n", "major version", Status::http_version_not_supported},
        {"GET / HTTP/0.9\r\n\r\n", "major version", Status::http_version_not_supported},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "RFC 9113 §3.4: an HTTP/2 client",
         Status::http_version_not_supported},
    });
    for (const MalformedCase& test : cases) {
        SCOPED_TRACE(test.why);
        expect_malformed(test.input, test.status);
    }
}

TEST(RequestParser, RejectsMalformedFieldLines) {
    constexpr auto cases = std::to_array<MalformedCase>({
        {"Host : x\r\n", "RFC 9112 §5.1: no white space before the colon"},
        {"Host\t: x\r\n", "RFC 9112 §5.1: no white space before the colon"},
        {" Host: x\r\n", "RFC 9112 §2.2: white space before the first field"},
        {"A: b\r\n c\r\n", "RFC 9112 §5.2: obs-fold"},
        {"A: b\r\n\tc: d\r\n", "RFC 9112 §5.2: obs-fold"},
        {": x\r\n", "RFC 9110 §5.1: a name is not empty"},
        {"Host\r\n", "RFC 9112 §5: a colon"},
        {"A: b\n", "RFC 9112 §2.2: bare LF"},
        {"A: b\nC: d\r\n", "RFC 9112 §2.2: bare LF"},
        {"A: b\rC: d\r\n", "RFC 9112 §2.2: bare CR"},
        {"A: b\r\r\n", "RFC 9112 §2.2: bare CR"},
        {"A\r: b\r\n", "RFC 9112 §2.2: bare CR"},
        {"A: b\r\n\n", "RFC 9112 §2.2: bare LF as the empty line"},
        {"\rA: b\r\n", "RFC 9112 §2.2: bare CR"},
        {"A: b\0c\r\n"sv, "RFC 9110 §5.5: NUL"},
        {"A\0: b\r\n"sv, "RFC 9110 §5.1: NUL"},
        {"A: b\x7F\r\n", "RFC 9110 §5.5: DEL"},
        {"A: b\x1B[2J\r\n", "RFC 9110 §5.5: control character"},
        {"(A): b\r\n", "RFC 9110 §5.1: a name is a token"},
        {"A b: c\r\n", "RFC 9110 §5.1: a name is a token"},
        {"\xC3\x84: c\r\n", "RFC 9110 §5.1: a name is a token"},
    });
    for (const MalformedCase& test : cases) {
        SCOPED_TRACE(test.why);
        expect_malformed("GET / HTTP/1.1\r\n" + std::string(test.input) + "\r\n", test.status);
    }
}

TEST(RequestParser, SaysWhatIsWrong) {
    struct Case {
        std::string_view line;
        std::string_view reason;
    };
    constexpr auto cases = std::to_array<Case>({
        {"A : b", "white space before a field's colon"},
        {" A: b", "obsolete line folding"},
        {": b", "empty field name"},
        {"A", "field line without a colon"},
        {"A@: b", "invalid character in a field name"},
        {"A: b\x01", "control character in a field value"},
    });
    for (const Case& test : cases) {
        const ParsedHead head("GET / HTTP/1.1\r\n" + std::string(test.line) + "\r\n\r\n");
        EXPECT_EQ(head.result().reason, test.reason);
    }
}

TEST(RequestParser, PutsEveryViewIntoTheInput) {
    const ParsedHead head("GET /x HTTP/1.1\r\nHost: y\r\nEmpty:\r\n\r\n");
    ASSERT_EQ(head.result().state, ParseState::parsed);
    const auto is_inside = [&](std::string_view view) {
        return view.data() >= head.input().data() &&
               view.data() + view.size() <= head.input().data() + head.input().size();
    };
    EXPECT_TRUE(is_inside(head.request().method_text));
    EXPECT_TRUE(is_inside(head.request().target));
    EXPECT_TRUE(is_inside(head.request().request_line));
    for (const Field& field : head.request().fields()) {
        EXPECT_TRUE(is_inside(field.name));
        EXPECT_TRUE(is_inside(field.value));
    }
}

}  // namespace
}  // namespace torc::http
