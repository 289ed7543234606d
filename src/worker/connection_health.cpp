// What load balancers learn at the health path.

#include <torc/worker/connection.hpp>

namespace torc::worker {

std::optional<Connection::Served> Connection::respond_without_site(site::Persistence persistence) {
    return services_.hosting.is_health_check(services_.scratch.request)
               ? respond_to_health_check(persistence)
               : respond_for_no_site(http::Status::misdirected_request, persistence);
}

std::optional<Connection::Served> Connection::respond_to_health_check(
    site::Persistence persistence) {
    const bool is_ready =
        !services_.is_draining &&
        (services_.is_ready == nullptr || services_.is_ready->load(std::memory_order_relaxed));
    HostedArea& area = services_.hosting.use(services_.hosting.fallback().whole());
    const std::size_t head_bytes = area.responder.head_bytes_max();
    if (!takes_response(services_.hosting.uncounted(), head_bytes)) {
        return Served{.bytes = 0, .next = Next::send};
    }
    http::HeadWriter writer = batch_->writer(head_bytes);
    site::Answer response =
        area.responder.reject(is_ready ? http::Status::ok : http::Status::service_unavailable,
                              services_.scratch.request, persistence, writer);
    is_fresh_ = false;
    ++uncounted_responses_;
    batch_->append_head(writer);
    content_.begin(response, *batch_);
    return std::nullopt;
}

}  // namespace torc::worker
