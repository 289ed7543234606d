#include "password_job.hpp"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <semaphore>
#include <thread>
#include <utility>

namespace torc::worker {
namespace {

std::ptrdiff_t checks_at_once() {
    return static_cast<std::ptrdiff_t>(std::max(1U, std::thread::hardware_concurrency() / 2));
}

/// The turn of a check among those of all workers. To be held by threads that may wait.
class CheckTurn {
public:
    CheckTurn() { turns().acquire(); }
    CheckTurn(const CheckTurn&) = delete;
    CheckTurn& operator=(const CheckTurn&) = delete;
    ~CheckTurn() { turns().release(); }

private:
    static std::counting_semaphore<>& turns() {
        static std::counting_semaphore<> turns(checks_at_once());
        return turns;
    }
};

}  // namespace

PasswordJob::PasswordJob(std::shared_ptr<const site::ProtectedArea> area,
                         const http::BasicCredentials& credentials) noexcept
    : area_(std::move(area)), candidate_(area_->users().find(credentials.user)) {
    std::ranges::copy(credentials.password, password_.begin());
}

PasswordJob::~PasswordJob() {
    ::explicit_bzero(password_.data(), password_.size());
}

std::int32_t PasswordJob::run() noexcept {
    const CheckTurn turn;
    switch (candidate_.hash.check(password_.data())) {
        case site::PasswordMatch::equal:
            return candidate_.is_unknown ? wrong : right;
        case site::PasswordMatch::different:
            return wrong;
        case site::PasswordMatch::failed:
            break;
    }
    return -ENOMEM;
}

}  // namespace torc::worker
