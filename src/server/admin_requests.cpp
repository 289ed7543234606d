#include <torc/base/ascii.hpp>
#include <torc/server/admin_requests.hpp>
#include <torc/server/exposition.hpp>
#include <torc/server/json.hpp>
#include <torc/server/metrics_page.hpp>
#include <torc/server/process_figures.hpp>
#include <torc/server/status_page.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace torc::server {
namespace {

constexpr std::string_view json_type = "application/json";

struct OrderPath {
    std::string_view target;
    Order order;
    std::string_view word;
};
constexpr std::array order_paths = {
    OrderPath{"/reload", Order::reload, "reload"},
    OrderPath{"/reopen", Order::reopen_logs, "reopen"},
    OrderPath{"/upgrade", Order::upgrade, "upgrade"},
    OrderPath{"/drain", Order::drain, "drain"},
    OrderPath{"/stop", Order::stop, "stop"},
    OrderPath{"/ready?state=off", Order::hold_back, "ready"},
    OrderPath{"/ready?state=on", Order::be_ready, "ready"},
};

std::string_view word_of(Order order) noexcept {
    return std::ranges::find(order_paths, order, &OrderPath::order)->word;
}

std::string_view word_of(OrderResult::Outcome outcome) noexcept {
    switch (outcome) {
        case OrderResult::Outcome::done:
            return "done";
        case OrderResult::Outcome::refused:
            return "refused";
        case OrderResult::Outcome::unavailable:
            break;
    }
    return "unavailable";
}

http::Status status_of(OrderResult::Outcome outcome) noexcept {
    switch (outcome) {
        case OrderResult::Outcome::done:
            return http::Status::ok;
        case OrderResult::Outcome::refused:
            return http::Status::bad_request;
        case OrderResult::Outcome::unavailable:
            break;
    }
    return http::Status::service_unavailable;
}

/// By which a client knows it whatever the form of the content.
std::string_view pending_field(const OrderResult& result) noexcept {
    return result.pending.empty() ? "" : "Torc-Pending: 1\r\n";
}

AdminResponse live(const ServerState& state) {
    for (std::size_t worker = 0; worker < state.stalled.size(); ++worker) {
        if (state.stalled[worker]) {
            return {.status = http::Status::service_unavailable,
                    .content = fmt::format("worker {} does not respond\n", worker)};
        }
    }
    return {.content = "ok\n"};
}

AdminResponse ready(const ServerState& state) {
    if (state.is_ready()) {
        return {.content = "ok\n"};
    }
    return {.status = http::Status::service_unavailable, .content = state.unready_reason() + '\n'};
}

AdminResponse metrics(const http::Request& request, const Observe& observe) {
    const Exposition::Format format = exposition_format(request.value(http::FieldName::accept));
    return {.content_type = Exposition::content_type(format),
            .content = metrics_page(observe(), read_process_figures(), format)};
}

AdminResponse status(const http::Request& request, const Observe& observe) {
    const bool is_for_people = request.value(http::FieldName::accept).starts_with("text/plain");
    const Observation observation = observe();
    const ProcessFigures process = read_process_figures();
    return is_for_people ? AdminResponse{.content = status_page(observation, process)}
                         : AdminResponse{.content_type = json_type,
                                         .content = status_json(observation, process)};
}

/// The response to GET of `path`; nothing: there is nothing at it.
std::optional<AdminResponse> get(std::string_view path, const http::Request& request,
                                 AdminScope scope, const ServerState& state,
                                 const Observe& observe) {
    if (path == "/livez") {
        return live(state);
    }
    if (path == "/readyz") {
        return ready(state);
    }
    if (path == "/metrics") {
        return metrics(request, observe);
    }
    if (scope == AdminScope::everything && path == "/status") {
        return status(request, observe);
    }
    if (scope == AdminScope::everything && path == "/config") {
        return AdminResponse{.content_type = "application/toml", .content = state.configuration};
    }
    return std::nullopt;
}

/// Takes a number and a colon from the front of `text`; nothing: it does not begin so.
std::optional<unsigned> take_number(std::string_view& text) noexcept {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || digits >= text.size() || text[digits] != ':') {
        return std::nullopt;
    }
    text.remove_prefix(digits + 1);
    return number;
}

/// "torc.toml:3:5: what is wrong" as an object with `file`, `line`, `column` and `message`; what
/// has no position as one with `message` alone.
void append_error(std::string& json, std::string_view error) {
    for (std::size_t colon = error.find(':'); colon != std::string_view::npos;
         colon = error.find(':', colon + 1)) {
        std::string_view rest = error.substr(colon + 1);
        const auto line = take_number(rest);
        const auto column = line ? take_number(rest) : std::nullopt;
        if (column && rest.starts_with(' ')) {
            json += fmt::format(R"({{"file":{},"line":{},"column":{},"message":{}}})",
                                json_of(error.substr(0, colon)), *line, *column,
                                json_of(rest.substr(1)));
            return;
        }
    }
    json += fmt::format(R"({{"message":{}}})", json_of(error));
}

}  // namespace

std::variant<AdminResponse, Order> take_admin_request(const http::Request& request,
                                                      AdminScope scope, const ServerState& state,
                                                      const Observe& observe) {
    const std::string_view target = request.target;
    const std::string_view path = target.substr(0, target.find('?'));
    const auto* const order = scope == AdminScope::everything
                                  ? std::ranges::find(order_paths, target, &OrderPath::target)
                                  : order_paths.end();
    if (order != order_paths.end()) {
        if (request.method == http::Method::post) {
            return order->order;
        }
        auto refusal = refuse_admin_request(http::Status::method_not_allowed, "use POST for this");
        refusal.field = "Allow: POST\r\n";
        return refusal;
    }
    if (request.method != http::Method::get && request.method != http::Method::head) {
        const bool is_there = get(path, request, scope, state, observe).has_value();
        auto refusal =
            is_there ? refuse_admin_request(http::Status::method_not_allowed, "use GET for this")
                     : refuse_admin_request(http::Status::not_found, "no such path");
        refusal.field = is_there ? "Allow: GET, HEAD\r\n" : "";
        return refusal;
    }
    if (auto response = get(path, request, scope, state, observe)) {
        return *std::move(response);
    }
    if (scope == AdminScope::everything && path == "/ready") {
        return refuse_admin_request(http::Status::bad_request, "give state=off or state=on");
    }
    return refuse_admin_request(http::Status::not_found, "no such path");
}

AdminResponse tell_as_json(Order order, const OrderResult& result, std::uint64_t generation) {
    std::string json = fmt::format(
        R"({{"order":{},"result":{},"generation":{},"text":{},"errors":[)", json_of(word_of(order)),
        json_of(word_of(result.outcome)), generation, json_of(result.text));
    for (const std::string& error : result.errors) {
        json += &error == result.errors.data() ? "" : ",";
        append_error(json, error);
    }
    json += R"(],"pending":[)";
    for (const std::string& line : result.pending) {
        json += &line == result.pending.data() ? "" : ",";
        append_json(json, line);
    }
    json += "]}\n";
    return {
        .status = status_of(result.outcome), .content_type = json_type, .content = std::move(json)};
}

AdminResponse tell_as_text(const OrderResult& result) {
    std::string text;
    for (const std::string& line : result.errors) {
        text += line + '\n';
    }
    if (!result.text.empty()) {
        text += result.text + '\n';
    }
    for (const std::string& line : result.pending) {
        text += line + '\n';
    }
    return {.status = status_of(result.outcome),
            .content = std::move(text),
            .field = pending_field(result)};
}

AdminResponse refuse_admin_request(http::Status status, std::string_view why) {
    return {.status = status,
            .content_type = json_type,
            .content = fmt::format("{{\"result\":\"error\",\"errors\":[{{\"message\":{}}}]}}\n",
                                   json_of(why))};
}

}  // namespace torc::server
