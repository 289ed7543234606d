#pragma once

#include <sys/resource.h>

#include <optional>
#include <string>

namespace torc::server {

/// Raises the soft limit of `resource` (RLIMIT_NOFILE, ...; getrlimit(2)) to the hard one, which
/// needs no privilege, and gives what it is then; RLIM_INFINITY: there is none.
rlim_t raise_limit(int resource) noexcept;

/// What to tell a user whose rings found too little memory that may be locked: RLIMIT_MEMLOCK,
/// which counts the rings of all processes of a user, and how to raise it. Nothing when this
/// process has no such limit.
[[nodiscard]] std::optional<std::string> explain_locked_memory_limit();

}  // namespace torc::server
