// The signals of a server, and the orders to stop that come of them.

#include <torc/base/errno.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/server.hpp>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <string>

namespace torc::server {
namespace {

/// Signals that `run` reads and obeys.
constexpr std::array handled_signals = {SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

/// Signals whose default would end the process, but for those that stop it, which a start that
/// hangs must still obey, and faults. SIGPIPE: sendfile(2) knows no MSG_NOSIGNAL. SIGXFSZ: a log
/// that may not grow is an error of its writer's.
constexpr std::array ignored_signals = {SIGHUP,  SIGUSR1,   SIGUSR2, SIGPIPE,   SIGXFSZ, SIGXCPU,
                                        SIGALRM, SIGVTALRM, SIGPROF, SIGSTKFLT, SIGIO,   SIGPWR};

}  // namespace

void Server::ignore_signals() {
    for (const int signal : ignored_signals) {
        (void)std::signal(signal, SIG_IGN);
    }
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) {
        (void)std::signal(signal, SIG_IGN);
    }
}

void Server::take_over_signals() {
    // Those that are ignored too are kept for the descriptor from here on: they are blocked.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : handled_signals) {
        sigaddset(&signals, signal);
    }
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signals_.reset(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals_) {
        throw StartError(fmt::format("signalfd: {}", Errno::last().message()));
    }
}

bool Server::is_told_to_stop() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGINT || info.ssi_signo == SIGTERM || info.ssi_signo == SIGQUIT) {
            return true;
        }
    }
    return false;
}

void Server::order_stop(worker::Stop stop) noexcept {
    for (worker::Mailbox& mailbox : mailboxes_) {
        mailbox.order(stop);
    }
}

void Server::request_stop(worker::Stop first) noexcept {
    worker::Stop before = stop_;
    worker::Stop next{};
    do {
        next = before < worker::Stop::drain ? std::max(before, first) : worker::Stop::now;
    } while (!stop_.compare_exchange_weak(before, next));
    order_stop(next);
}

void Server::begin_stop(worker::Stop first) {
    const worker::Stop before = stop_;
    request_stop(first);
    // It would take over what is to end.
    abandon_upgrade();
    note_readiness();
    // After a hand-over the service is another process.
    if (before == worker::Stop::no) {
        tell_stopping(stop_);
    }
}

void Server::take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
        obey_signal(static_cast<int>(info.ssi_signo));
    }
}

void Server::obey_signal(int signal) {
    const std::string name = fmt::format("SIG{}", ::sigabbrev_np(signal));
    switch (signal) {
        case SIGHUP:
            if (read_settings_) {
                begin_reload(AskedBy::signal);
                break;
            }
            [[fallthrough]];
        case SIGUSR1:
            spdlog::info("{}: {}", name, begin_to_reopen_logs());
            break;
        case SIGUSR2:
            begin_upgrade();
            break;
        default: {
            const bool is_first = stop_ < worker::Stop::drain;
            // At a terminal somebody waits for it.
            const bool is_interrupt = signal == SIGINT;
            begin_stop(is_interrupt ? worker::Stop::drain_at_once : worker::Stop::drain);
            if (is_first) {
                const bool is_delayed = !is_interrupt && settings_.timeouts.drain_delay.count() > 0;
                spdlog::info(
                    "{}: {}finishing what is in flight, for at most {} s; once more stops at once",
                    name,
                    is_delayed ? fmt::format("in {} s, ", settings_.timeouts.drain_delay.count())
                               : "",
                    settings_.timeouts.drain.count());
            }
        }
    }
}

}  // namespace torc::server
