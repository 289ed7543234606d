// Whether a connection's peer may see what a request is for.

#include <torc/http/credentials.hpp>
#include <torc/worker/client_address.hpp>
#include <torc/worker/connection.hpp>

namespace torc::worker {

std::optional<net::Address> Connection::client() const noexcept {
    return services_.trusted_peers == nullptr
               ? peer_
               : find_client(services_.scratch.request, peer_, *services_.trusted_peers);
}

std::string_view Connection::client_text() const {
    if (services_.trusted_peers == nullptr) {
        return {};
    }
    const auto found = client();
    if (!found || found == peer_) {
        return {};
    }
    services_.scratch.client = found->text();
    return services_.scratch.client;
}

Access Connection::find_access(const AreaAccess& area) {
    const std::optional<net::Address> address = client();
    if (!area.addresses.let_in(address)) {
        return Access::forbidden;
    }
    if (!area.users) {
        return Access::granted;
    }
    EventScratch& scratch = services_.scratch;
    const http::Request& request = scratch.request;
    // Two fields are no list, and so nothing that could be understood.
    const auto credentials =
        request.has_several(http::FieldName::authorization)
            ? std::nullopt
            : http::parse_basic_credentials(request.value(http::FieldName::authorization),
                                            scratch.credentials);
    if (!credentials) {
        return Access::anonymous;
    }
    scratch.user = credentials->user;
    const AccessAttempt& attempt =
        scratch.attempt.emplace(area.users, *credentials, address ? address->network() : 0);
    const Access access = services_.access_control->find(attempt, services_.now);
    return access == Access::unchecked && scratch.has_given_up_check ? Access::overloaded : access;
}

std::optional<Connection::Served> Connection::refuse_access(HostedArea& area, Access access,
                                                            site::Persistence persistence) {
    const http::Request& request = services_.scratch.request;
    switch (access) {
        case Access::unchecked:
            return Served{.bytes = 0, .next = Next::access};
        case Access::forbidden:
            return respond_with_error(area, http::Status::forbidden, persistence);
        case Access::throttled:
            return respond_with_error(area, http::Status::too_many_requests, persistence);
        case Access::overloaded:
            return respond_with_error(area, http::Status::service_unavailable, persistence);
        case Access::anonymous:
        case Access::denied:
        case Access::granted:
            break;
    }
    services_.hosting.use(area);
    const std::size_t head_bytes = area.responder.head_bytes_max();
    if (!takes_response(area.counted, head_bytes)) {
        return Served{.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = batch_->writer(head_bytes);
    add_response(area.responder.ask_for_credentials(area.access->users->challenge(), request,
                                                    persistence, writer),
                 writer);
    return std::nullopt;
}

}  // namespace torc::worker
