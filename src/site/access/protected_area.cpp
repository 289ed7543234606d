#include <torc/http/credentials.hpp>
#include <torc/site/access/protected_area.hpp>

#include <utility>

namespace torc::site {

ProtectedArea::ProtectedArea(std::string_view realm, std::shared_ptr<const UsersFile> users)
    : challenge_(http::basic_challenge(realm)), users_(std::move(users)) {}

}  // namespace torc::site
