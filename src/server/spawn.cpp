#include <torc/server/spawn.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <expected>

namespace torc::server {
namespace {

/// As execve(2) wants them.
std::vector<char*> null_terminated(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    pointers.reserve(texts.size() + 1);
    for (const std::string& text : texts) {
        pointers.push_back(const_cast<char*>(text.c_str()));
    }
    pointers.push_back(nullptr);
    return pointers;
}

}  // namespace

std::vector<std::string> environment_of_this_process() {
    std::vector<std::string> variables;
    for (const char* const* variable = environ; *variable != nullptr; ++variable) {
        variables.emplace_back(*variable);
    }
    return variables;
}

Result<pid_t> spawn(const SpawnPlan& plan) {
    const std::vector<char*> arguments = null_terminated(plan.command);
    const std::vector<char*> environment = null_terminated(plan.environment);
    const bool is_alone = plan.streams == SpawnPlan::Streams::none;
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (is_alone) {
        for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
            ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
        }
    }
    if (plan.descriptor >= 0) {
        ::posix_spawn_file_actions_adddup2(&actions, plan.descriptor, spawned_descriptor);
    }
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    ::posix_spawnattr_setflags(&attributes,
                               static_cast<short>(is_alone ? flags | POSIX_SPAWN_SETSID : flags));
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    pid_t pid = -1;
    const int error = ::posix_spawnp(&pid, arguments.front(), &actions, &attributes,
                                     arguments.data(), environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return std::unexpected(Errno(error));
    }
    return pid;
}

}  // namespace torc::server
