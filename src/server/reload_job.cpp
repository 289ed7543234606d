#include <torc/base/start_error.hpp>
#include <torc/server/reload_job.hpp>

#include <fmt/format.h>

#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

namespace torc::server {

ReloadJob::ReloadJob(std::function<Opened()> open)
    : over_(std::make_shared<EventFd>(EventFd::create_at_start())) {
    std::packaged_task<Opened()> task(std::move(open));
    opened_ = task.get_future();
    try {
        std::thread([task = std::move(task), over = over_]() mutable {
            task();
            over->signal();
        }).detach();
    } catch (const std::system_error& error) {
        throw StartError(
            fmt::format("no thread to read the configuration with: {}", error.code().message()));
    }
}

bool ReloadJob::is_over() const {
    return opened_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace torc::server
