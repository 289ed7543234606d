// Connections that proxies make for their clients.

#include <torc/net/address_range.hpp>
#include <torc/net/proxy_header.hpp>
#include <torc/worker/worker.hpp>

#include "format_report.hpp"
#include "peer.hpp"

namespace torc::worker {

void Worker::start(ConnectionSlot& slot, const Introduce& introduction) {
    const net::ProxyHeader& header = *introduction.header;
    slot.is_busy = false;
    if (header.state == net::ProxyHeader::State::malformed) {
        ++services_.counters.proxy_header_errors;
        report_proxy_header(slot, header.error);
        slot.close_reason = CloseReason::refused;
        close(slot);
        return;
    }
    if (header.client) {
        introduce(slot, *header.client);
        if (!admission_.may_stay(slot, *header.client)) {
            slot.close_reason = CloseReason::refused;
            close(slot);
            return;
        }
    }
    const Action action = slot.connection->on_introduced();
    if (services_.scratch.refused_opening != http::Opening::http) {
        report_refused_opening(slot);
    }
    perform(slot, action);
}

void Worker::introduce(ConnectionSlot& slot, const net::Endpoint& client) const {
    // In any case: who looks at the socket later would find the proxy.
    slot.connection->set_peer(net::Address::of(client));
    slot.connection->set_remote_address(client.host(), client.port());
}

void Worker::report_proxy_header(const ConnectionSlot& slot, std::string_view error) {
    if (!proxy_header_report_.may_report(services_.now)) {
        return;
    }
    const auto peer = peer_of(proactor_, slot.socket);
    report(reports_, Report::Severity::warning,
           "a connection of {} is closed: its PROXY header is malformed: {}; does that proxy send "
           "one (send-proxy-v2)?",
           peer ? peer->host() : "a proxy that has gone", error);
}

}  // namespace torc::worker
