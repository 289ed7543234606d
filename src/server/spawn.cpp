#include <torc/server/spawn.hpp>

#include <fcntl.h>
#include <linux/sched.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <expected>

namespace torc::server {
namespace {

/// What a shell reports for a program that can't be run.
constexpr int exit_code_not_run = 127;

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

Result<pid_t> spawn_alone(const std::vector<std::string>& command) {
    const std::vector<char*> arguments = null_terminated(command);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        ::posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
    }
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    ::posix_spawnattr_setsigdefault(&attributes, &signals);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, arguments.front(), &actions, &attributes, arguments.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return std::unexpected(Errno(error));
    }
    return pid;
}

Result<Sibling> spawn_sibling(const std::vector<std::string>& command,
                              const std::vector<std::string>& environment, int descriptor) {
    const std::vector<char*> arguments = null_terminated(command);
    const std::vector<char*> variables = null_terminated(environment);
    // posix_spawn(3) knows no CLONE_PARENT. Without CLONE_VM this is fork(2); the C library, whose
    // locks other threads may hold, is not called until execve(2).
    // Not clone3(2), which seccomp filters forbid altogether: they can't see its flags.
    int process = -1;
    constexpr unsigned long flags = CLONE_PARENT | CLONE_PIDFD | SIGCHLD;
    const long pid = ::syscall(SYS_clone, flags, nullptr, &process, nullptr, nullptr);
    if (pid < 0) {
        return std::unexpected(Errno::last());
    }
    if (pid == 0) {
        constexpr std::uint64_t no_signals = 0;
        ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, nullptr, sizeof no_signals);
        if (descriptor == sibling_descriptor) {
            ::syscall(SYS_fcntl, descriptor, F_SETFD, 0);
        } else {
            ::syscall(SYS_dup3, descriptor, sibling_descriptor, 0);
        }
        ::syscall(SYS_execve, arguments.front(), arguments.data(), variables.data());
        const int error = errno;
        ::syscall(SYS_sendto, sibling_descriptor, &error, sizeof error, MSG_NOSIGNAL, nullptr, 0);
        ::syscall(SYS_exit_group, exit_code_not_run);
    }
    return Sibling{.pid = static_cast<pid_t>(pid), .process = UniqueFd(process)};
}

}  // namespace torc::server
