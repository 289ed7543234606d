#include "proactor_fixture.hpp"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

namespace torc::io::test {
namespace {

/// Lowers the limit of open descriptors to those that are open now; restores it on destruction.
class NoMoreDescriptors {
public:
    NoMoreDescriptors() {
        check(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
        const UniqueFd lowest(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open"));
        rlimit none = before_;
        none.rlim_cur = static_cast<rlim_t>(lowest.get());
        check(::setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
    }
    NoMoreDescriptors(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors& operator=(const NoMoreDescriptors&) = delete;
    NoMoreDescriptors(NoMoreDescriptors&&) = delete;
    NoMoreDescriptors& operator=(NoMoreDescriptors&&) = delete;
    ~NoMoreDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

class ProactorAccept : public ProactorTest {
protected:
    /// Ends the stream and takes its last completion.
    void cancel(Token token, int listener) {
        proactor().cancel_accept(token, listener);
        const Outcome last = finish(token);
        EXPECT_EQ(last.result, -ECANCELED);
        EXPECT_FALSE(last.more);
    }
};

TEST_P(ProactorAccept, GivesEveryConnectionAndSaysThatMoreMayCome) {
    const UniqueFd listener = listen_on_loopback(16);
    const Token accepted = accept(listener.get());
    std::vector<UniqueFd> clients;
    clients.reserve(10);
    for (int count = 0; count < 10; ++count) {
        clients.push_back(connect_to(listener.get()));
    }
    for (int count = 0; count < 10; ++count) {
        const Outcome connection = finish(accepted);
        ASSERT_GE(connection.result, 0);
        EXPECT_TRUE(connection.more);
        adopt(connection.result);
    }
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, GivesConnectionsThatCameBeforeIt) {
    const UniqueFd listener = listen_on_loopback(4);
    const UniqueFd client = connect_to(listener.get());
    const Token accepted = accept(listener.get());
    EXPECT_GE(adopt(finish(accepted).result), 0);
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, GivesMoreConnectionsThanOneBatchHolds) {
    const UniqueFd listener = listen_on_loopback(512);
    constexpr std::size_t count = limits::completions_per_wait_max + 100;
    std::vector<UniqueFd> clients;
    clients.reserve(count);
    for (std::size_t index = 0; index < count; ++index) {
        clients.push_back(connect_to(listener.get()));
    }
    const Token accepted = accept(listener.get());
    for (std::size_t index = 0; index < count; ++index) {
        ASSERT_GE(adopt(finish(accepted).result), 0);
    }
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, GivesNonBlockingSocketsThatAProgramStartedLaterDoesNotInherit) {
    const UniqueFd listener = listen_on_loopback(4);
    const Token accepted = accept(listener.get());
    const UniqueFd client = connect_to(listener.get());
    const int socket = adopt(finish(accepted).result);
    EXPECT_NE(::fcntl(socket, F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(socket, F_GETFD) & FD_CLOEXEC, 0);
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, GivesSocketsWithTheOptionsOfTheListener) {
    const UniqueFd listener = listen_on_loopback(4);
    const int on = 1;
    check(::setsockopt(listener.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
    const Token accepted = accept(listener.get());
    const UniqueFd client = connect_to(listener.get());
    const int socket = adopt(finish(accepted).result);
    int value = 0;
    socklen_t length = sizeof value;
    ASSERT_EQ(::getsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &value, &length), 0);
    EXPECT_NE(value, 0);
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, CanListenOnSeveralSocketsAtOnce) {
    const UniqueFd first = listen_on_loopback(4);
    const UniqueFd second = listen_on_loopback(4);
    const Token on_first = accept(first.get());
    const Token on_second = accept(second.get());
    const UniqueFd client_of_second = connect_to(second.get());
    const UniqueFd client_of_first = connect_to(first.get());
    EXPECT_GE(adopt(finish(on_first).result), 0);
    EXPECT_GE(adopt(finish(on_second).result), 0);
    cancel(on_first, first.get());
    const UniqueFd later_client = connect_to(second.get());
    EXPECT_GE(adopt(finish(on_second).result), 0);
    cancel(on_second, second.get());
}

TEST_P(ProactorAccept, EndsWithOneLastCompletionWhenCancelled) {
    const UniqueFd listener = listen_on_loopback(4);
    const Token accepted = accept(listener.get());
    settle();
    cancel(accepted, listener.get());
    const UniqueFd unanswered = connect_to(listener.get());
    settle();
    EXPECT_FALSE(take(accepted).has_value());
}

TEST_P(ProactorAccept, CanBeCancelledInTheTurnThatStartedIt) {
    const UniqueFd listener = listen_on_loopback(4);
    const Token accepted = accept(listener.get());
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, CanBeStartedAgainAfterCancelling) {
    const UniqueFd listener = listen_on_loopback(4);
    cancel(accept(listener.get()), listener.get());
    const UniqueFd client = connect_to(listener.get());
    const Token accepted = accept(listener.get());
    EXPECT_GE(adopt(finish(accepted).result), 0);
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, IgnoresTheCancellingOfAStreamThatHasEnded) {
    const UniqueFd listener = listen_on_loopback(4);
    const Token accepted = accept(listener.get());
    cancel(accepted, listener.get());
    proactor().cancel_accept(accepted, listener.get());
    settle();
    EXPECT_FALSE(take(accepted).has_value());
}

TEST_P(ProactorAccept, EndsWhenDescriptorsRunOutAndCanBeStartedAgain) {
    const UniqueFd listener = listen_on_loopback(4);
    // A spare, for the client needs a descriptor too.
    const UniqueFd client(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    turn();  // Under UBSan the first call of a class's virtual functions needs descriptors as well.
    {
        const NoMoreDescriptors limit;
        const Token accepted = accept(listener.get());
        sockaddr_in address{};
        socklen_t length = sizeof address;
        check(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length),
              "getsockname");
        check(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address), length),
              "connect");
        const Outcome refused = finish(accepted);
        EXPECT_EQ(refused.result, -EMFILE);
        EXPECT_FALSE(refused.more);
    }
    const Token accepted = accept(listener.get());
    EXPECT_GE(adopt(finish(accepted).result), 0) << "the connection that was refused still waits";
    cancel(accepted, listener.get());
}

TEST_P(ProactorAccept, EndsWithAnErrorOnASocketThatDoesNotListen) {
    const auto connection = connect();
    const Outcome refused = finish(accept(connection.socket));
    EXPECT_EQ(refused.result, -EINVAL);
    EXPECT_FALSE(refused.more);
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorAccept, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
