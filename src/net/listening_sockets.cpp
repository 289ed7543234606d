#include <torc/base/assert.hpp>
#include <torc/net/listening_sockets.hpp>

#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <new>
#include <utility>

namespace torc::net {
namespace {

/// What waits in the queue of `listener` as connections like `kind`, until there are
/// `accepted_max` in all.
void take_queue(const UniqueFd& listener, Accepted kind, std::vector<Accepted>& accepted,
                std::size_t accepted_max) {
    while (accepted.size() < accepted_max) {
        UniqueFd socket(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (socket) {
            kind.socket = socket.get();
            accepted.push_back(kind);
            static_cast<void>(socket.release());  // Not before: the line above may throw.
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

}  // namespace

// Unix-domain sockets have neither option, and need none: a connection is there at once, and their
// file goes before they are closed.

void show_silent_connections(int listener) noexcept {
    constexpr int off = 0;
    [[maybe_unused]] const int result =
        ::setsockopt(listener, IPPROTO_TCP, TCP_DEFER_ACCEPT, &off, sizeof off);
}

void ignore_new_connections(int listener) noexcept {
    // A filter of a listener sees what comes to it, from the TCP header on: the SYNs, and the ACKs
    // that end a handshake.
    constexpr std::uint32_t flags_offset = 13;
    constexpr std::uint32_t syn = 0x02;
    constexpr std::uint32_t ack = 0x10;
    constexpr std::uint32_t whole_packet = 0xffff'ffff;
    std::array filter = {
        sock_filter BPF_STMT(BPF_LD | BPF_B | BPF_ABS, flags_offset),
        sock_filter BPF_STMT(BPF_ALU | BPF_AND | BPF_K, syn | ack),
        sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, syn, 0, 1),
        sock_filter BPF_STMT(BPF_RET | BPF_K, 0),
        sock_filter BPF_STMT(BPF_RET | BPF_K, whole_packet),
    };
    const sock_fprog program{.len = filter.size(), .filter = filter.data()};
    // Without it the drain works all the same, but may reset who comes in its last moment.
    [[maybe_unused]] const int result =
        ::setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

void heed_new_connections(int listener) noexcept {
    constexpr int unused = 0;
    // There may be no filter.
    (void)::setsockopt(listener, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

ListeningSockets::~ListeningSockets() {
    for (Slot& slot : slots_) {
        if (slot.is_kept) {
            slot.file.release();
        }
    }
}

bool ListeningSockets::is_free(std::size_t index) const noexcept {
    const std::scoped_lock lock(mutex_);
    return index >= slots_.size() || !slots_[index].socket;
}

void ListeningSockets::reserve(std::size_t count) {
    const std::scoped_lock lock(mutex_);
    slots_.reserve(count);
}

void ListeningSockets::add(std::size_t index, UniqueFd socket, SocketFile file) noexcept {
    const std::scoped_lock lock(mutex_);
    if (index >= slots_.size()) {
        slots_.resize(index + 1);
    }
    TORC_ASSERT(!slots_[index].socket);
    slots_[index] = {.socket = std::move(socket), .file = std::move(file)};
}

void ListeningSockets::set_proxies(std::size_t index, const ProxyPeers* proxies) noexcept {
    const std::scoped_lock lock(mutex_);
    slots_[index].proxies = proxies;
}

void ListeningSockets::set_mode(std::size_t index, mode_t mode) noexcept {
    const std::scoped_lock lock(mutex_);
    slots_[index].file.set_mode(mode);
}

void ListeningSockets::retire(std::size_t index) noexcept {
    const std::scoped_lock lock(mutex_);
    slots_[index].file.remove();
    slots_[index].is_retired = true;
    slots_[index].is_kept = false;
}

std::vector<ListeningSockets::Place> ListeningSockets::places() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Place> places;
    places.reserve(slots_.size());
    for (const Slot& slot : slots_) {
        places.push_back(
            {.socket = slot.socket.get(), .is_retired = slot.is_retired, .proxies = slot.proxies});
    }
    return places;
}

void ListeningSockets::keep(std::size_t index, Keeps keeps) noexcept {
    const std::scoped_lock lock(mutex_);
    slots_[index].is_kept = keeps == Keeps::yes;
}

void ListeningSockets::settle(std::size_t index, Keeps keeps) noexcept {
    const std::scoped_lock lock(mutex_);
    slots_[index].is_kept = keeps == Keeps::yes;
    if (slots_[index].socket) {
        heed_new_connections(slots_[index].socket.get());
    }
}

bool ListeningSockets::is_kept(std::size_t index) const noexcept {
    const std::scoped_lock lock(mutex_);
    return slots_[index].is_kept;
}

void ListeningSockets::close(std::size_t index, std::vector<Accepted>& accepted) noexcept {
    const std::scoped_lock lock(mutex_);
    Slot& slot = slots_[index];
    if (slot.is_kept) {
        slot.file.release();
    } else {
        slot.file.remove();
    }
    try {
        take_queue(slot.socket, kind_of(index), accepted, std::numeric_limits<std::size_t>::max());
    } catch (const std::bad_alloc&) {
        // The rest is reset, or somebody else's.
    }
    slot.socket.reset();
}

void ListeningSockets::take_waiting(std::vector<Accepted>& accepted, std::size_t sockets_max) {
    const std::scoped_lock lock(mutex_);
    for (std::size_t index = 0; index < slots_.size(); ++index) {
        if (slots_[index].socket) {
            take_queue(slots_[index].socket, kind_of(index), accepted,
                       accepted.size() + sockets_max);
        }
    }
}

Accepted ListeningSockets::kind_of(std::size_t index) const noexcept {
    return {.listener = static_cast<std::uint32_t>(index), .proxies = slots_[index].proxies};
}

}  // namespace torc::net
