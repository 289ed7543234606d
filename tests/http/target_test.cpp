#include <torc/base/limits.hpp>
#include <torc/http/target.hpp>

#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <expected>
#include <span>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::string_view_literals;

/// A target resolved where it ends right before a guard page, together with the memory it needs.
class Resolved {
public:
    explicit Resolved(std::string_view target, EncodedSlash encoded_slash = EncodedSlash::not_found)
        : buffer_(target.size()),
          input_(buffer_.place(target)),
          result_(resolve_target(input_, scratch_, encoded_slash)) {}

    [[nodiscard]] std::string_view input() const { return input_; }
    [[nodiscard]] const std::expected<Target, Rejection>& result() const { return result_; }

private:
    torc::test::GuardedBuffer buffer_;
    std::string_view input_;
    std::array<char, limits::request_line_bytes_default> scratch_{};
    std::expected<Target, Rejection> result_;
};

/// What a path must be, whatever was asked for.
void expect_path_invariants(std::string_view path) {
    EXPECT_FALSE(path.starts_with('/'));
    EXPECT_FALSE(path.contains('\0'));
    std::string_view rest = path;
    while (!rest.empty()) {
        const std::string_view segment = rest.substr(0, rest.find('/'));
        EXPECT_FALSE(segment.empty());
        EXPECT_NE(segment, ".");
        EXPECT_NE(segment, "..");
        rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    }
}

struct PathCase {
    std::string_view target;
    std::string_view path;
};

void expect_paths(std::span<const PathCase> cases,
                  EncodedSlash encoded_slash = EncodedSlash::not_found) {
    for (const PathCase& test : cases) {
        SCOPED_TRACE(test.target);
        const Resolved resolved(test.target, encoded_slash);
        ASSERT_TRUE(resolved.result()) << resolved.result().error().reason;
        EXPECT_EQ(resolved.result()->path, test.path);
        expect_path_invariants(resolved.result()->path);
    }
}

void expect_rejected(std::span<const std::string_view> targets, Status status,
                     EncodedSlash encoded_slash = EncodedSlash::not_found) {
    for (const std::string_view target : targets) {
        SCOPED_TRACE(target);
        const Resolved resolved(target, encoded_slash);
        ASSERT_FALSE(resolved.result());
        EXPECT_EQ(resolved.result().error().status, status) << resolved.result().error().reason;
        EXPECT_FALSE(resolved.result().error().reason.empty());
    }
}

TEST(Target, GivesAPathWithoutItsLeadingSlash) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/", ""},
        {"/a", "a"},
        {"/a/b.c", "a/b.c"},
        {"/a/", "a/"},
        {"/a/b/", "a/b/"},
        {"/a...", "a..."},
        {"/a./b..", "a./b.."},
        {"/\xC3\xA4", "\xC3\xA4"},
        {"/~user;v=1/(x)", "~user;v=1/(x)"},
    });
    expect_paths(cases);
}

TEST(Target, DoesNotCopyACanonicalPath) {
    const Resolved resolved("/assets/app.js?v=1");
    ASSERT_TRUE(resolved.result());
    EXPECT_EQ(resolved.result()->path.data(), resolved.input().data() + 1);
}

TEST(Target, DecodesOnce) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/%61", "a"},
        {"/a%20b", "a b"},
        {"/%E4%b8%ad", "\xE4\xB8\xAD"},
        {"/%252e%252e", "%2e%2e"},
        {"/%25", "%"},
        {"/%2525", "%25"},
        {"/a%3Fb", "a?b"},
        {"/a%23b", "a#b"},
        {"/a%0d%0ab", "a\r\nb"},
        {"/%7F%01", "\x7F\x01"},
    });
    expect_paths(cases);
}

// A backslash separates nothing on Linux.
TEST(Target, TakesABackslashForAnyOtherByte) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/%5c", "\\"},
        {"/\\a", "\\a"},
        {"/a%5c..%5c..%5cetc", "a\\..\\..\\etc"},
        {"/a\\..\\b", "a\\..\\b"},
    });
    expect_paths(cases);
}

// RFC 3986 §5.2.4, on decoded segments.
TEST(Target, RemovesDotSegments) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/.", ""},
        {"/./", ""},
        {"/a/.", "a/"},
        {"/a/./", "a/"},
        {"/a/./b", "a/b"},
        {"/a/..", ""},
        {"/a/../", ""},
        {"/a/../b", "b"},
        {"/a/b/..", "a/"},
        {"/a/b/../", "a/"},
        {"/a/b/../../c", "c"},
        {"/a/b/c/./../../g", "a/g"},
        {"/a/%2e", "a/"},
        {"/a/%2E%2e/b", "b"},
        {"/a/.%2e/b", "b"},
        {"/a/%2e./b", "b"},
    });
    expect_paths(cases);
}

// Empty segments count for nothing, as in a path of the file system.
TEST(Target, MergesEmptySegments) {
    constexpr auto cases = std::to_array<PathCase>({
        {"//", ""},
        {"///", ""},
        {"//a", "a"},
        {"/a//b", "a/b"},
        {"/a//", "a/"},
        {"/a//../b", "b"},
        {"/a/.//b", "a/b"},
        {"//./a", "a"},
        {"//example.com/a", "example.com/a"},
    });
    expect_paths(cases);
}

TEST(Target, RejectsWhatLeavesTheRoot) {
    constexpr auto targets = std::to_array<std::string_view>({
        "/..",
        "/../",
        "/../etc/passwd",
        "/a/../..",
        "/a/../../b",
        "/./..",
        "//..",
        "/a//../..",
        "/a/..//..",
        "/%2e%2e",
        "/%2e%2e/etc/passwd",
        "/.%2e/x",
        "/%2E./x",
        "/a/%2e%2e/%2e%2e",
        "/a/b/../../../a/b",
        "http://x/..",
        "http://x/a/../../b",
    });
    expect_rejected(targets, Status::bad_request);
}

TEST(Target, RejectsInvalidEscapes) {
    constexpr auto targets = std::to_array<std::string_view>({
        "/%",
        "/%4",
        "/%zz",
        "/%4g",
        "/%g4",
        "/a%",
        "/a%2",
        "/%%41",
        "/%u0041",
        "/% 41",
        "/%4/1",
        "/%+1",
    });
    expect_rejected(targets, Status::bad_request);
}

TEST(Target, RejectsNulAndControls) {
    constexpr auto targets = std::to_array<std::string_view>({
        "/%00",
        "/a%00.html",
        "/a/%00/../b",
        "/\0"sv,
        "/a\0b"sv,
        "/a b",
        "/a\r\nb",
        "/\x7F",
    });
    expect_rejected(targets, Status::bad_request);
}

TEST(Target, FindsNothingBehindAnEncodedSlash) {
    constexpr auto targets = std::to_array<std::string_view>({
        "/%2f",
        "/%2F",
        "/a%2fb",
        "/..%2f..%2fetc",
        "/a/..%2f",
        "/%2e%2e%2f",
        "/%2fetc/passwd",
    });
    expect_rejected(targets, Status::not_found);
}

TEST(Target, TakesAnEncodedSlashForOneWhereItSeparates) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/@scope%2Fname", "@scope/name"},
        {"/@scope%2fname/-/name-1.0.0.tgz", "@scope/name/-/name-1.0.0.tgz"},
        {"/a%2F", "a/"},
        {"/%2F", ""},
        {"/a%2F%2Fb", "a/b"},
        {"/a%2F/b", "a/b"},
        {"/a%2F..%2Fb", "b"},
        {"/a/b%2F..", "a/"},
        {"/a%2F.%2Fb", "a/b"},
        {"/a%2F%2e%2E%2Fb", "b"},
        {"http://host/a%2Fb", "a/b"},
        {"/a%2Fb?c%2Fd", "a/b"},
        // Decoded once.
        {"/a%252Fb", "a%2Fb"},
        {"/a%5Cb%2Fc", "a\\b/c"},
    });
    expect_paths(cases, EncodedSlash::separates);
}

TEST(Target, LeavesTheRootByAnEncodedSlashNoMoreThanByAnother) {
    constexpr auto targets = std::to_array<std::string_view>({
        "/..%2F",
        "/..%2f..%2fetc%2Fpasswd",
        "/%2e%2e%2fetc",
        "/%2F..%2Fetc",
        "/a%2F..%2F..%2Fb",
        "/a/..%2F../b",
        "/a%2F%00",
        "/a%%2Fb",
        "/a%2%2Fb",
        "/a%2F%",
    });
    expect_rejected(targets, Status::bad_request, EncodedSlash::separates);
}

// An overlong form is not decoded again, so it is bytes like any others.
TEST(Target, GivesOverlongUtf8NoMeaning) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/%c0%ae%c0%ae/x", "\xC0\xAE\xC0\xAE/x"},
        {"/%c0%af", "\xC0\xAF"},
        {"/a/%e0%80%ae./b", "a/\xE0\x80\xAE./b"},
        {"/\xC0\xAE\xC0\xAE/x", "\xC0\xAE\xC0\xAE/x"},
    });
    expect_paths(cases);
}

// Names that begin with a dot are no business of a target's; whether they are served is asked of
// its path, which has them where the request leads.
TEST(Target, HasDotsInFrontOfItsNamesOnceDotSegmentsAreGone) {
    constexpr auto cases = std::to_array<PathCase>({
        {"/%2egit/config", ".git/config"},
        {"/x/../.git", ".git"},
        {"/...", "..."},
        {"/%2ewell-known/x", ".well-known/x"},
        {"/.git/../a", "a"},
        {"/a/.b/../c", "a/c"},
        {"/%61?/.b", "a"},
    });
    expect_paths(cases);
}

TEST(Target, SplitsTheQueryOff) {
    struct Case {
        std::string_view target;
        std::string_view path;
        std::string_view query;
        bool has_query;
    };
    constexpr auto cases = std::to_array<Case>({
        {"/a", "a", "", false},
        {"/a?", "a", "", true},
        {"/a?b=c", "a", "b=c", true},
        {"/a?b?c", "a", "b?c", true},
        {"/?/../..", "", "/../..", true},
        {"/a?%zz%00%2f", "a", "%zz%00%2f", true},
        {"/%61?%61", "a", "%61", true},
        {"http://x?q", "", "q", true},
    });
    for (const Case& test : cases) {
        SCOPED_TRACE(test.target);
        const Resolved resolved(test.target);
        ASSERT_TRUE(resolved.result());
        EXPECT_EQ(resolved.result()->path, test.path);
        EXPECT_EQ(resolved.result()->query, test.query);
        EXPECT_EQ(resolved.result()->has_query, test.has_query);
    }
}

// RFC 9112 §3.2.2.
TEST(Target, ResolvesAbsoluteForm) {
    constexpr auto cases = std::to_array<PathCase>({
        {"http://example.com", ""},
        {"http://example.com/", ""},
        {"http://example.com/a", "a"},
        {"HTTP://example.com:8080/a/../b", "b"},
        {"http://[::1]:80/a", "a"},
        {"hTTp://x//a", "a"},
    });
    expect_paths(cases);
}

// RFC 9110 §7.4.
TEST(Target, MisdirectsWhatIsToBeSecured) {
    for (const std::string_view target : {"https://example.com/a", "HTTPS://[::1]:443"}) {
        const Resolved resolved(target);
        ASSERT_FALSE(resolved.result()) << target;
        EXPECT_EQ(resolved.result().error().status, Status::misdirected_request);
    }
}

TEST(Target, RejectsWhatHasNoValidForm) {
    constexpr auto targets = std::to_array<std::string_view>({
        "",
        "*",
        "a",
        "example.com:80",
        "?a",
        "../a",
        "http:",
        "http:/a",
        "http://",
        "http:///a",
        "http://:80/",
        "http://user@x/",
        "http://user:password@x/",
        "http://a b/",
        "http://x:y/",
        "http://[::1/",
        "http://[1]/",
        "http://a%4/",
        "http://x:65536/",
        "ftp://x/a",
        "file:///etc/passwd",
        "/a#b",
        "/#",
        "/a?b#c",
        "http://x#y",
    });
    expect_rejected(targets, Status::bad_request);
}

TEST(Target, TellsDirectoriesFromFiles) {
    EXPECT_TRUE(Resolved("/").result()->names_directory());
    EXPECT_TRUE(Resolved("/a/").result()->names_directory());
    EXPECT_TRUE(Resolved("/a/b/..").result()->names_directory());
    EXPECT_FALSE(Resolved("/a").result()->names_directory());
    EXPECT_FALSE(Resolved("/%61").result()->names_directory());
}

TEST(Target, FitsTheLongestTargetsIntoTheScratch) {
    std::string target = "/%61";
    target.resize(limits::request_line_bytes_default, 'a');
    const Resolved resolved(target);
    ASSERT_TRUE(resolved.result());
    EXPECT_EQ(resolved.result()->path, std::string(limits::request_line_bytes_default - 3, 'a'));
}

TEST(Target, TellsWhetherItsSegmentsAreThoseOfThePath) {
    for (const std::string_view target :
         {"/", "/a", "/a/", "/a/b.html?x//y", "/a%20b/%C3%A4", "/%2Ea", "http://host/a/b",
          "http://host", "/.well-known/a"}) {
        EXPECT_TRUE(Resolved(target).result()->has_all_segments) << target;
    }
    for (const std::string_view target : {"//", "//a", "/a//", "/a//b", "/./a", "/a/.", "/a/..",
                                          "/a/../b", "/a/%2e/b", "/a/b/%2E%2E", "http://host//a"}) {
        EXPECT_FALSE(Resolved(target).result()->has_all_segments) << target;
    }
    EXPECT_FALSE(Resolved("/@a%2Fb", EncodedSlash::separates).result()->has_all_segments);
    EXPECT_TRUE(Resolved("/@a%20b/c", EncodedSlash::separates).result()->has_all_segments);
}

// By RFC 3986 §5.2.4 a client that follows "../x" from "/a//" gets to "/a/x".
TEST(Target, TellsWhetherRelativeReferencesFromItGoAstray) {
    for (const std::string_view target :
         {"/", "/a", "/a/b/", "//", "//a/", "///a/b", "/a/.", "/a/./", "/./a/", "/a/../b/",
          "/a/b?c//d", "http://host//a/", "/a/..//b/"}) {
        EXPECT_FALSE(Resolved(target).result()->misleads_references) << target;
    }
    for (const std::string_view target : {"/a//", "/a//b", "//a//", "/a/b//?c", "/a/.//b/",
                                          "/a//../b/", "http://host/a//", "/%61//"}) {
        EXPECT_TRUE(Resolved(target).result()->misleads_references) << target;
    }
    for (const std::string_view target : {"/a%2Fb", "/a%2f", "/%2Fa/", "/a/b%2F"}) {
        EXPECT_TRUE(Resolved(target, EncodedSlash::separates).result()->misleads_references)
            << target;
    }
    EXPECT_FALSE(Resolved("/%40a/b/", EncodedSlash::separates).result()->misleads_references);
}

}  // namespace
}  // namespace torc::http
