#pragma once

#include <torc/server/observation.hpp>
#include <torc/server/process_figures.hpp>

#include <string>

namespace torc::server {

/// How the server is, for people: a page of at most 80 columns.
[[nodiscard]] std::string status_page(const Observation& observation,
                                      const ProcessFigures& process);

/// The same for programs, in JSON.
[[nodiscard]] std::string status_json(const Observation& observation,
                                      const ProcessFigures& process);

}  // namespace torc::server
