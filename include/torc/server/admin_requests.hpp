#pragma once

#include <torc/http/request.hpp>
#include <torc/http/status.hpp>
#include <torc/server/observation.hpp>
#include <torc/server/orders.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace torc::server {

/// Who may ask an administrative listener for what.
enum class AdminScope : std::uint8_t {
    /// The admin socket: everything, for who may open it is the operator.
    everything,
    /// A port for metrics: those, /livez and /readyz.
    metrics,
};

/// A response of theirs, without its head.
struct AdminResponse {
    http::Status status = http::Status::ok;
    std::string_view content_type = "text/plain; charset=utf-8";
    std::string content{};
    /// A field with its line end; empty: none.
    std::string_view field{};
};

/// Has the workers asked: see Observer::observe.
using Observe = std::function<Observation()>;

/// What a request comes to: a response, or an order whose result is to be waited for.
///
/// | request                              | is                                              |
/// |--------------------------------------|-------------------------------------------------|
/// | GET /livez, GET /readyz              | 200, or 503 with why                            |
/// | GET /metrics                         | see metrics_page                                |
/// | GET /status                          | JSON, or a page where Accept asks for text/plain |
/// | GET /config                          | the configuration that serves, as TOML          |
/// | POST /reload, /reopen, /upgrade      | an order                                        |
/// | POST /drain, /stop                   | an order                                        |
/// | POST /ready?state=off, ?state=on     | an order                                        |
[[nodiscard]] std::variant<AdminResponse, Order> take_admin_request(const http::Request& request,
                                                                    AdminScope scope,
                                                                    const ServerState& state,
                                                                    const Observe& observe);

/// How the result of an order is told to programs: JSON, with the positions of errors.
[[nodiscard]] AdminResponse tell_as_json(Order order, const OrderResult& result,
                                         std::uint64_t generation);
/// The same for people, in lines. Has a field "Torc-Pending" if something waits for an upgrade.
[[nodiscard]] AdminResponse tell_as_text(const OrderResult& result);

/// An error of a request, as JSON.
[[nodiscard]] AdminResponse refuse_admin_request(http::Status status, std::string_view why);

}  // namespace torc::server
