#pragma once

#include <torc/site/access/password_hash.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// Users and the hashes of their passwords, as htpasswd(1) writes them: lines of "user:hash", empty
/// lines, and comments that begin with "#". Never changes: thread-safe.
class UsersFile {
public:
    static constexpr std::size_t bytes_max = std::size_t{1} << 20U;
    static constexpr std::size_t users_max = 10'000;

    /// What is wrong with a line.
    struct Flaw {
        /// From 1; 0: it is wrong with the whole file.
        std::size_t line = 0;
        std::string what;
    };
    /// At most so many are told.
    static constexpr std::size_t flaws_max = 20;

    /// The flaws tell all that is wrong, by line, never what is behind a colon.
    [[nodiscard]] static std::expected<UsersFile, std::vector<Flaw>> parse(std::string_view text);

    /// Reads a regular file; for the start and for a reload, as it may wait for the file system.
    /// The errors are lines for a user: "PATH:LINE: WHAT" or "PATH: WHAT".
    [[nodiscard]] static std::expected<std::shared_ptr<const UsersFile>, std::vector<std::string>>
    load(const std::string& path);

    /// Whose password is to be checked.
    struct Candidate {
        /// Lives as long as the file.
        const PasswordHash& hash;
        /// Nobody has the name: whatever comes of the check, the password is wrong.
        bool is_unknown = false;
    };
    /// For a name that nobody has, a hash of the cost that most have: so the time of a check does
    /// not tell who exists, unless the costs of the users differ.
    [[nodiscard]] Candidate find(std::string_view user) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return users_.size(); }
    /// The same number for files of the same contents, and by accident for no others.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

private:
    struct User {
        std::string name;
        PasswordHash hash;
        std::size_t line;
    };

    UsersFile() = default;
    /// Adds a flaw for each user that is there already. Precondition: users are sorted.
    void find_duplicates(std::vector<Flaw>& flaws) const;
    void choose_usual_hash();

    /// By name. Never empty.
    std::vector<User> users_;
    /// The index of one whose hash has the cost that most have.
    std::size_t usual_ = 0;
    std::uint64_t id_ = 0;
};

}  // namespace torc::site
