#pragma once

#include <torc/site/access/users_file.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace torc::site {

/// A realm and its users: who may see an area, or several (RFC 7617). Never changes: thread-safe.
class ProtectedArea {
public:
    /// Precondition: http::is_realm(realm).
    ProtectedArea(std::string_view realm, std::shared_ptr<const UsersFile> users);

    [[nodiscard]] const UsersFile& users() const noexcept { return *users_; }
    /// The field that asks for a password, with its line end; see http::basic_challenge.
    [[nodiscard]] const std::string& challenge() const noexcept { return challenge_; }

private:
    std::string challenge_;
    std::shared_ptr<const UsersFile> users_;
};

}  // namespace torc::site
