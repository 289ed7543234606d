#include <torc/server/resource_limit.hpp>

#include <fmt/format.h>

namespace torc::server {

rlim_t raise_limit(int resource) noexcept {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
    ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
    return limit.rlim_cur;
}

std::optional<std::string> explain_locked_memory_limit() {
    rlimit limit{};
    ::getrlimit(RLIMIT_MEMLOCK, &limit);
    if (limit.rlim_cur == RLIM_INFINITY) {
        return std::nullopt;
    }
    return fmt::format(
        "RLIMIT_MEMLOCK lets this user lock {} KiB of memory, and a ring takes some 350 KiB for "
        "each worker; raise it (ulimit -Hl unlimited, LimitMEMLOCK=infinity) or start fewer "
        "--workers",
        limit.rlim_cur / 1024);
}

}  // namespace torc::server
