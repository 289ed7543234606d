#include <torc/server/exposition.hpp>

#include <gtest/gtest.h>

namespace torc::server {
namespace {

using Format = Exposition::Format;
using Type = Exposition::Type;

std::string sample_page(Format format) {
    Exposition page(format);
    page.begin("torc_build", Type::info, "Version.");
    page.add(1, {{"version", "1.0"}});
    page.begin("torc_http_response_bytes", Type::counter, "Bytes.");
    page.add(7, {{"site", "a\"b\\c\nd"}});
    page.begin("torc_ready", Type::gauge, "Ready.");
    page.add(1);
    return page.take();
}

TEST(Exposition, WritesOpenMetrics) {
    EXPECT_EQ(sample_page(Format::open_metrics),
              "# HELP torc_build Version.\n"
              "# TYPE torc_build info\n"
              "torc_build_info{version=\"1.0\"} 1\n"
              "# HELP torc_http_response_bytes Bytes.\n"
              "# TYPE torc_http_response_bytes counter\n"
              "# UNIT torc_http_response_bytes bytes\n"
              "torc_http_response_bytes_total{site=\"a\\\"b\\\\c\\nd\"} 7\n"
              "# HELP torc_ready Ready.\n"
              "# TYPE torc_ready gauge\n"
              "torc_ready 1\n"
              "# EOF\n");
}

TEST(Exposition, WritesTheOlderTextFormat) {
    EXPECT_EQ(sample_page(Format::text),
              "# HELP torc_build_info Version.\n"
              "# TYPE torc_build_info gauge\n"
              "torc_build_info{version=\"1.0\"} 1\n"
              "# HELP torc_http_response_bytes_total Bytes.\n"
              "# TYPE torc_http_response_bytes_total counter\n"
              "torc_http_response_bytes_total{site=\"a\\\"b\\\\c\\nd\"} 7\n"
              "# HELP torc_ready Ready.\n"
              "# TYPE torc_ready gauge\n"
              "torc_ready 1\n");
}

TEST(Exposition, IsOpenMetricsForWhoAsksForThat) {
    EXPECT_EQ(exposition_format("application/openmetrics-text;version=1.0.0;q=0.6,"
                                "text/plain;version=0.0.4;q=0.4,*/*;q=0.1"),
              Format::open_metrics);
    EXPECT_EQ(exposition_format("*/*"), Format::text);
    EXPECT_EQ(exposition_format(""), Format::text);
}

}  // namespace
}  // namespace torc::server
