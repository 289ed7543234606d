#pragma once

#include <torc/base/bounded_table.hpp>
#include <torc/base/clock.hpp>
#include <torc/base/random.hpp>
#include <torc/http/credentials.hpp>
#include <torc/site/access/users_file.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace torc::site {

/// One worker's memory of credentials that were checked, so that a check is made once and not for
/// each request. It keeps no password, but a hash under a secret key of the users file's contents,
/// user and password: another users file knows nothing of what was right by this one.
class VerifiedCredentials {
public:
    static constexpr std::size_t entries_max = 1024;
    /// How long right ones are right without a check, after the last request with them.
    static constexpr std::chrono::minutes right_for{5};
    /// And wrong ones wrong: what clients send again at once costs no other check.
    static constexpr std::chrono::seconds wrong_for{1};

    enum class Verdict : std::uint8_t { unknown, right, wrong };

    explicit VerifiedCredentials(SecretKey key) noexcept : key_(key) {}

    /// What the functions below know the credentials by. To guess one of an entry takes 2^54 tries
    /// over the network.
    [[nodiscard]] std::uint64_t key_of(const UsersFile& users,
                                       const http::BasicCredentials& credentials) const noexcept;

    [[nodiscard]] Verdict find(std::uint64_t key, MonotonicTime now) noexcept;
    /// The end of a check. Throws std::bad_alloc, the first time alone.
    void note(std::uint64_t key, Verdict verdict, MonotonicTime now);

private:
    struct Entry {
        Verdict verdict = Verdict::unknown;
        MonotonicTime valid_until{};
    };

    const SecretKey key_;
    BoundedTable<Entry, entries_max> entries_;
};

}  // namespace torc::site
