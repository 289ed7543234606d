#include <torc/server/metrics_page.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>
#include <string>

namespace torc::server {
namespace {

using namespace std::chrono_literals;

Observation sample_observation() {
    Observation observation;
    observation.state.io = "uring";
    const auto tally = std::make_shared<worker::LogWriter::Tally>();
    tally->written_lines = 10;
    tally->lost_lines = 1;
    observation.state.logs = {{.path = "/log", .tally = tally}, {.path = "/log", .tally = tally}};
    worker::Statistics statistics;
    statistics.sites = {{.name = "", .counters = {}}, {.name = "www", .counters = {}}};
    worker::SiteCounters& site = statistics.sites[1].counters;
    site.count_response(http::Method::get, http::Status::ok);
    site.count_response(http::Method::get, http::Status::ok);
    site.count_response(http::Method::head, http::Status::not_found);
    site.sent_bytes = 1234;
    site.durations.observe(50us, 2);
    site.durations.observe(3ms, 1);
    statistics.connections_max = 100;
    statistics.cpu_time = 1500ms;
    observation.add(statistics);
    observation.add(statistics).is_stalled = true;
    return observation;
}

std::string page(Exposition::Format format = Exposition::Format::text) {
    return metrics_page(sample_observation(), {}, format);
}

bool has_line(const std::string& text, const std::string& line) {
    return text.starts_with(line + '\n') || text.find('\n' + line + '\n') != std::string::npos;
}

TEST(MetricsPage, SumsWhatAllWorkersHaveCounted) {
    const std::string text = page();
    EXPECT_TRUE(has_line(text, R"(torc_http_requests_total{site="www",method="GET",code="200"} 4)"))
        << text;
    EXPECT_TRUE(
        has_line(text, R"(torc_http_requests_total{site="www",method="HEAD",code="404"} 2)"));
    EXPECT_TRUE(has_line(text, R"(torc_http_response_bytes_total{site="www"} 2468)"));
    EXPECT_TRUE(has_line(text, "torc_connections_max 200"));
    EXPECT_TRUE(has_line(text, R"(torc_worker_cpu_seconds_total{worker="1"} 1.5)"));
    EXPECT_TRUE(has_line(text, R"(torc_worker_stalled{worker="0"} 0)"));
    EXPECT_TRUE(has_line(text, R"(torc_worker_stalled{worker="1"} 1)"));
}

TEST(MetricsPage, HasEachAccessLogOnce) {
    const std::string text = page();
    EXPECT_TRUE(has_line(text, R"(torc_access_log_lines_total{log="/log"} 20)")) << text;
    EXPECT_TRUE(has_line(text, R"(torc_access_log_dropped_total{log="/log"} 2)"));
}

TEST(MetricsPage, HasBucketsThatAddUp) {
    const std::string text = page();
    const std::string bucket = R"(torc_http_request_duration_seconds_bucket{site="www",le=)";
    EXPECT_TRUE(has_line(text, bucket + R"("0.0001"} 4)")) << text;
    EXPECT_TRUE(has_line(text, bucket + R"("0.0025"} 4)"));
    EXPECT_TRUE(has_line(text, bucket + R"("0.005"} 6)"));
    EXPECT_TRUE(has_line(text, bucket + R"("60.0"} 6)"));
    EXPECT_TRUE(has_line(text, bucket + R"("+Inf"} 6)"));
    EXPECT_TRUE(has_line(text, R"(torc_http_request_duration_seconds_count{site="www"} 6)"));
    EXPECT_TRUE(has_line(text, R"(torc_http_request_duration_seconds_sum{site="www"} 0.0062)"));
}

TEST(MetricsPage, HasAllThatTheDashboardAsksFor) {
    const std::string text = page();
    const std::string path = TORC_SOURCE "/config/grafana/torc.json";
    const std::string dashboard{std::istreambuf_iterator(std::ifstream(path).rdbuf()), {}};
    ASSERT_FALSE(dashboard.empty());
    const std::regex name("(torc|process)_[a-z_]+");
    std::set<std::string> names;
    for (std::sregex_iterator found(dashboard.begin(), dashboard.end(), name), end; found != end;
         ++found) {
        names.insert(found->str());
    }
    EXPECT_GT(names.size(), 20U);
    for (const std::string& metric : names) {
        EXPECT_TRUE(text.find('\n' + metric + ' ') != std::string::npos ||
                    text.find('\n' + metric + '{') != std::string::npos)
            << metric;
    }
}

}  // namespace
}  // namespace torc::server
