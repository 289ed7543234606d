#include "scan.hpp"

#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using Skip = const char* (*)(const char*, const char*) noexcept;

struct Scanner {
    std::string_view name;
    Skip skip;
    Skip scalar;
    /// What most of its input is made of.
    char common;
};

constexpr std::array scanners = {
    Scanner{"token", skip_token, scalar::skip_token, 'a'},
    Scanner{"host", skip_host, scalar::skip_host, '0'},
    Scanner{"target", skip_target, scalar::skip_target, '/'},
    Scanner{"printable", skip_printable, scalar::skip_printable, ' '},
};

/// More than two blocks, so that there is one with others around it.
constexpr std::size_t length_max = 40;

std::size_t skipped(Skip skip, std::string_view text) {
    return static_cast<std::size_t>(skip(text.data(), text.data() + text.size()) - text.data());
}

TEST(Scan, StopsAtTheSameCharactersAsTheTableInEveryPlace) {
    torc::test::GuardedBuffer buffer(length_max);
    for (const Scanner& scanner : scanners) {
        for (unsigned byte = 0; byte < 256; ++byte) {
            for (std::size_t place = 0; place < length_max; ++place) {
                std::string text(length_max, scanner.common);
                text[place] = static_cast<char>(byte);
                const std::string_view input = buffer.place(text);
                ASSERT_EQ(skipped(scanner.skip, input), skipped(scanner.scalar, input))
                    << scanner.name << ", byte " << byte << " at " << place;
            }
        }
    }
}

TEST(Scan, ReadsNothingBeyondTheEndOfItsInput) {
    torc::test::GuardedBuffer buffer(length_max);
    for (const Scanner& scanner : scanners) {
        for (std::size_t length = 0; length <= length_max; ++length) {
            const std::string_view input = buffer.place(std::string(length, scanner.common));
            EXPECT_EQ(skipped(scanner.skip, input), length) << scanner.name;
        }
    }
}

TEST(Scan, ReadsNothingBeforeItsInput) {
    torc::test::GuardedBuffer buffer(8192);
    for (const Scanner& scanner : scanners) {
        const std::string_view input = buffer.place(std::string(4096, scanner.common));
        buffer.lock_before(input.data());
        for (std::size_t length = 0; length <= length_max; ++length) {
            EXPECT_EQ(skipped(scanner.skip, input.substr(0, length)), length) << scanner.name;
        }
        buffer.unlock();
    }
}

TEST(Scan, StopsAtTheFirstOfSeveralStops) {
    for (const Scanner& scanner : scanners) {
        std::string text(length_max, scanner.common);
        text[21] = '\n';
        text[22] = '\n';
        text[39] = '\r';
        EXPECT_EQ(skipped(scanner.skip, text), 21U) << scanner.name;
    }
}

TEST(PlainPathBytes, IsThePathUpToItsQuery) {
    EXPECT_EQ(plain_path_bytes(""), 0U);
    EXPECT_EQ(plain_path_bytes("index.html"), 10U);
    EXPECT_EQ(plain_path_bytes("a/b.c/d-e_f~g"), 13U);
    EXPECT_EQ(plain_path_bytes("a/b/"), 4U);
    EXPECT_EQ(plain_path_bytes("caf\xC3\xA9"), 5U);
    EXPECT_EQ(plain_path_bytes("index.html?a=b"), 10U);
}

TEST(PlainPathBytes, EndsWhereSomethingIsToBeDecodedRemovedOrRefused) {
    EXPECT_EQ(plain_path_bytes("a%20b"), 1U);
    EXPECT_EQ(plain_path_bytes("ab#c"), 2U);
    EXPECT_EQ(plain_path_bytes("/a"), 0U);
    EXPECT_EQ(plain_path_bytes(".a"), 0U);
    EXPECT_EQ(plain_path_bytes("a//b"), 2U);
    EXPECT_EQ(plain_path_bytes("a/.b"), 2U);
    EXPECT_EQ(plain_path_bytes("a/../b"), 2U);
    EXPECT_EQ(plain_path_bytes("a b"), 1U);
}

TEST(PlainPathBytes, IsTheSameByBlocksAndByCharactersWhereverABlockEnds) {
    torc::test::GuardedBuffer buffer(length_max);
    for (const std::string_view piece : {"/", "//", "/.", ".", "./", "%", "?", "#", " ", "\x7F"}) {
        for (std::size_t length = piece.size(); length <= length_max; ++length) {
            for (std::size_t place = 0; place + piece.size() <= length; ++place) {
                std::string path(length, 'a');
                path.replace(place, piece.size(), piece);
                const std::string_view input = buffer.place(path);
                ASSERT_EQ(plain_path_bytes(input), scalar::plain_path_bytes(input)) << path;
            }
        }
    }
}

}  // namespace
}  // namespace torc::http
