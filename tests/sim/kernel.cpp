#include "sim/kernel.hpp"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace torc::sim {
namespace {

constexpr std::string_view mounts_path = "/proc/self/mountinfo";
constexpr std::string_view mounts_text = "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n";
/// How long the kernel keeps a silent connection back from a listener that defers.
constexpr Duration deferred_for = std::chrono::seconds(1);

}  // namespace

Kernel* Kernel::current_ = nullptr;

Kernel::Kernel(Machine& machine, Duration granularity)
    : machine_(machine), tree_(machine, granularity), descriptors_(machine.history()) {
    current_ = this;
    tree_.listen([this](const FileTree::Change& change) {
        for (const std::weak_ptr<Notifier>& one : notifiers_) {
            if (const std::shared_ptr<Notifier> notifier = one.lock()) {
                notifier->on_change(change);
            }
        }
    });
}

Kernel::~Kernel() {
    current_ = current_ == this ? nullptr : current_;
}

Result<int> Kernel::open(int directory, std::string_view path, const open_how& how) {
    if (is_out_of_descriptors()) {
        return std::unexpected(Errno(EMFILE));
    }
    InodeRef start = tree_.root();
    if (directory != AT_FDCWD && !path.starts_with('/')) {
        const Descriptor* const from =
            descriptors_.find(directory, Descriptor::Kind::directory, "an open beneath");
        if (from == nullptr) {
            return std::unexpected(Errno(EBADF));
        }
        start = from->inode;
    }
    Result<InodeRef> inode = tree_.open(start, path, how);
    if (!inode) {
        return std::unexpected(inode.error());
    }
    const bool is_directory = (*inode)->kind == Inode::Kind::directory;
    return descriptors_.add(
        {.kind = is_directory ? Descriptor::Kind::directory : Descriptor::Kind::file,
         .inode = *std::move(inode)});
}

int Kernel::make_listener() {
    return descriptors_.add(
        {.kind = Descriptor::Kind::listener, .listener = std::make_shared<Listener>()});
}

Listener* Kernel::find_listener(int fd) {
    Descriptor* const descriptor = descriptors_.find(fd);
    return descriptor == nullptr ? nullptr : descriptor->listener.get();
}

LinkRef Kernel::connect(int fd, const Link::Sizes& sizes) {
    Descriptor* const descriptor = descriptors_.find(fd);
    if (descriptor == nullptr || descriptor->listener == nullptr ||
        descriptor->listener->ignores_connections) {
        return nullptr;
    }
    const std::shared_ptr<Listener> listener = descriptor->listener;
    auto link = std::make_shared<Link>(machine_, ++connections_, sizes);
    if (!listener->is_deferring) {
        queue(listener, link);
        return link;
    }
    // Whichever comes first; `queue` takes it once.
    link->listen_server([this, listener, weak = std::weak_ptr<Link>(link)] {
        if (const LinkRef there = weak.lock()) {
            queue(listener, there);
        }
    });
    machine_.after(deferred_for, [this, listener, link] { queue(listener, link); });
    return link;
}

void Kernel::queue(const std::shared_ptr<Listener>& listener, const LinkRef& link) {
    if (link->is_with_server()) {
        return;
    }
    link->give_to_server();
    if (listener->is_closed) {
        link->server_reset();
        return;
    }
    listener->queue.push_back(link);
    if (listener->listener) {
        listener->listener();
    }
}

Result<int> Kernel::accept(int fd) {
    Descriptor* const descriptor = descriptors_.find(fd, Descriptor::Kind::listener, "an accept");
    if (descriptor == nullptr) {
        return std::unexpected(Errno(EBADF));
    }
    if (is_out_of_descriptors()) {
        return std::unexpected(Errno(EMFILE));
    }
    std::deque<LinkRef>& waiting = descriptor->listener->queue;
    if (waiting.empty()) {
        return std::unexpected(Errno(EAGAIN));
    }
    LinkRef link = std::move(waiting.front());
    waiting.pop_front();
    const std::uint64_t number = link->number();
    const int socket = descriptors_.add(
        {.kind = Descriptor::Kind::socket, .socket = std::make_shared<Socket>(std::move(link))});
    history().note("accepted", number, socket - Descriptors::first);
    return socket;
}

void Kernel::show_silent_connections(int fd) {
    if (Listener* const listener = find_listener(fd)) {
        listener->is_deferring = false;
    }
}

int Kernel::call_open(std::string_view path, int flags) {
    if (path == mounts_path) {
        return descriptors_.add({.kind = Descriptor::Kind::mounts});
    }
    const open_how how{.flags = static_cast<unsigned>(flags), .mode = 0, .resolve = 0};
    const Result<int> opened = open(AT_FDCWD, path, how);
    return opened ? *opened : -opened.error().value();
}

int Kernel::call_close(int fd) {
    Descriptor* const descriptor = descriptors_.find(fd);
    if (descriptor != nullptr) {
        using enum Descriptor::Kind;
        if (descriptor->kind == socket || (descriptor->kind == file && descriptor->was_used)) {
            history().fail("close(2) of what was given to an operation");
        }
        if (descriptor->kind == listener) {
            descriptor->listener->is_closed = true;
            for (const LinkRef& link : descriptor->listener->queue) {
                link->server_reset();
            }
        }
    }
    descriptors_.close(fd, "close(2)");
    return 0;
}

std::ptrdiff_t Kernel::call_read(int fd, std::span<std::byte> buffer) {
    Descriptor* const descriptor = descriptors_.find(fd);
    if (descriptor == nullptr) {
        history().fail("read(2) of a descriptor that is not open");
        return -EBADF;
    }
    if (descriptor->notifier != nullptr) {
        return descriptor->notifier->read(buffer);
    }
    const std::string_view bytes = descriptor->kind == Descriptor::Kind::mounts
                                       ? mounts_text
                                       : std::string_view(descriptor->inode->bytes);
    const std::size_t position = std::min(descriptor->position, bytes.size());
    const std::size_t count = std::min(buffer.size(), bytes.size() - position);
    std::memcpy(buffer.data(), bytes.data() + position, count);
    descriptor->position = position + count;
    return static_cast<std::ptrdiff_t>(count);
}

std::ptrdiff_t Kernel::call_seek(int fd, std::ptrdiff_t offset) {
    Descriptor* const descriptor = descriptors_.find(fd);
    if (descriptor == nullptr) {
        return -EBADF;
    }
    descriptor->position = static_cast<std::size_t>(offset);
    return offset;
}

int Kernel::call_stat(int fd, struct statx& status) {
    const Descriptor* const descriptor = descriptors_.find(fd);
    if (descriptor == nullptr || descriptor->inode == nullptr) {
        history().fail("statx(2) of a descriptor that is no open file");
        return -EBADF;
    }
    FileTree::describe(*descriptor->inode, status);
    return 0;
}

std::ptrdiff_t Kernel::call_read_link(int fd, std::span<char> buffer) {
    const Descriptor* const descriptor = descriptors_.find(fd);
    if (descriptor == nullptr || descriptor->inode == nullptr) {
        return -ENOENT;
    }
    const std::string path = FileTree::path_of(*descriptor->inode);
    return static_cast<std::ptrdiff_t>(path.copy(buffer.data(), buffer.size()));
}

int Kernel::make_notifier() {
    auto notifier = std::make_shared<Notifier>(machine_);
    notifiers_.emplace_back(notifier);
    return descriptors_.add({.kind = Descriptor::Kind::notifier, .notifier = std::move(notifier)});
}

int Kernel::call_watch(int notifier, int directory, std::uint32_t mask) {
    Descriptor* const instance =
        descriptors_.find(notifier, Descriptor::Kind::notifier, "inotify_add_watch(2)");
    const Descriptor* const watched =
        descriptors_.find(directory, Descriptor::Kind::directory, "inotify_add_watch(2)");
    if (instance == nullptr || watched == nullptr) {
        return -EBADF;
    }
    return watched->inode->is_readable() ? instance->notifier->watch(watched->inode, mask)
                                         : -EACCES;
}

int Kernel::call_unwatch(int notifier, int watch) {
    Descriptor* const instance =
        descriptors_.find(notifier, Descriptor::Kind::notifier, "inotify_rm_watch(2)");
    return instance != nullptr && instance->notifier->unwatch(watch) ? 0 : -EINVAL;
}

}  // namespace torc::sim
