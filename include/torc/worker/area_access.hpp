#pragma once

#include <torc/net/address_range.hpp>
#include <torc/site/access/protected_area.hpp>

#include <memory>

namespace torc::worker {

/// Who may see an area of a site.
struct AreaAccess {
    /// Of which networks clients must be: others get 403 (Forbidden).
    net::AddressRules addresses{};
    /// Who has a password for it; null: none is asked for.
    std::shared_ptr<const site::ProtectedArea> users{};

    /// Whether everybody may.
    [[nodiscard]] bool is_open() const noexcept { return addresses.lets_in_all() && !users; }
};

}  // namespace torc::worker
