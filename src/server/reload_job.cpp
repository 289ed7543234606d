#include <torc/server/reload_job.hpp>

#include <utility>

namespace torc::server {

ReloadJob::ReloadJob(std::function<Opened()> open)
    : task_(std::move(open), "no thread to read the configuration with") {}

}  // namespace torc::server
