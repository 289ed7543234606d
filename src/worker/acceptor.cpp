#include <torc/net/listener.hpp>
#include <torc/worker/acceptor.hpp>
#include <torc/worker/operation.hpp>

#include "format_report.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <new>
#include <utility>

namespace torc::worker {
namespace {

/// How long accepting rests after it failed, unless there is room earlier.
constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

Acceptor::Acceptor(io::Proactor& proactor, net::ListeningSockets& sockets,
                   const ReportSink& reports)
    : proactor_(proactor), sockets_(sockets), reports_(reports), listeners_(sockets.size()) {}

void Acceptor::start() {
    accept_again_at_ = never;
    is_short_ = false;
    for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
        Listener& listener = listeners_[index];
        if (!listener.is_accepting && sockets_.at(index) >= 0) {
            listener.is_accepting = true;
            proactor_.accept(make_token(Operation::accept, index), sockets_.at(index));
        }
    }
}

std::size_t Acceptor::completed(const io::Completion& completion, MonotonicTime now,
                                std::vector<net::Accepted>& accepted) {
    const std::uint32_t index = completion.token.slot;
    Listener& listener = listeners_[index];
    listener.is_accepting = completion.more;
    if (!completion.failed()) {
        keep({.socket = completion.result, .listener = index}, accepted);
    }
    if (completion.more) {
        return 0;
    }
    if (listener.is_cancelled) {
        sockets_.close(index, accepted);
        return 0;
    }
    switch (completion.failed() ? completion.error().value() : 0) {
        case 0:
        case EINTR:
        case ECONNABORTED:
            start();
            return 0;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            accept_again_at_ = now + accept_pause;
            is_short_ = true;
            // The kernel takes a descriptor before it looks for a connection, so that it ran out of
            // them tells nothing of the queue.
            return proactor_.waiting_connections(sockets_.at(index));
        default:
            rest(now, completion.error());
            return 0;
    }
}

void Acceptor::keep(const net::Accepted& connection, std::vector<net::Accepted>& accepted) {
    try {
        accepted.push_back(connection);
    } catch (const std::bad_alloc&) {
        proactor_.close(connection.socket);
    }
}

void Acceptor::rest(MonotonicTime now, Errno reason) {
    accept_again_at_ = now + accept_pause;
    if (warning_.may_report(now)) {
        report(reports_, Report::Severity::warning,
               "a listener accepts no connections: {}; it is tried again every {} ms",
               reason.message(), accept_pause.count());
    }
}

void Acceptor::resume() {
    if (is_short_) {
        start();
    }
}

void Acceptor::expire(MonotonicTime now) {
    if (now >= accept_again_at_) {
        start();
    }
}

void Acceptor::begin_stop() noexcept {
    for (std::size_t index = 0; index < sockets_.size(); ++index) {
        net::ignore_new_connections(sockets_.at(index));
        net::show_silent_connections(sockets_.at(index));
    }
}

void Acceptor::stop(std::vector<net::Accepted>& accepted) {
    accept_again_at_ = never;
    for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
        Listener& listener = listeners_[index];
        listener.is_cancelled = true;
        if (listener.is_accepting) {
            proactor_.cancel_accept(make_token(Operation::accept, index), sockets_.at(index));
        } else {
            sockets_.close(index, accepted);
        }
    }
}

bool Acceptor::is_busy() const noexcept {
    return std::ranges::any_of(listeners_, &Listener::is_accepting);
}

}  // namespace torc::worker
