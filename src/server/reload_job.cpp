#include <torc/base/start_error.hpp>
#include <torc/server/reload_job.hpp>

#include <fmt/format.h>

#include <system_error>
#include <utility>

namespace torc::server {

ReloadJob::ReloadJob(std::function<Opened()> open) try : task_(std::move(open)) {
} catch (const std::system_error& error) {
    throw StartError(
        fmt::format("no thread to read the configuration with: {}", error.code().message()));
}

}  // namespace torc::server
