#include "scan.hpp"

#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

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

TEST(SkipLettersNearby, GivesTheFirstPlaceOfAWholeBlockThatIsNeitherALetterNorAHyphen) {
    torc::test::GuardedBuffer buffer(length_max);
    const auto skipped_nearby = [&buffer](std::string_view text) {
        const std::string_view input = buffer.place(text);
        const char* const place = skip_letters_nearby(input.data(), input.data() + input.size());
        return place == nullptr ? input.npos : static_cast<std::size_t>(place - input.data());
    };
#if TORC_HTTP_HAS_BLOCKS
    EXPECT_EQ(skipped_nearby("Accept-Language: en"), 15U);
    EXPECT_EQ(skipped_nearby(": Accept-Language"), 0U);
    EXPECT_EQ(skipped_nearby("X_Requested-With: a"), 1U);
#endif
    EXPECT_EQ(skipped_nearby("Host: a"), std::string_view::npos);
    EXPECT_EQ(skipped_nearby("Upgrade-Insecure-Requests: 1"), std::string_view::npos);
    EXPECT_EQ(skipped_nearby(""), std::string_view::npos);
}

/// More than two windows.
constexpr std::size_t controls_length_max = 160;

template <typename Controls>
std::vector<std::size_t> places(std::string_view text) {
    const char* const end = text.data() + text.size();
    Controls controls(text.data(), end);
    std::vector<std::size_t> places;
    const char* from = text.data();
    while (places.empty() || places.back() != text.size()) {
        const char* const place = controls.next(from);
        places.push_back(static_cast<std::size_t>(place - text.data()));
        from = place == end ? end : place + 1;
    }
    return places;
}

TEST(ControlCharacters, AreThoseOfTheTableInEveryPlace) {
    torc::test::GuardedBuffer buffer(controls_length_max);
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::size_t place = 0; place < controls_length_max; ++place) {
            std::string text(controls_length_max, ' ');
            text[place] = static_cast<char>(byte);
            const std::string_view input = buffer.place(text);
            ASSERT_EQ(places<ControlCharacters>(input), places<scalar::ControlCharacters>(input))
                << "byte " << byte << " at " << place;
        }
    }
}

TEST(ControlCharacters, AreFoundInTextOfEveryLength) {
    torc::test::GuardedBuffer buffer(controls_length_max);
    for (std::size_t length = 0; length <= controls_length_max; ++length) {
        std::string text(length, 'a');
        EXPECT_EQ(places<ControlCharacters>(buffer.place(text)), std::vector{length});
        for (std::size_t place = 0; place < length; place += 7) {
            text[place] = '\r';
        }
        const std::string_view input = buffer.place(text);
        EXPECT_EQ(places<ControlCharacters>(input), places<scalar::ControlCharacters>(input));
    }
}

TEST(ControlCharacters, HaveNoneBeyondTheEnd) {
    const std::string text = "a\r\n";
    const char* const end = text.data() + 1;
    ControlCharacters controls(text.data(), end);
    EXPECT_EQ(controls.next(text.data()), end);
    EXPECT_EQ(controls.next(end), end);
}

TEST(ControlCharacters, MayBePassedOverWhereverAWindowEnds) {
    torc::test::GuardedBuffer buffer(controls_length_max);
    for (std::size_t length : {controls_length_max, controls_length_max / 4}) {
        for (std::size_t place = 0; place + 3 < length; ++place) {
            std::string text(length, 'a');
            text[place] = '\r';
            text[place + 1] = '\n';
            text[place + 3] = '\t';
            const std::string_view input = buffer.place(text);
            const char* const begin = input.data();
            ControlCharacters controls(begin, begin + length);
            EXPECT_EQ(controls.next(begin), begin + place);
            EXPECT_EQ(controls.next(begin + place + 2), begin + place + 3);
            EXPECT_EQ(controls.next(begin + place + 4), begin + length);
            EXPECT_EQ(controls.next(begin + length), begin + length);
            EXPECT_EQ(controls.next(begin + length), begin + length);
        }
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
