#pragma once

#include <torc/server/exposition.hpp>
#include <torc/server/observation.hpp>
#include <torc/server/process_figures.hpp>

#include <string>

namespace torc::server {

/// What GET /metrics responds with: all families, each with its help. The names are what dashboards
/// and alerts know; config/grafana/torc.json is checked against them.
[[nodiscard]] std::string metrics_page(const Observation& observation,
                                       const ProcessFigures& process, Exposition::Format format);

}  // namespace torc::server
