#pragma once

#include "sim/file_tree.hpp"
#include "sim/history.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace torc::sim {

class Listener;
class Notifier;
class Socket;

/// What a simulated descriptor refers to.
struct Descriptor {
    enum class Kind : std::uint8_t { file, directory, mounts, listener, socket, notifier };

    Kind kind = Kind::file;
    InodeRef inode{};
    std::shared_ptr<Listener> listener{};
    std::shared_ptr<Notifier> notifier{};
    std::shared_ptr<Socket> socket{};
    /// Of a file that is read from where it was left.
    std::size_t position = 0;
    /// Operations that are in flight on it.
    int operations = 0;
    /// There was one.
    bool was_used = false;
};

/// The descriptors of the simulated process. Their numbers are far above those that the real kernel
/// gives, and are given again as soon as they are free, as the kernel does. It tells what no
/// program may do to them.
class Descriptors {
public:
    static constexpr int first = 1 << 20;

    explicit Descriptors(History& history) : history_(history) {}
    Descriptors(const Descriptors&) = delete;
    Descriptors& operator=(const Descriptors&) = delete;
    ~Descriptors() = default;

    [[nodiscard]] static bool is_simulated(int fd) noexcept { return fd >= first; }

    /// The lowest number that is free.
    int add(Descriptor descriptor);
    /// Null, and a failure: it is not open, or is something else.
    [[nodiscard]] Descriptor* find(int fd, Descriptor::Kind kind, std::string_view user);
    /// Null: it is not open.
    [[nodiscard]] Descriptor* find(int fd);
    /// A failure: it is not open, or an operation is in flight on it.
    void close(int fd, std::string_view user);
    [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }
    /// Those that are open, for a person.
    [[nodiscard]] std::string text() const;

    // An operation begins and ends.
    void use(int fd) {
        ++open_.at(fd).operations;
        open_.at(fd).was_used = true;
    }
    void end_use(int fd) {
        if (Descriptor* const descriptor = find(fd)) {
            --descriptor->operations;
        }
    }

private:
    History& history_;
    std::map<int, Descriptor> open_;
};

}  // namespace torc::sim
