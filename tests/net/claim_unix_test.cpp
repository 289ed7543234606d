// Listeners on Unix-domain sockets.

#include <torc/base/start_error.hpp>
#include <torc/net/listener.hpp>

#include "net/client.hpp"
#include "support/temporary_directory.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace torc::net {
namespace {

using test::Client;

class UnixListener : public ::testing::Test {
protected:
    void TearDown() override {
        for (const Accepted& accepted : accepted_) {
            ::close(accepted.socket);
        }
    }
    [[nodiscard]] std::string path(const std::string& name = "torc.sock") const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] std::string address(const std::string& name = "torc.sock") const {
        return "unix:" + path(name);
    }
    [[nodiscard]] Endpoint endpoint(const std::string& name = "torc.sock") const {
        return *Endpoint::of_path(path(name));
    }
    [[nodiscard]] std::string refusal(const ListenAddress& address) const {
        try {
            const Listeners listeners({address}, 0, 1);
            return "";
        } catch (const StartError& error) {
            return error.what();
        }
    }
    [[nodiscard]] mode_t mode() const {
        struct stat status{};
        EXPECT_EQ(::stat(path().c_str(), &status), 0);
        return status.st_mode & 0777U;
    }
    /// A socket that nobody listens on any more, as a killed process leaves it.
    void leave_stale_socket() const {
        const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ASSERT_EQ(::bind(socket.get(), endpoint().address(), endpoint().length()), 0);
        ASSERT_EQ(::listen(socket.get(), 1), 0);
    }

    torc::test::TemporaryDirectory directory_;
    std::vector<Accepted> accepted_;
};

TEST_F(UnixListener, IsListenedOnByOneWorker) {
    Listeners listeners({address()}, 0, 3);
    ASSERT_EQ(listeners.endpoints().size(), 1U);
    EXPECT_EQ(listeners.endpoints()[0], endpoint());
    std::size_t sockets = 0;
    for (unsigned worker = 0; worker < 3; ++worker) {
        ASSERT_EQ(listeners.of(worker).places().size(), 1U);
        sockets += listeners.of(worker).places()[0].socket >= 0 ? 1U : 0U;
    }
    EXPECT_EQ(sockets, 1U);
    EXPECT_TRUE(Client(endpoint()).connect());
}

TEST_F(UnixListener, MayStandBesideAPort) {
    Listeners listeners({address(), "127.0.0.1", "127.0.0.2"}, 0, 1);
    ASSERT_EQ(listeners.endpoints().size(), 3U);
    EXPECT_NE(listeners.endpoints()[1].port(), 0);
    EXPECT_EQ(listeners.endpoints()[1].port(), listeners.endpoints()[2].port());
    for (const Endpoint& place : listeners.endpoints()) {
        EXPECT_TRUE(Client(place).connect());
    }
}

TEST_F(UnixListener, LetsItsUserAndGroupInUnlessItIsGivenAMode) {
    {
        const Listeners listeners({address()}, 0, 1);
        EXPECT_EQ(mode(), 0660U);
    }
    ListenAddress open(address());
    open.mode = 0666;
    const Listeners listeners({open}, 0, 1);
    EXPECT_EQ(mode(), 0666U);
}

TEST_F(UnixListener, ListensWhereASocketWasLeftBehind) {
    leave_stale_socket();
    ASSERT_TRUE(std::filesystem::exists(path()));
    const Listeners listeners({address()}, 0, 1);
    EXPECT_TRUE(Client(endpoint()).connect());
}

TEST_F(UnixListener, RefusesASocketThatSomebodyListensOn) {
    const Listeners first({address()}, 0, 1);
    EXPECT_EQ(refusal(address()),
              fmt::format("can't listen on {}: another process listens there; stop it, or choose "
                          "another path",
                          address()));
    EXPECT_TRUE(Client(endpoint()).connect());
}

TEST_F(UnixListener, WaitsForOneThatIsAboutToGo) {
    auto first = std::make_unique<Listeners>(std::vector<ListenAddress>{address()}, 0, 1);
    const Listeners second({address()}, 0, 1, [&](const Endpoint& taken) {
        EXPECT_EQ(taken, endpoint());
        first.reset();
        return true;
    });
    EXPECT_TRUE(Client(endpoint()).connect());
}

TEST_F(UnixListener, RemovesNothingThatIsNoSocket) {
    directory_.write("torc.sock", "precious");
    EXPECT_EQ(refusal(address()),
              fmt::format("can't listen on {}: the file there is no socket; remove it, or choose "
                          "another path",
                          address()));
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(UnixListener, SaysThatItsDirectoryIsMissing) {
    EXPECT_NE(refusal(address("missing/torc.sock")).find("its directory does not exist"),
              std::string::npos);
}

TEST_F(UnixListener, RemovesItsFileAtTheEnd) {
    {
        const Listeners listeners({address()}, 0, 2);
        EXPECT_TRUE(std::filesystem::exists(path()));
    }
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(UnixListener, MayHaveAnAbstractName) {
    const std::string name = fmt::format("unix:@torc-test-{}", ::getpid());
    const Listeners listeners({name}, 0, 1);
    EXPECT_EQ(listeners.endpoints()[0].url(), name);
    EXPECT_TRUE(Client(listeners.endpoints()[0]).connect());
    EXPECT_NE(refusal(name).find("another process listens there"), std::string::npos);
}

TEST_F(UnixListener, IsAddedAndRetiredByAChange) {
    Listeners listeners({"127.0.0.1"}, 0, 2);
    listeners.apply(listeners.prepare({"127.0.0.1", address()}, 0));
    ASSERT_TRUE(Client(endpoint()).connect());
    const std::vector<Endpoint> retired = listeners.apply(listeners.prepare({"127.0.0.1"}, 0));
    ASSERT_EQ(retired.size(), 1U);
    EXPECT_EQ(retired[0], endpoint());
    EXPECT_FALSE(std::filesystem::exists(path())) << "nobody is to come any more";
    for (unsigned worker = 0; worker < 2; ++worker) {
        if (listeners.of(worker).places()[1].socket >= 0) {
            listeners.of(worker).close(1, accepted_);
        }
    }
    EXPECT_EQ(accepted_.size(), 1U) << "who has come is served";
}

TEST_F(UnixListener, ComesBackWhileTheOneBeforeIsStillBeingClosed) {
    Listeners listeners({"127.0.0.1", address()}, 0, 2);
    listeners.apply(listeners.prepare({"127.0.0.1"}, 0));
    listeners.apply(listeners.prepare({"127.0.0.1", address()}, 0));
    EXPECT_TRUE(Client(endpoint()).connect());
}

TEST_F(UnixListener, GetsAnotherModeByAChange) {
    Listeners listeners({address()}, 0, 1);
    const int socket = listeners.of(0).places()[0].socket;
    ListenAddress open(address());
    open.mode = 0666;
    listeners.apply(listeners.prepare({open}, 0));
    EXPECT_EQ(mode(), 0666U);
    EXPECT_EQ(listeners.of(0).places()[0].socket, socket);
}

TEST_F(UnixListener, IsClaimedByOneOfManyThatStartAtOnce) {
    leave_stale_socket();
    constexpr int rivals = 8;
    std::vector<std::unique_ptr<Listeners>> winners(rivals);
    {
        std::vector<std::jthread> threads;
        for (auto& winner : winners) {
            threads.emplace_back([&] {
                try {
                    winner =
                        std::make_unique<Listeners>(std::vector<ListenAddress>{address()}, 0, 1);
                } catch (const StartError&) {
                }
            });
        }
    }
    EXPECT_EQ(std::ranges::count_if(winners, [](const auto& winner) { return winner != nullptr; }),
              1);
    EXPECT_TRUE(Client(endpoint()).connect());
}

}  // namespace
}  // namespace torc::net
