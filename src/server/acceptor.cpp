#include <torc/server/acceptor.hpp>
#include <torc/server/listener.hpp>
#include <torc/server/operation.hpp>

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

namespace torc::server {
namespace {

/// How long accepting rests after the kernel ran out of descriptors or memory.
constexpr std::chrono::milliseconds accept_pause{100};

/// The kernel takes a descriptor before it looks for a connection: that it ran out tells nothing of
/// the queue.
bool has_waiting_connection(int listener) noexcept {
    pollfd event{.fd = listener, .events = POLLIN, .revents = 0};
    return ::poll(&event, 1, 0) == 1;
}

}  // namespace

Acceptor::Acceptor(io::Proactor& proactor, ListeningSockets& sockets)
    : proactor_(proactor), sockets_(sockets), listeners_(sockets.size()) {}

void Acceptor::start() {
    accept_again_at_ = never;
    for (std::uint32_t index = 0; index < listeners_.size(); ++index) {
        Listener& listener = listeners_[index];
        if (!listener.is_accepting && sockets_.at(index) >= 0) {
            listener.is_accepting = true;
            proactor_.accept(make_token(Operation::accept, index), sockets_.at(index));
        }
    }
}

bool Acceptor::completed(const io::Completion& completion, MonotonicTime now,
                         std::vector<int>& accepted) {
    const std::uint32_t index = completion.token.slot;
    Listener& listener = listeners_[index];
    listener.is_accepting = completion.more;
    if (!completion.failed()) {
        accepted.push_back(completion.result);
    }
    if (completion.more) {
        return false;
    }
    if (listener.is_cancelled) {
        sockets_.close(index, accepted);
        return false;
    }
    switch (completion.failed() ? completion.error().value() : 0) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            accept_again_at_ = now + accept_pause;
            return has_waiting_connection(sockets_.at(index));
        default:
            start();
            return false;
    }
}

void Acceptor::expire(MonotonicTime now) {
    if (now >= accept_again_at_) {
        start();
    }
}

void Acceptor::begin_stop() noexcept {
    for (std::size_t index = 0; index < sockets_.size(); ++index) {
        ignore_new_connections(sockets_.at(index));
        show_silent_connections(sockets_.at(index));
    }
}

void Acceptor::stop(std::vector<int>& accepted) {
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

}  // namespace torc::server
