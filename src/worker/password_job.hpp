#pragma once

#include <torc/http/credentials.hpp>
#include <torc/io/proactor.hpp>
#include <torc/site/access/protected_area.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace torc::worker {

/// Checks a password, which keeps a processor busy for up to a second. Of those of all workers half
/// as many run at once as there are processors, and the others wait on their threads, so that
/// processors are left for who asks for something else.
class PasswordJob final : public io::BlockingJob {
public:
    // What the job ends with, beside a negated errno(3).
    static constexpr std::int32_t wrong = 0;
    static constexpr std::int32_t right = 1;

    PasswordJob(std::shared_ptr<const site::ProtectedArea> area,
                const http::BasicCredentials& credentials) noexcept;
    /// Wipes the password.
    ~PasswordJob() override;

    std::int32_t run() noexcept override;

private:
    /// Keeps the candidate's hash.
    const std::shared_ptr<const site::ProtectedArea> area_;
    const site::UsersFile::Candidate candidate_;
    /// With a NUL behind it.
    std::array<char, http::basic_credentials_bytes_max + 1> password_{};
};

}  // namespace torc::worker
