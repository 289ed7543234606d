#pragma once

#include <torc/base/event_fd.hpp>
#include <torc/base/start_error.hpp>

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace torc::server {

/// Something that may never end, such as a call to a file system that does not respond, on a thread
/// of its own that can be left behind.
template <typename Result>
class DetachedTask {
public:
    /// Begins. `run` may still run when nobody wants its result any more, so it owns what it needs.
    /// Throws StartError when there is no descriptor, or no thread: then with `no_thread` and why.
    DetachedTask(std::function<Result()> run, std::string_view no_thread)
        : end_(std::make_shared<End>()) {
        std::packaged_task<Result()> task(std::move(run));
        result_ = task.get_future();
        try {
            std::thread([task = std::move(task), end = end_]() mutable {
                task();
                // Whoever takes the result is then the last who has it.
                task = {};
                end->is_over.store(true, std::memory_order_release);
                end->event.signal();
            }).detach();
        } catch (const std::system_error& error) {
            throw StartError(fmt::format("{}: {}", no_thread, error.code().message()));
        }
    }

    /// Readable once it is over: for poll(2).
    [[nodiscard]] int descriptor() const noexcept { return end_->event.descriptor(); }
    [[nodiscard]] bool is_over() const noexcept {
        return end_->is_over.load(std::memory_order_acquire);
    }
    /// What `run` gave; throws what it threw. Precondition: is_over(). Call once.
    [[nodiscard]] Result take() { return result_.get(); }

private:
    struct End {
        EventFd event = EventFd::create_at_start();
        std::atomic<bool> is_over = false;
    };

    std::shared_ptr<End> end_;
    std::future<Result> result_;
};

}  // namespace torc::server
