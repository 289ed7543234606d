#include <torc/base/ascii.hpp>
#include <torc/site/access/password_hash.hpp>

#include <fmt/format.h>

#include <crypt.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>

namespace torc::site {
namespace {

using Scheme = HashCost::Scheme;
using Parsed = std::expected<HashCost, std::string>;

/// By these, one check takes 0.8 s, 0.3 s, and 0.5 s (measured on a server's processor of 2023).
constexpr std::uint32_t bcrypt_cost_max = 14;
constexpr std::uint32_t yescrypt_memory_log2_max = 16;
constexpr std::uint32_t sha_crypt_rounds_max = 2'000'000;
constexpr std::uint32_t sha_crypt_rounds_default = 5'000;

constexpr std::string_view remedy = "make the line anew with htpasswd -B or mkpasswd";

/// The digits of crypt(5), in which hashes and salts are written.
constexpr std::string_view crypt_digits =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool consists_of_crypt_digits(std::string_view text) noexcept {
    return text.find_first_not_of(crypt_digits) == std::string_view::npos;
}

bool take_prefix(std::string_view prefix, std::string_view& text) noexcept {
    const bool is_there = text.starts_with(prefix);
    text.remove_prefix(is_there ? prefix.size() : 0);
    return is_there;
}

/// Takes what stands before the next '$', and that; nothing: there is none.
std::optional<std::string_view> take_part(std::string_view& text) noexcept {
    const std::size_t end = text.find('$');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    const std::string_view part = text.substr(0, end);
    text.remove_prefix(end + 1);
    return part;
}

std::optional<std::uint32_t> parse_number(std::string_view text) noexcept {
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

std::unexpected<std::string> malformed(std::string_view scheme) {
    return std::unexpected(
        fmt::format("begins like a {} hash, but does not go on like one: it was cut or changed; {}",
                    scheme, remedy));
}

std::unexpected<std::string> too_costly(std::string_view what, std::uint32_t max) {
    return std::unexpected(
        fmt::format("{} of {} are the most: a check would take longer than a second, or 64 MiB, "
                    "and anybody can cause some; make the line anew with less",
                    max, what));
}

/// `text`: what follows "$2b$".
Parsed parse_bcrypt(std::string_view text) {
    constexpr std::size_t salt_and_hash = 22 + 31;
    const auto cost = take_part(text);
    const auto factor = cost && cost->size() == 2 ? parse_number(*cost) : std::nullopt;
    if (!factor || *factor < 4 || text.size() != salt_and_hash || !consists_of_crypt_digits(text)) {
        return malformed("bcrypt");
    }
    if (*factor > bcrypt_cost_max) {
        return too_costly("bcrypt's cost (log2 of rounds)", bcrypt_cost_max);
    }
    return HashCost{.scheme = Scheme::bcrypt, .factor = *factor};
}

/// `text`: what follows "$y$". Parameters as crypt_gensalt(3) writes them: "j", log2 of N less one,
/// and r less one, each as one digit; N blocks of r times 128 bytes are used.
Parsed parse_yescrypt(std::string_view text) {
    constexpr std::size_t salt_digits_max = 86;
    constexpr std::size_t hash_digits = 43;
    constexpr std::uint32_t bytes_log2 = 7;
    constexpr std::uint32_t kibibyte_log2 = 10;
    const auto parameters = take_part(text);
    const auto salt = take_part(text);
    const bool is_well_formed = parameters && salt && salt->size() <= salt_digits_max &&
                                consists_of_crypt_digits(*salt) && text.size() == hash_digits &&
                                consists_of_crypt_digits(text);
    if (!is_well_formed) {
        return malformed("yescrypt");
    }
    const std::size_t blocks_log2 = parameters->size() == 3 && parameters->front() == 'j'
                                        ? crypt_digits.find((*parameters)[1])
                                        : std::string_view::npos;
    // mkpasswd writes 8 ("5") or 32 ("T") for r.
    const std::uint32_t block_log2 = parameters->ends_with('5')   ? 3
                                     : parameters->ends_with('T') ? 5
                                                                  : 0;
    if (blocks_log2 == std::string_view::npos || block_log2 == 0) {
        return std::unexpected(
            fmt::format("yescrypt with parameters that mkpasswd does not use; {}", remedy));
    }
    const std::uint32_t memory_log2 =
        static_cast<std::uint32_t>(blocks_log2) + 1 + block_log2 + bytes_log2;
    if (memory_log2 > yescrypt_memory_log2_max + kibibyte_log2) {
        return too_costly("yescrypt's memory (log2 of KiB; mkpasswd --rounds 7)",
                          yescrypt_memory_log2_max);
    }
    // Of two with the same memory but other blocks, too, the one takes as long as the other.
    return HashCost{.scheme = Scheme::yescrypt,
                    .factor = memory_log2 < kibibyte_log2 ? 0 : memory_log2 - kibibyte_log2};
}

/// `text`: what follows "$5$" or "$6$".
Parsed parse_sha_crypt(std::string_view text, Scheme scheme) {
    constexpr std::size_t salt_bytes_max = 16;
    const std::size_t hash_digits = scheme == Scheme::sha256_crypt ? 43 : 86;
    std::optional<std::uint32_t> rounds = sha_crypt_rounds_default;
    if (take_prefix("rounds=", text)) {
        const auto number = take_part(text);
        rounds = number && !number->starts_with('0') ? parse_number(*number) : std::nullopt;
    }
    const auto salt = take_part(text);
    const bool is_well_formed = rounds && *rounds >= 1'000 && salt && !salt->empty() &&
                                salt->size() <= salt_bytes_max && text.size() == hash_digits &&
                                consists_of_crypt_digits(text);
    if (!is_well_formed) {
        return malformed("SHA-crypt");
    }
    if (*rounds > sha_crypt_rounds_max) {
        return too_costly("SHA-crypt's rounds", sha_crypt_rounds_max);
    }
    return HashCost{.scheme = scheme, .factor = *rounds};
}

/// What a text that is no hash of a scheme that torc takes may be.
std::string name_refused(std::string_view text) {
    constexpr std::size_t des_bytes = 13;
    if (text.empty()) {
        return fmt::format("no hash behind the colon; {}", remedy);
    }
    if (text.starts_with("{SHA}") || text.starts_with("{SSHA}")) {
        return fmt::format("SHA-1, which is guessed at billions of times a second; {}", remedy);
    }
    if (text.starts_with("$apr1$") || text.starts_with("$1$")) {
        return fmt::format("MD5, which is guessed at millions of times a second; {}", remedy);
    }
    if (text.size() == des_bytes && consists_of_crypt_digits(text)) {
        return fmt::format("looks like crypt(3) with DES, which looks at 8 characters alone; {}",
                           remedy);
    }
    if (text.starts_with('$')) {
        return fmt::format("of a scheme that torc does not take; {}", remedy);
    }
    return fmt::format("no hash; is it the password itself? {}", remedy);
}

Parsed parse_cost(std::string_view text) {
    if (take_prefix("$2b$", text) || take_prefix("$2y$", text) || take_prefix("$2a$", text)) {
        return parse_bcrypt(text);
    }
    if (take_prefix("$y$", text)) {
        return parse_yescrypt(text);
    }
    if (take_prefix("$5$", text)) {
        return parse_sha_crypt(text, Scheme::sha256_crypt);
    }
    if (take_prefix("$6$", text)) {
        return parse_sha_crypt(text, Scheme::sha512_crypt);
    }
    return std::unexpected(name_refused(text));
}

/// Looks at as many bytes whatever they are, so that the time does not tell how many are the same.
bool is_equal_in_constant_time(std::string_view left, std::string_view right) noexcept {
    unsigned difference = left.size() == right.size() ? 0 : 1;
    for (std::size_t index = 0; index < std::min(left.size(), right.size()); ++index) {
        const unsigned left_octet = static_cast<unsigned char>(left[index]);
        const unsigned right_octet = static_cast<unsigned char>(right[index]);
        difference |= left_octet ^ right_octet;
    }
    return difference == 0;
}

}  // namespace

std::expected<PasswordHash, std::string> PasswordHash::parse(std::string_view text) {
    const Parsed cost = parse_cost(text);
    if (!cost) {
        return std::unexpected(cost.error());
    }
    PasswordHash hash(text, *cost);
    const int salt = ::crypt_checksalt(hash.text_.c_str());
    if (salt == CRYPT_SALT_INVALID || salt == CRYPT_SALT_METHOD_DISABLED) {
        return std::unexpected(
            "of a scheme that this machine's libcrypt does not know; make the "
            "line anew with htpasswd -B");
    }
    return hash;
}

PasswordMatch PasswordHash::check(const char* password) const noexcept {
    // 32 KiB, zeroed as crypt_r(3) wants it.
    const std::unique_ptr<crypt_data> scratch(new (std::nothrow) crypt_data());
    if (!scratch) {
        return PasswordMatch::failed;
    }
    const char* const hashed =
        ::crypt_rn(password, text_.c_str(), scratch.get(), static_cast<int>(sizeof *scratch));
    const PasswordMatch match = hashed == nullptr ? PasswordMatch::failed
                                : is_equal_in_constant_time(hashed, text_)
                                    ? PasswordMatch::equal
                                    : PasswordMatch::different;
    ::explicit_bzero(scratch.get(), sizeof *scratch);
    return match;
}

}  // namespace torc::site
