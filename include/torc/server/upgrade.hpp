#pragma once

#include <torc/base/clock.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/net/inherited.hpp>
#include <torc/net/listener.hpp>
#include <torc/server/spawn.hpp>

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// A running torc is replaced by another, of a newer version or with other settings, without that
// anybody notices. The two overlap, and have the same listening sockets:
//
//     the old process                    the new process
//     ---------------                    ---------------
//     starts it, with the sockets   ->   starts wholly, and accepts
//                                   <-   "ready"
//     accepts no more
//     tells the service manager
//     "go"                          ->   is the service
//                                   <-   closes the channel
//     serves who is there, ends
//
// The new one is a sibling of the old one, so that whoever started that is told of its end too. If
// it ends before "ready", or takes too long, the old one goes on as if nothing had been. If the old
// one ends before "go", the new one is the service.

namespace torc::server {

/// How torc was called, for it to be called again.
struct Invocation {
    /// An absolute path, by which a newer one is found too; empty: it is not known.
    std::string program;
    std::vector<std::string> arguments;

    /// Of main's arguments. Call it at the start: the path may be relative to a working directory.
    [[nodiscard]] static Invocation of_this_process(int argc, const char* const* argv);
};

/// The process that is to take over from this one.
class Successor {
public:
    enum class Progress : std::uint8_t {
        starting,
        /// It accepts, and waits to be told that it is the service.
        ready,
        /// See `failure`. It has ended, or is about to.
        failed,
    };

    /// Starts it, with `listeners` and those for operators. Throws StartError.
    Successor(const Invocation& invocation, const std::vector<net::Listeners::Passed>& listeners,
              const std::vector<int>& admin_sockets, MonotonicTime now);
    Successor(const Successor&) = delete;
    Successor& operator=(const Successor&) = delete;
    /// Kills it, unless it was told to go.
    ~Successor();

    [[nodiscard]] pid_t pid() const noexcept { return process_.pid; }
    /// Readable when there is something to look at: for poll(2).
    [[nodiscard]] int descriptor() const noexcept { return channel_.get(); }
    /// By when it has to be ready.
    [[nodiscard]] MonotonicTime deadline() const noexcept { return deadline_; }
    [[nodiscard]] Progress look(MonotonicTime now);
    /// What went wrong, once it has failed.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    /// It is the service from here on. False: it has ended.
    [[nodiscard]] bool tell_to_go() noexcept;
    /// Waits until it is the service, with the admin socket that this process had: a moment, and
    /// not for one that hangs.
    void await_take_over() const noexcept;
    /// It is to read its configuration once more, which has changed since it did.
    void tell_to_reload() const noexcept { send_signal(SIGHUP); }

private:
    /// By its handle: whoever waits for it may have done so, and its number be another's.
    void send_signal(int signal) const noexcept;

    UniqueFd channel_;
    Sibling process_;
    MonotonicTime deadline_;
    std::string program_;
    std::string failure_;
    bool is_ready_ = false;
    bool was_told_to_go_ = false;
};

/// The process that this one is to take over from.
class Predecessor {
public:
    /// By the variable that a Successor is started with, which it takes out of the environment.
    /// Nothing: this process takes over from none. Call once, while there is no other thread.
    [[nodiscard]] static std::optional<Predecessor> of_environment();

    /// Its listening sockets; none the second time.
    [[nodiscard]] std::vector<net::Inherited> take_listeners() noexcept {
        return std::exchange(listeners_, {});
    }
    /// Those for operators; none the second time.
    [[nodiscard]] std::vector<UniqueFd> take_admin_sockets() noexcept {
        return std::exchange(admin_sockets_, {});
    }
    /// Tells that this process accepts.
    void announce_ready() noexcept;
    /// Readable when there may be an answer: for poll(2).
    [[nodiscard]] int descriptor() const noexcept { return channel_.get(); }
    /// Whether this process is the service by now, for the other one said so or has ended.
    [[nodiscard]] bool has_let_go() noexcept;

private:
    explicit Predecessor(UniqueFd channel) noexcept : channel_(std::move(channel)) {}
    void receive_listeners();

    UniqueFd channel_;
    bool has_let_go_ = false;
    std::vector<net::Inherited> listeners_;
    std::vector<UniqueFd> admin_sockets_;
};

}  // namespace torc::server
