#include <torc/net/listening_sockets.hpp>
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

/// How long handshakes have to end before a listener is closed that was retired.
/// Longer than the kernel keeps one back that has sent nothing.
constexpr std::chrono::milliseconds closing_time{1500};

}  // namespace

Acceptor::Acceptor(io::Proactor& proactor, net::ListeningSockets& sockets,
                   const ReportSink& reports)
    : proactor_(proactor), sockets_(sockets), reports_(reports) {
    follow({});
}

void Acceptor::start() {
    // Until all is begun: memory may be short for it.
    accept_again_at_ = MonotonicTime::min();
    is_short_ = false;
    for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
        Listener& listener = listeners_[index];
        const bool is_open =
            listener.state == Listener::State::open || listener.state == Listener::State::closing;
        if (is_open && !listener.is_accepting) {
            proactor_.accept(make_token(Operation::accept, index), listener.socket);
            listener.is_accepting = true;
        }
    }
    accept_again_at_ = never;
}

void Acceptor::follow(MonotonicTime now) {
    if (is_stopping_) {
        return;
    }
    const std::vector<net::ListeningSockets::Place> places = sockets_.places();
    listeners_.resize(std::max(listeners_.size(), places.size()));
    for (std::size_t index = 0; index < places.size(); ++index) {
        const net::ListeningSockets::Place& place = places[index];
        Listener& listener = listeners_[index];
        if (listener.state == Listener::State::none && place.socket >= 0) {
            listener = {.socket = place.socket, .state = Listener::State::open};
        }
        listener.proxies = place.proxies;
        if (listener.state == Listener::State::open && place.is_retired) {
            begin_to_close(listener, now + closing_time);
        }
    }
}

std::size_t Acceptor::completed(const io::Completion& completion, MonotonicTime now,
                                std::vector<net::Accepted>& accepted) {
    const std::uint32_t index = completion.token.slot;
    Listener& listener = listeners_[index];
    listener.is_accepting = completion.more;
    if (!completion.failed()) {
        keep({.socket = completion.result, .listener = index, .proxies = listener.proxies},
             accepted);
    }
    if (completion.more) {
        return 0;
    }
    if (listener.state == Listener::State::cancelled) {
        close(index, accepted);
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
            return proactor_.waiting_connections(listener.socket);
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

void Acceptor::expire(MonotonicTime now, std::vector<net::Accepted>& accepted) {
    if (now >= accept_again_at_) {
        start();
    }
    if (now < close_at_) {
        return;
    }
    MonotonicTime next = never;
    for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
        const Listener& listener = listeners_[index];
        if (listener.state != Listener::State::closing) {
            continue;
        }
        if (now >= listener.close_at) {
            stop(index, accepted);
        } else {
            next = std::min(next, listener.close_at);
        }
    }
    close_at_ = next;
}

void Acceptor::begin_to_close(Listener& listener, MonotonicTime close_at) noexcept {
    net::ignore_new_connections(listener.socket);
    net::show_silent_connections(listener.socket);
    listener.state = Listener::State::closing;
    listener.close_at = close_at;
    close_at_ = std::min(close_at_, close_at);
}

ListenersAfterwards Acceptor::begin_stop(MonotonicTime now) noexcept {
    is_stopping_ = true;
    bool has_kept = false;
    bool has_closing = false;
    for (std::size_t index = 0; index < listeners_.size(); ++index) {
        Listener& listener = listeners_[index];
        if (listener.state != Listener::State::open) {
            continue;
        }
        if (sockets_.is_kept(index)) {
            has_kept = true;
        } else {
            has_closing = true;
            begin_to_close(listener, now + drain_listening);
        }
    }
    // Who has no listener at all, but connections of others' handed over, ends with those others.
    return has_closing && !has_kept ? ListenersAfterwards::closed : ListenersAfterwards::kept;
}

void Acceptor::stop(std::vector<net::Accepted>& accepted) {
    is_stopping_ = true;
    accept_again_at_ = never;
    close_at_ = never;
    for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
        stop(index, accepted);
    }
}

void Acceptor::stop(std::uint32_t index, std::vector<net::Accepted>& accepted) {
    Listener& listener = listeners_[index];
    if (listener.state != Listener::State::open && listener.state != Listener::State::closing) {
        return;
    }
    if (listener.is_accepting) {
        listener.state = Listener::State::cancelled;
        proactor_.cancel_accept(make_token(Operation::accept, index), listener.socket);
    } else {
        close(index, accepted);
    }
}

void Acceptor::close(std::uint32_t index, std::vector<net::Accepted>& accepted) {
    sockets_.close(index, accepted);
    listeners_[index] = {};
}

bool Acceptor::is_busy() const noexcept {
    return std::ranges::any_of(listeners_, &Listener::is_accepting);
}

}  // namespace torc::worker
