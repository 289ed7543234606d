#pragma once

#include <torc/io/proactor.hpp>

#include "sim/kernel.hpp"
#include "sim/machine.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::sim {

/// A proactor of the simulated kernel. Operations complete in any order that io_uring allows. What
/// no kernel puts up with is a failure of the run: an operation on a descriptor that is closed, two
/// at once on a connection, memory that was changed, or given back, before the completion of what
/// it was lent to. What was received is worthless after the next wait.
class SimProactor final : public io::Proactor {
public:
    explicit SimProactor(Kernel& kernel);
    SimProactor(const SimProactor&) = delete;
    SimProactor& operator=(const SimProactor&) = delete;
    ~SimProactor() override;

    void accept(io::Token token, int listener) override;
    void cancel_accept(io::Token token, int listener) override;
    void receive(io::Token token, int socket) override;
    void send(io::Token token, int socket, const msghdr& message, bool more_follows) override;
    void send_rest(io::Token token, int socket, const msghdr& message, std::size_t sent,
                   bool more_follows) override;
    void send_file(io::Token token, const io::FileSlice& slice) override;

    void open(io::Token token, int directory, const char* path, const open_how& how,
              Lane lane) override;
    void stat(io::Token token, int fd, struct statx& status, Lane lane) override;
    [[nodiscard]] Result<void> stat_at_once(int fd, struct statx& status) const noexcept override;
    void read(io::Token token, int fd, std::span<std::byte> buffer, std::uint64_t offset,
              Lane lane) override;
    void await_input(io::Token token, int fd) override;
    void await_priority(io::Token token, int fd) override;
    void run(io::Token token, io::BlockingJob& job, Lane lane) override;

    void close(int fd) override;
    void close_file(int fd, Lane lane) noexcept override;
    void shutdown(int socket, int how) override;

    [[nodiscard]] io::PeerState peer_state(int socket) const noexcept override;
    [[nodiscard]] io::PeerProgress peer_progress(int socket) const noexcept override;
    [[nodiscard]] Result<io::SocketAddress> peer_address(int socket) const noexcept override;
    [[nodiscard]] Result<io::SocketAddress> own_address(int socket) const noexcept override;
    [[nodiscard]] std::size_t waiting_connections(int listener) const noexcept override;
    void reset_on_close(int socket) const noexcept override;
    void give_up_after(int socket, std::chrono::milliseconds patience) const noexcept override;

    [[nodiscard]] std::span<const io::Completion> wait(MonotonicTime deadline) override;
    [[nodiscard]] Now now() const override { return now_; }
    void wake() noexcept override { is_woken_ = true; }

    /// Operations in flight that use memory of who began them.
    [[nodiscard]] std::size_t operations_in_flight() const noexcept;

private:
    struct Operation;
    using OperationRef = std::shared_ptr<Operation>;

    // A socket has one at a time, and so has a listener.
    void begin_on_socket(const OperationRef& operation);
    void begin_send(io::Token token, int socket, const msghdr& message, std::size_t sent);
    void poke(int fd);
    [[nodiscard]] static bool can_go_on(const Operation& operation, const Socket& socket);
    void go_on(const OperationRef& operation);
    void go_on_receiving(const OperationRef& operation, Socket& socket);
    void go_on_sending(const OperationRef& operation, Socket& socket);
    void go_on_sending_file(const OperationRef& operation, Socket& socket);
    /// The file's pages are brought in, which takes a disk's time. False: they are there.
    [[nodiscard]] bool waits_for_pages(const OperationRef& operation, Inode& inode);
    void accept_some(int listener);

    // On files.
    void begin_on_file(const OperationRef& operation, Duration disk_time);
    void finish_open(const OperationRef& operation);
    void finish_stat(const OperationRef& operation);
    void finish_read(const OperationRef& operation);
    /// How long a disk takes for what may not be in memory.
    [[nodiscard]] Duration disk_time();

    [[nodiscard]] InodeRef inode_of(int fd, std::string_view user) const;
    [[nodiscard]] std::shared_ptr<Socket> socket_of(int fd, std::string_view user) const;
    void complete(const OperationRef& operation, std::int32_t result);
    struct Ready {
        io::Completion completion;
        /// Null: it is a connection's that was accepted, or the end of accepting.
        OperationRef operation{};
        /// On which accepting ends; -1: none.
        int listener = -1;
    };
    void report(Ready ready);
    /// Tells the worker of it.
    void deliver(const Ready& ready);
    /// What was received by the last wait is nobody's any more.
    void drop_received();

    Kernel& kernel_;
    Machine& machine_;
    Now now_;
    bool is_woken_ = false;
    /// By when they began.
    std::map<std::uint64_t, OperationRef> in_flight_;
    std::uint64_t last_operation_ = 0;
    int opened_again_ = 0;
    std::map<int, OperationRef> on_sockets_;
    struct Accepting {
        io::Token token;
        bool is_scheduled = false;
    };
    std::map<int, Accepting> accepting_;
    std::deque<Ready> ready_;
    std::vector<io::Completion> batch_;
    /// Whose bytes the worker looks at until the next wait.
    std::vector<OperationRef> received_;
};

}  // namespace torc::sim
