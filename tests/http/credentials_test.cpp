#include <torc/http/credentials.hpp>

#include "support/allocation_counter.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>

namespace torc::http {
namespace {

using namespace std::string_view_literals;

/// "user|password"; nothing when there are none.
std::optional<std::string> credentials_of(std::string_view value) {
    CredentialsScratch scratch;
    const auto credentials = parse_basic_credentials(value, scratch);
    if (!credentials) {
        return std::nullopt;
    }
    return std::string(credentials->user) + "|" + std::string(credentials->password);
}

/// As any client encodes it: one written apart from the decoder, bit by bit.
std::string encode(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string encoded;
    for (std::size_t bit = 0; bit < 8 * text.size(); bit += 6) {
        unsigned value = 0;
        for (std::size_t at = bit; at < bit + 6; ++at) {
            const unsigned octet =
                at / 8 < text.size() ? static_cast<unsigned char>(text[at / 8]) : 0U;
            value = value << 1U | (octet >> (7 - at % 8) & 1U);
        }
        encoded += digits[value];
    }
    encoded.append((4 - encoded.size() % 4) % 4, '=');
    return encoded;
}

std::string basic(std::string_view text) {
    return "Basic " + encode(text);
}

TEST(BasicCredentials, AreThoseOfTheExamplesInRfc7617) {
    EXPECT_EQ(credentials_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
    EXPECT_EQ(credentials_of("Basic dGVzdDoxMjPCow=="), "test|123\xC2\xA3");
}

TEST(BasicCredentials, HaveAPasswordOfAnyLengthUpToTheBound) {
    for (std::size_t length = 0; length <= basic_credentials_bytes_max - 2; ++length) {
        const std::string password(length, 'p');
        ASSERT_EQ(credentials_of(basic("u:" + password)), "u|" + password) << length;
    }
    EXPECT_EQ(credentials_of(basic("u:" + std::string(basic_credentials_bytes_max - 1, 'p'))),
              std::nullopt);
    EXPECT_EQ(credentials_of(basic("u:" + std::string(30'000, 'p'))), std::nullopt);
}

TEST(BasicCredentials, HaveAPasswordThatMayHoldColons) {
    EXPECT_EQ(credentials_of(basic("user:a:b:")), "user|a:b:");
}

TEST(BasicCredentials, MayLackTheUserOrThePassword) {
    EXPECT_EQ(credentials_of(basic(":password")), "|password");
    EXPECT_EQ(credentials_of(basic("user:")), "user|");
    EXPECT_EQ(credentials_of(basic(":")), "|");
}

TEST(BasicCredentials, AreNotThereWithoutAColon) {
    EXPECT_EQ(credentials_of(basic("user")), std::nullopt);
    EXPECT_EQ(credentials_of(basic("")), std::nullopt);
}

TEST(BasicCredentials, HaveASchemeWithoutCase) {
    EXPECT_EQ(credentials_of("basic " + encode("u:p")), "u|p");
    EXPECT_EQ(credentials_of("BASIC " + encode("u:p")), "u|p");
}

TEST(BasicCredentials, MayFollowSeveralSpaces) {
    EXPECT_EQ(credentials_of("Basic   " + encode("u:p")), "u|p");
}

TEST(BasicCredentials, AreNotThereInAnotherScheme) {
    for (const std::string& value :
         {std::string(), std::string("Basic"), std::string("Basic "), std::string("Basic  "),
          "Bearer " + encode("u:p"), "Basic\t" + encode("u:p"), "Basi " + encode("u:p"),
          "Basic2 " + encode("u:p"), encode("u:p"), " Basic " + encode("u:p")}) {
        EXPECT_EQ(credentials_of(value), std::nullopt) << value;
    }
}

TEST(BasicCredentials, AreNotThereInWhatIsNoCanonicalBase64) {
    ASSERT_EQ(encode("u:pw"), "dTpwdw==");
    ASSERT_TRUE(credentials_of("Basic dTpwdw=="));
    for (const std::string_view value : {
             "Basic dTpwdw"sv,          // No padding.
             "Basic dTpwdw="sv,         //
             "Basic dTpwdw==="sv,       //
             "Basic dTpwdw===="sv,      //
             "Basic dTpwdx=="sv,        // Bits behind the last byte.
             "Basic dTpw====dw=="sv,    //
             "Basic =dTpwdw="sv,        //
             "Basic dTpw dw=="sv,       //
             "Basic dTpwdw== "sv,       //
             "Basic dTpwdw==,a=b"sv,    //
             "Basic d-pw"sv,            // Another alphabet.
             "Basic d_pw"sv,            //
             "Basic dTpwd==="sv,        // Six bits are no byte.
             "Basic d==="sv,            //
             "Basic ===="sv,            //
             "Basic dTp\xC3\xA4w=="sv,  //
         }) {
        EXPECT_EQ(credentials_of(value), std::nullopt) << value;
    }
}

TEST(BasicCredentials, AreNotThereWithAControlCharacterInThem) {
    for (unsigned octet = 0; octet < 256; ++octet) {
        const bool is_control = octet < 0x20 || octet == 0x7f;
        const auto character = static_cast<char>(octet);
        EXPECT_EQ(credentials_of(basic(std::string("u") + character + ":p")).has_value(),
                  !is_control)
            << octet;
        EXPECT_EQ(credentials_of(basic(std::string("u:p") + character)).has_value(), !is_control)
            << octet;
    }
}

TEST(BasicCredentials, AreParsedWithoutAllocating) {
    const std::string value = basic("user:" + std::string(400, 'p'));
    CredentialsScratch scratch;
    const auto before = torc::test::allocations_of_this_thread();
    const bool are_there = parse_basic_credentials(value, scratch).has_value();
    EXPECT_EQ(torc::test::allocations_of_this_thread(), before);
    EXPECT_TRUE(are_there);
}

TEST(BasicChallenge, NamesTheRealm) {
    EXPECT_EQ(basic_challenge("staff"),
              "WWW-Authenticate: Basic realm=\"staff\", charset=\"UTF-8\"\r\n");
}

TEST(BasicChallenge, QuotesWhatWouldEndTheRealm) {
    EXPECT_EQ(basic_challenge(R"(a "b" \c)"),
              "WWW-Authenticate: Basic realm=\"a \\\"b\\\" \\\\c\", charset=\"UTF-8\"\r\n");
}

TEST(BasicChallenge, IsNoLongerThanItsBound) {
    EXPECT_LE(basic_challenge(std::string(realm_bytes_max, '"')).size(), basic_challenge_bytes_max);
}

TEST(BasicChallenge, HasARealmWithoutControlCharacters) {
    EXPECT_TRUE(is_realm("Zutritt f\xC3\xBCr Mitarbeiter"));
    for (const std::string_view realm :
         {""sv, "a\r\nSet-Cookie: b"sv, "a\tb"sv, "a\0b"sv, "\x7F"sv}) {
        EXPECT_FALSE(is_realm(realm)) << realm;
    }
    EXPECT_TRUE(is_realm(std::string(realm_bytes_max, 'a')));
    EXPECT_FALSE(is_realm(std::string(realm_bytes_max + 1, 'a')));
}

}  // namespace
}  // namespace torc::http
