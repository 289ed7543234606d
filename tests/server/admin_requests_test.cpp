#include <torc/http/request_parser.hpp>
#include <torc/server/admin_requests.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

namespace torc::server {
namespace {

class AdminRequestsTest : public ::testing::Test {
protected:
    AdminRequestsTest() { state_.has_started = true; }

    std::variant<AdminResponse, Order> take(std::string_view request_line,
                                            AdminScope scope = AdminScope::everything) {
        text_ = std::string(request_line) + " HTTP/1.1\r\nHost: a\r\n\r\n";
        EXPECT_EQ(http::parse_request(text_, 0, request_).state, http::ParseState::parsed);
        return take_admin_request(request_, scope, state_, [this] {
            Observation observation;
            observation.state = state_;
            return observation;
        });
    }
    http::Status status(std::string_view request_line, AdminScope scope = AdminScope::everything) {
        return std::get<AdminResponse>(take(request_line, scope)).status;
    }

    ServerState state_;
    std::string text_;
    http::Request request_;
};

TEST_F(AdminRequestsTest, AreOrdersByPostAlone) {
    EXPECT_EQ(std::get<Order>(take("POST /reload")), Order::reload);
    EXPECT_EQ(std::get<Order>(take("POST /ready?state=off")), Order::hold_back);
    EXPECT_EQ(status("GET /reload"), http::Status::method_not_allowed);
    EXPECT_EQ(status("POST /status"), http::Status::method_not_allowed);
    EXPECT_EQ(status("POST /other"), http::Status::not_found);
    EXPECT_EQ(status("GET /ready"), http::Status::bad_request);
}

TEST_F(AdminRequestsTest, AreNoOrdersWhereMetricsAlone) {
    EXPECT_EQ(status("POST /stop", AdminScope::metrics), http::Status::not_found);
    EXPECT_EQ(status("GET /config", AdminScope::metrics), http::Status::not_found);
    EXPECT_EQ(status("GET /metrics", AdminScope::metrics), http::Status::ok);
}

TEST_F(AdminRequestsTest, FindTheServerUnreadyWhileItStartsStopsOrLacksARoot) {
    EXPECT_EQ(status("GET /readyz"), http::Status::ok);
    state_.lost_roots = {"/srv/www"};
    EXPECT_EQ(std::get<AdminResponse>(take("GET /readyz")).content, "no directory at /srv/www\n");
    state_.lost_roots.clear();
    state_.is_draining = true;
    EXPECT_EQ(status("GET /readyz"), http::Status::service_unavailable);
    EXPECT_EQ(status("GET /livez"), http::Status::ok);
    state_.is_draining = false;
    state_.has_started = false;
    EXPECT_EQ(status("GET /readyz"), http::Status::service_unavailable);
}

TEST_F(AdminRequestsTest, FindTheServerDeadWhileAWorkerDoesNotRespond) {
    state_.stalled = {false, true};
    EXPECT_EQ(std::get<AdminResponse>(take("GET /livez")).content, "worker 1 does not respond\n");
    EXPECT_EQ(status("GET /livez"), http::Status::service_unavailable);
    EXPECT_EQ(status("GET /readyz"), http::Status::ok);
}

TEST(AdminResults, TellErrorsWithTheirPositions) {
    const AdminResponse response =
        tell_as_json(Order::reload,
                     {.outcome = OrderResult::Outcome::refused,
                      .errors = {"/etc/torc.toml:3:14: unknown key \"rot\"", "memory is short"}},
                     7);
    EXPECT_EQ(response.status, http::Status::bad_request);
    EXPECT_EQ(response.content,
              R"({"order":"reload","result":"refused","generation":7,"text":"","errors":[)"
              R"({"file":"/etc/torc.toml","line":3,"column":14,"message":"unknown key \"rot\""},)"
              R"({"message":"memory is short"}],"pending":[]})"
              "\n");
}

TEST(AdminResults, TellWhatWaitsForAnUpgrade) {
    const AdminResponse response = tell_as_text(
        {.pending = {"server.workers: 2 → 4 takes effect at the next start"}, .text = "applied"});
    EXPECT_EQ(response.status, http::Status::ok);
    EXPECT_EQ(response.field, "Torc-Pending: 1\r\n");
    EXPECT_EQ(response.content, "applied\nserver.workers: 2 → 4 takes effect at the next start\n");
}

}  // namespace
}  // namespace torc::server
