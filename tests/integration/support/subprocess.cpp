#include "integration/support/subprocess.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>
#include <system_error>

namespace torc::test {
namespace {

/// sd_listen_fds(3).
constexpr int first_passed_descriptor = 3;
/// What a shell reports for a program that can't be run.
constexpr int exit_code_not_run = 127;

int checked(int result, const char* what) {
    if (result < 0) {
        throw std::system_error(errno, std::generic_category(), what);
    }
    return result;
}

/// The pointers that execve(2) wants; they point into `strings`.
std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& string : strings) {
        pointers.push_back(string.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_with(const std::vector<std::string>& additions) {
    std::vector<std::string> environment = additions;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        // Settings of the server that happen to be in the developer's shell.
        if (!std::string_view(*variable).starts_with("TORC_")) {
            environment.emplace_back(*variable);
        }
    }
    return environment;
}

/// A seccomp filter that refuses these calls and allows all others.
std::vector<sock_filter> filter_of(const std::vector<RefusedCall>& calls) {
    // The low half of the first of the 64-bit arguments.
    constexpr unsigned first_argument = offsetof(seccomp_data, args);
    std::vector<sock_filter> filter;
    for (const auto& [number, error, argument] : calls) {
        filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
        const auto rest = static_cast<std::uint8_t>(argument ? 3 : 1);
        filter.push_back(
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, rest));
        if (argument) {
            filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, first_argument));
            filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, *argument, 0, 1));
        }
        filter.push_back(BPF_STMT(BPF_RET | BPF_K,
                                  SECCOMP_RET_ERRNO | (static_cast<unsigned>(error) & 0xffffU)));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    return filter;
}

// The rest of this part runs between fork(2) and execve(2): system calls alone.

bool apply(std::span<sock_filter> filter) noexcept {
    const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                             .filter = filter.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool limit(__rlimit_resource resource, std::optional<std::uint64_t> count) noexcept {
    const rlimit limit{.rlim_cur = count.value_or(0), .rlim_max = count.value_or(0)};
    return !count || ::setrlimit(resource, &limit) == 0;
}

bool become(uid_t user) noexcept {
    return ::setgroups(0, nullptr) == 0 && ::setresgid(user, user, user) == 0 &&
           ::setresuid(user, user, user) == 0;
}

bool give_up_privileges() noexcept {
    if (::geteuid() != 0) {
        return true;
    }
    // What is not in the bounding set is gone after execve(2).
    for (const int capability : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE}) {
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0) {
            return false;
        }
    }
    return true;
}

/// `standard_input`: -1 for an empty one.
bool redirect_streams(int standard_input, int standard_output, int standard_error) noexcept {
    const int input =
        standard_input >= 0 ? standard_input : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    return input >= 0 && ::dup2(input, STDIN_FILENO) == STDIN_FILENO &&
           ::dup2(standard_output, STDOUT_FILENO) == STDOUT_FILENO &&
           ::dup2(standard_error, STDERR_FILENO) == STDERR_FILENO;
}

/// As sd_listen_fds(3) finds them. All of them are above where they go to.
bool pass(const std::vector<int>& sockets) noexcept {
    int target = first_passed_descriptor;
    return std::ranges::all_of(sockets, [&](int socket) {
        const bool is_passed = ::dup2(socket, target) == target;
        ++target;
        return is_passed;
    });
}

/// Writes the number of this process behind `text`, where there is room for it.
void append_process_id(char* text) noexcept {
    std::array<char, 16> digits{};
    std::size_t count = 0;
    for (pid_t rest = ::getpid(); rest > 0; rest /= 10) {
        digits[count++] = static_cast<char>('0' + rest % 10);
    }
    while (*text != '\0') {
        ++text;
    }
    while (count > 0) {
        *text++ = digits[--count];
    }
    *text = '\0';
}

bool close_all(const std::vector<int>& descriptors) noexcept {
    return std::ranges::all_of(descriptors,
                               [](int descriptor) { return ::close(descriptor) == 0; });
}

/// As a fresh login would have them.
void reset_signals() noexcept {
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) {
        ::sigaction(signal, &standard, nullptr);
    }
}

bool prepare(const LaunchOptions& options, std::span<sock_filter> filter, int standard_output,
             int standard_error) noexcept {
    reset_signals();
    return redirect_streams(options.standard_input, standard_output, standard_error) &&
           pass(options.passed_sockets) && close_all(options.closed_descriptors) &&
           (options.working_directory.empty() || ::chdir(options.working_directory.c_str()) == 0) &&
           (!options.is_unprivileged || give_up_privileges()) &&
           limit(RLIMIT_NOFILE, options.descriptors_max) &&
           limit(RLIMIT_NPROC, options.threads_max) &&
           (!options.locked_memory_bytes ||
            ::setrlimit(RLIMIT_MEMLOCK, &*options.locked_memory_bytes) == 0) &&
           (!options.user || become(*options.user)) &&
           // After the change of user, which would undo it.
           ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 &&
           (options.refused_calls.empty() || apply(filter));
}

std::string contents_of(const UniqueFd& file) {
    std::string contents;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t count =
            ::pread(file.get(), buffer.data(), buffer.size(), static_cast<off_t>(contents.size()));
        if (count <= 0) {
            return contents;
        }
        contents.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

}  // namespace

Subprocess::Subprocess(const LaunchOptions& options)
    : standard_output_(checked(::memfd_create("standard output", MFD_CLOEXEC), "memfd_create")),
      standard_error_(checked(::memfd_create("standard error", MFD_CLOEXEC), "memfd_create")) {
    std::vector<std::string> arguments = {options.program.string()};
    arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
    std::vector<std::string> environment = environment_with(options.environment);
    // Above all that they are passed as.
    std::vector<UniqueFd> passed;
    LaunchOptions in_child = options;
    for (int& socket : in_child.passed_sockets) {
        constexpr int above_all = 100;
        socket = passed.emplace_back(::fcntl(socket, F_DUPFD_CLOEXEC, above_all)).get();
    }
    char* process_id = nullptr;
    if (!passed.empty()) {
        environment.push_back(fmt::format("LISTEN_FDS={}", passed.size()));
        environment.push_back("LISTEN_FDNAMES=" + options.passed_names);
        std::string& variable = environment.emplace_back("LISTEN_PID=");
        variable.reserve(64);
        process_id = variable.data();
    }
    std::vector<sock_filter> filter = filter_of(options.refused_calls);
    const std::vector<char*> argument_pointers = pointers_to(arguments);
    const std::vector<char*> environment_pointers = pointers_to(environment);
    const int standard_output =
        options.standard_output >= 0 ? options.standard_output : standard_output_.get();
    const int standard_error =
        options.standard_error >= 0 ? options.standard_error : standard_error_.get();

    pid_ = checked(::fork(), "fork");
    if (pid_ == 0) {
        if (process_id != nullptr) {
            append_process_id(process_id);
        }
        if (prepare(in_child, filter, standard_output, standard_error)) {
            ::execve(argument_pointers[0], argument_pointers.data(), environment_pointers.data());
        }
        ::_exit(exit_code_not_run);
    }
    // Not by its function, which in glibc 2.36 has no C linkage in C++.
    handle_.reset(checked(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), "pidfd_open"));
}

Subprocess::~Subprocess() {
    if (!has_ended_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

std::string Subprocess::standard_output() const {
    return contents_of(standard_output_);
}

std::string Subprocess::standard_error() const {
    return contents_of(standard_error_);
}

void Subprocess::send_signal(int signal) const {
    checked(::kill(pid_, signal), "kill");
}

bool Subprocess::ends_within(std::chrono::milliseconds timeout) {
    if (has_ended_) {
        return true;
    }
    pollfd event{.fd = handle_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&event, 1, static_cast<int>(timeout.count())) == 0) {
        return false;
    }
    int status = 0;
    checked(::waitpid(pid_, &status, 0), "waitpid");
    has_ended_ = true;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
}

int Subprocess::exit_code() {
    if (!ends_within(patience)) {
        throw std::runtime_error(
            fmt::format("process {} does not end; it printed:\n{}", pid_, standard_error()));
    }
    return exit_code_;
}

std::size_t Subprocess::open_descriptors() const {
    const std::filesystem::directory_iterator entries(fmt::format("/proc/{}/fd", pid_));
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

std::vector<std::string> Subprocess::cpus_of_threads(std::string_view name) const {
    constexpr std::string_view field = "Cpus_allowed_list:\t";
    std::vector<std::string> cpus;
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
        std::ifstream status(task.path() / "status");
        std::string line;
        std::getline(status, line);
        if (line != fmt::format("Name:\t{}", name)) {
            continue;
        }
        while (std::getline(status, line)) {
            if (line.starts_with(field)) {
                cpus.push_back(line.substr(field.size()));
            }
        }
    }
    return cpus;
}

std::vector<std::string> Subprocess::thread_names() const {
    std::vector<std::string> names;
    for (const auto& task :
         std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid_))) {
        std::string name;
        // Empty for a thread that has ended meanwhile.
        std::getline(std::ifstream(task.path() / "comm"), name);
        names.push_back(std::move(name));
    }
    return names;
}

}  // namespace torc::test
