#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace torc::site {

/// What a hash costs to check: the same for hashes that take the same time.
struct HashCost {
    enum class Scheme : std::uint8_t { bcrypt, yescrypt, sha256_crypt, sha512_crypt };

    Scheme scheme = Scheme::bcrypt;
    /// As the scheme counts: log2 of rounds (bcrypt), log2 of memory in KiB (yescrypt), rounds.
    std::uint32_t factor = 0;

    friend bool operator==(const HashCost&, const HashCost&) noexcept = default;
};

/// What came of a check.
enum class PasswordMatch : std::uint8_t {
    equal,
    different,
    /// There was no memory for it.
    failed,
};

/// The hash of a password, as crypt(5) writes it.
class PasswordHash {
public:
    /// bcrypt ("$2b$", "$2y$", "$2a$"), yescrypt ("$y$"), SHA-crypt ("$5$", "$6$"). What else
    /// `text` is, or seems to be, the error says with the remedy, without repeating it; it may be a
    /// password.
    ///
    /// Refused too is what takes about a second or longer on a processor of today, or more than
    /// 64 MiB: each guess of a stranger's would.
    [[nodiscard]] static std::expected<PasswordHash, std::string> parse(std::string_view text);

    [[nodiscard]] const HashCost& cost() const noexcept { return cost_; }

    /// Hashes `password`, which holds no NUL but that behind its end, and compares; takes
    /// milliseconds to a second of processor time. Thread-safe. Leaves no copy of the password.
    [[nodiscard]] PasswordMatch check(const char* password) const noexcept;

private:
    PasswordHash(std::string_view text, HashCost cost) : text_(text), cost_(cost) {}

    std::string text_;
    HashCost cost_;
};

}  // namespace torc::site
