#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/random.hpp>
#include <torc/http/credentials.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/access/protected_area.hpp>
#include <torc/site/access/verified_credentials.hpp>
#include <torc/worker/failure_limit.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace torc::worker {

class PasswordJob;

/// What is known of somebody's right to see what is protected.
enum class Access : std::uint8_t {
    /// The password must be checked; see AccessControl::join.
    unchecked,
    granted,
    /// The client is of a network that is kept out: 403 (Forbidden).
    forbidden,
    /// No password was sent: 401 (Unauthorized).
    anonymous,
    /// The password is wrong, or the user unknown: 401 (Unauthorized).
    denied,
    /// The client was wrong too often, and is to try later: 429 (Too Many Requests).
    throttled,
    /// Too much else is to be checked, or there is no memory for it: 503 (Service Unavailable).
    overloaded,
};

/// Somebody's attempt to see what is protected. Refers to what lives as long as the call.
struct AccessAttempt {
    const std::shared_ptr<const site::ProtectedArea>& area;
    http::BasicCredentials credentials;
    /// Of the client; see net::Address::network.
    std::uint64_t network = 0;
};

/// One worker's checks of passwords. They are made as jobs of a proactor, so that the loop goes on
/// meanwhile: one at a time, for all who wait for the same credentials. What came of one is kept
/// (see VerifiedCredentials), and clients that guess are kept waiting (see FailureLimit): a
/// stranger can neither buy the processors with guesses, nor learn from the time who is a user.
///
/// An attempt, from its first request on:
///
/// | find      | what happens                                  | then                         |
/// |-----------|-----------------------------------------------|------------------------------|
/// | unchecked | `join` begins a check, queues it, or joins one | take_ended gives what came  |
/// | granted   | the request is served                          | the same for 5 minutes      |
/// | denied    | 401                                            | the same for a second       |
/// | throttled | 429                                            | until a failure is forgiven |
///
/// A check in the queue whose client has become throttled meanwhile ends so, without being made.
class AccessControl {
public:
    /// Names who waits, for the caller.
    using Waiter = std::uint64_t;
    /// The end of a check.
    struct Checked {
        /// Hash of the credentials.
        std::uint64_t key = 0;
        /// Never `unchecked`.
        Access access = Access::overloaded;
        std::vector<Waiter> waiters{};
    };

    /// Checks that are under way or wait for their turn.
    static constexpr std::size_t checks_max = 64;

    /// `proactor` outlives it. `key`: whoever knows it can foretell what is taken for the same
    /// credentials.
    explicit AccessControl(io::Proactor& proactor, SecretKey key = SecretKey::random());
    AccessControl(const AccessControl&) = delete;
    AccessControl& operator=(const AccessControl&) = delete;
    ~AccessControl();

    /// What is known of the attempt now. Does not allocate.
    [[nodiscard]] Access find(const AccessAttempt& attempt, MonotonicTime now) noexcept;

    /// Makes `waiter` wait for the check of an attempt that `find` called unchecked. False, and
    /// nobody waits: there are checks_max already. Throws std::bad_alloc, and nobody waits then.
    [[nodiscard]] bool join(const AccessAttempt& attempt, Waiter waiter);

    /// The completion of an Operation::password_check.
    void completed(const io::Completion& completion, MonotonicTime now) noexcept;

    /// A check that has ended, each once; null when there is none. It lives until the next call,
    /// and until then `find` gives what came of it, whatever is remembered of it: those who waited
    /// are to be served now.
    [[nodiscard]] const Checked* take_ended() noexcept;

    /// Whether a check is under way that uses memory of this.
    [[nodiscard]] bool is_busy() const noexcept { return !checks_.empty(); }

private:
    struct Check {
        std::uint64_t key;
        std::uint64_t network;
        std::unique_ptr<PasswordJob> job;
        std::vector<Waiter> waiters;
    };

    [[nodiscard]] std::uint64_t key_of(const AccessAttempt& attempt) const noexcept;
    void run_first();
    /// Begins the next check that is worth it.
    void run_next(MonotonicTime now) noexcept;
    void end_first(Access access) noexcept;
    [[nodiscard]] Access outcome_of(const io::Completion& completion, MonotonicTime now) noexcept;

    io::Proactor& proactor_;
    site::VerifiedCredentials verified_;
    FailureLimit failures_;
    /// The first is under way, the others wait for their turn.
    std::deque<Check> checks_;
    /// Has room for every check, so that the end of one never allocates.
    std::vector<Checked> ended_;
    /// What take_ended gave last.
    std::optional<Checked> taken_;
};

}  // namespace torc::worker
