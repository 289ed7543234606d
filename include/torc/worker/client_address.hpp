#pragma once

#include <torc/http/request.hpp>
#include <torc/net/address_range.hpp>

#include <optional>

namespace torc::worker {

/// The client of a request that came from `peer` (nothing: a Unix-domain socket's), by the fields
/// X-Forwarded-For, to the end of which each proxy adds whom it was asked by: going from the last
/// entry to the first, and beginning with the peer, it is the first who is not trusted, or if all
/// are, the first entry. Where an entry is no address, it is the one that was found until there.
[[nodiscard]] std::optional<net::Address> find_client(const http::Request& request,
                                                      const std::optional<net::Address>& peer,
                                                      const net::TrustedPeers& trusted) noexcept;

}  // namespace torc::worker
