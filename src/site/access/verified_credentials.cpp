#include <torc/base/assert.hpp>
#include <torc/site/access/verified_credentials.hpp>

#include <string.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

namespace torc::site {

std::uint64_t VerifiedCredentials::key_of(
    const UsersFile& users, const http::BasicCredentials& credentials) const noexcept {
    const std::uint64_t id = users.id();
    std::array<char, sizeof id + http::basic_credentials_bytes_max> message;
    TORC_ASSERT(credentials.user.size() + 1 + credentials.password.size() <=
                http::basic_credentials_bytes_max);
    std::memcpy(message.data(), &id, sizeof id);
    char* end = std::ranges::copy(credentials.user, message.data() + sizeof id).out;
    *end++ = ':';  // Which no user's name holds.
    end = std::ranges::copy(credentials.password, end).out;
    const std::string_view hashed(message.data(), static_cast<std::size_t>(end - message.data()));
    const std::uint64_t key = siphash(key_, hashed);
    ::explicit_bzero(message.data(), hashed.size());
    return key;
}

VerifiedCredentials::Verdict VerifiedCredentials::find(std::uint64_t key,
                                                       MonotonicTime now) noexcept {
    Entry* const entry = entries_.find(key);
    if (entry == nullptr || now >= entry->valid_until) {
        return Verdict::unknown;
    }
    if (entry->verdict == Verdict::right) {
        entry->valid_until = now + right_for;
    }
    return entry->verdict;
}

void VerifiedCredentials::note(std::uint64_t key, Verdict verdict, MonotonicTime now) {
    const std::chrono::nanoseconds valid_for = verdict == Verdict::right
                                                   ? std::chrono::nanoseconds(right_for)
                                                   : std::chrono::nanoseconds(wrong_for);
    entries_.insert(key) = Entry{.verdict = verdict, .valid_until = now + valid_for};
}

}  // namespace torc::site
