#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <map>
#include <set>

namespace torc::io::test {
namespace {

using torc::test::patterned_bytes;

class ProactorReceive : public ProactorTest {
protected:
    /// Receives on `socket` until the peer's end.
    std::string receive_to_end(int socket) {
        std::string bytes;
        while (true) {
            const Outcome outcome = finish(receive(socket));
            EXPECT_GE(outcome.result, 0);
            EXPECT_EQ(static_cast<std::size_t>(outcome.result), outcome.data.size());
            if (outcome.result <= 0) {
                return bytes;
            }
            bytes += outcome.data;
        }
    }
};

TEST_P(ProactorReceive, GivesWhatCameBeforeIt) {
    const auto connection = connect();
    write_all(connection.peer.get(), "early");
    const Outcome outcome = finish(receive(connection.socket));
    EXPECT_EQ(outcome.result, 5);
    EXPECT_EQ(outcome.data, "early");
    EXPECT_FALSE(outcome.more);
}

TEST_P(ProactorReceive, GivesWhatComesAfterIt) {
    const auto connection = connect();
    const Token token = receive(connection.socket);
    settle();
    EXPECT_FALSE(take(token).has_value());
    write_all(connection.peer.get(), "late");
    EXPECT_EQ(finish(token).data, "late");
}

TEST_P(ProactorReceive, GivesOneMessageAfterTheOther) {
    const auto connection = connect();
    for (int round = 0; round < 20; ++round) {
        const std::string message = patterned_bytes(static_cast<std::size_t>(round) + 1);
        const Token token = receive(connection.socket);
        if (round % 2 == 0) {
            settle();
        }
        write_all(connection.peer.get(), message);
        EXPECT_EQ(finish(token).data, message);
    }
}

TEST_P(ProactorReceive, GivesWhatCameBetweenTwoReceives) {
    const auto connection = connect();
    write_all(connection.peer.get(), "one");
    EXPECT_EQ(finish(receive(connection.socket)).data, "one");
    write_all(connection.peer.get(), "two");
    settle();
    EXPECT_EQ(finish(receive(connection.socket)).data, "two");
}

TEST_P(ProactorReceive, GivesZeroAtThePeersEnd) {
    auto connection = connect();
    const Token token = receive(connection.socket);
    settle();
    connection.peer.reset();
    const Outcome outcome = finish(token);
    EXPECT_EQ(outcome.result, 0);
    EXPECT_TRUE(outcome.data.empty());
}

TEST_P(ProactorReceive, GivesZeroWhenThePeerEndedBeforeIt) {
    auto connection = connect();
    connection.peer.reset();
    settle();
    EXPECT_EQ(finish(receive(connection.socket)).result, 0);
}

TEST_P(ProactorReceive, GivesZeroAgainAndAgainAfterTheEnd) {
    auto connection = connect();
    connection.peer.reset();
    EXPECT_EQ(finish(receive(connection.socket)).result, 0);
    EXPECT_EQ(finish(receive(connection.socket)).result, 0);
}

TEST_P(ProactorReceive, GivesDataAndThenTheEndWhenBothCameBeforeIt) {
    auto connection = connect();
    write_all(connection.peer.get(), "last words");
    connection.peer.reset();
    settle();
    EXPECT_EQ(receive_to_end(connection.socket), "last words");
}

TEST_P(ProactorReceive, GivesDataAndThenTheEndWhenBothComeAfterIt) {
    auto connection = connect();
    const Token token = receive(connection.socket);
    settle();
    write_all(connection.peer.get(), "last words");
    connection.peer.reset();
    EXPECT_EQ(finish(token).data, "last words");
    EXPECT_EQ(receive_to_end(connection.socket), "");
}

TEST_P(ProactorReceive, GivesTheEndThatComesBetweenTwoReceives) {
    auto connection = connect();
    write_all(connection.peer.get(), "last words");
    EXPECT_EQ(finish(receive(connection.socket)).data, "last words");
    connection.peer.reset();
    settle();
    EXPECT_EQ(finish(receive(connection.socket)).result, 0);
}

TEST_P(ProactorReceive, GivesAnEndThatComesJustBeforeItsData) {
    // The end is known, by an event, before the first byte is taken.
    auto connection = connect();
    EXPECT_EQ(finish(send(connection.socket, Message{"registers the socket"})).result, 20);
    static_cast<void>(read_exactly(connection.peer.get(), 20));
    const std::string bytes = patterned_bytes(3 * limits::receive_buffer_bytes + 17);
    write_all(connection.peer.get(), bytes);
    connection.peer.reset();
    settle();
    EXPECT_EQ(receive_to_end(connection.socket), bytes);
}

TEST_P(ProactorReceive, GivesHalfClosedPeersTheirAnswer) {
    auto connection = connect();
    write_all(connection.peer.get(), "request");
    ::shutdown(connection.peer.get(), SHUT_WR);
    EXPECT_EQ(receive_to_end(connection.socket), "request");
    EXPECT_EQ(finish(send(connection.socket, Message{"answer"})).result, 6);
    EXPECT_EQ(read_exactly(connection.peer.get(), 6), "answer");
}

TEST_P(ProactorReceive, ReportsAReset) {
    auto connection = connect();
    const Token token = receive(connection.socket);
    settle();
    reset_connection(connection.peer);
    EXPECT_EQ(finish(token).result, -ECONNRESET);
}

TEST_P(ProactorReceive, ReportsAResetThatCameBeforeIt) {
    auto connection = connect();
    reset_connection(connection.peer);
    settle();
    EXPECT_EQ(finish(receive(connection.socket)).result, -ECONNRESET);
}

TEST_P(ProactorReceive, GivesNoMoreThanABufferAtOnce) {
    const auto connection = connect();
    const std::string bytes = patterned_bytes(10 * limits::receive_buffer_bytes + 1);
    write_all(connection.peer.get(), bytes);
    ::shutdown(connection.peer.get(), SHUT_WR);
    std::string received;
    while (received.size() < bytes.size()) {
        const Outcome outcome = finish(receive(connection.socket));
        ASSERT_GT(outcome.result, 0);
        ASSERT_LE(outcome.data.size(), limits::receive_buffer_bytes);
        received += outcome.data;
    }
    EXPECT_EQ(received, bytes);
}

TEST_P(ProactorReceive, GivesExactlyOneBufferful) {
    const auto connection = connect();
    const std::string bytes = patterned_bytes(limits::receive_buffer_bytes);
    write_all(connection.peer.get(), bytes);
    EXPECT_EQ(finish(receive(connection.socket)).data, bytes);
    const Token token = receive(connection.socket);
    settle();
    EXPECT_FALSE(take(token).has_value());
    write_all(connection.peer.get(), "more");
    EXPECT_EQ(finish(token).data, "more");
}

TEST_P(ProactorReceive, EndsWhenItsSocketIsShutDown) {
    const auto connection = connect();
    const Token token = receive(connection.socket);
    settle();
    proactor().shutdown(connection.socket, SHUT_RDWR);
    EXPECT_EQ(finish(token).result, 0);
}

TEST_P(ProactorReceive, HasEnoughBuffersSoonForSocketsThatAreReadyTogether) {
    constexpr std::size_t count = limits::receive_buffers_at_first * 4;
    std::vector<Connection> connections;
    for (std::size_t index = 0; index < count; ++index) {
        connections.push_back(connect());
    }
    std::size_t failures = count;
    for (int round = 0; round < 4; ++round) {
        std::vector<Token> tokens;
        for (const Connection& connection : connections) {
            write_all(connection.peer.get(), "x");
            tokens.push_back(receive(connection.socket));
        }
        settle();
        failures = 0;
        for (std::size_t index = 0; index < count; ++index) {
            while (finish(tokens[index]).result == -ENOBUFS) {
                ++failures;
                tokens[index] = receive(connections[index].socket);
            }
        }
    }
    EXPECT_EQ(failures, 0U);
}

TEST_P(ProactorReceive, LosesNoByteWhenMoreSocketsAreReadyThanThereAreBuffers) {
    constexpr std::size_t count = limits::receive_buffers + 60;
    std::vector<Connection> connections;
    std::map<std::uint64_t, std::size_t> index_of;
    std::vector<std::string> received(count);
    for (std::size_t index = 0; index < count; ++index) {
        connections.push_back(connect());
        index_of[receive(connections.back().socket).pack()] = index;
    }
    settle();
    const auto expected = [](std::size_t index) {
        return patterned_bytes(std::size_t{2} * limits::receive_buffer_bytes + index,
                               static_cast<unsigned>(index));
    };
    for (std::size_t index = 0; index < count; ++index) {
        write_all(connections[index].peer.get(), expected(index));
    }
    std::size_t complete = 0;
    while (complete < count) {
        const auto [packed, index] = *index_of.begin();
        const Outcome outcome = finish(Token::unpack(packed));
        index_of.erase(packed);
        ASSERT_TRUE(outcome.result > 0 || outcome.result == -ENOBUFS) << outcome.result;
        received[index] += outcome.data;
        if (received[index].size() == expected(index).size()) {
            ++complete;
        } else {
            index_of[receive(connections[index].socket).pack()] = index;
        }
    }
    for (std::size_t index = 0; index < count; ++index) {
        EXPECT_EQ(received[index], expected(index));
    }
}

TEST_P(ProactorReceive, KeepsItsViewsValidUntilTheNextWait) {
    constexpr std::size_t count = limits::receive_buffers_at_first;
    std::vector<Connection> connections;
    for (std::size_t index = 0; index < count; ++index) {
        connections.push_back(connect());
        const std::string bytes = patterned_bytes(100, static_cast<unsigned>(index));
        write_all(connections.back().peer.get(), bytes);
        proactor().receive(Token{.slot = static_cast<std::uint32_t>(index)},
                           connections.back().socket);
    }
    std::set<std::uint32_t> seen;
    while (seen.size() < count) {
        const auto completions = proactor().wait(never);
        // New operations and new data must not reach what the last wait lent.
        for (const Completion& completion : completions) {
            const Connection& connection = connections[completion.token.slot];
            write_all(connection.peer.get(), "overwrites");
            proactor().receive(Token{.operation = 1}, connection.socket);
        }
        for (const Completion& completion : completions) {
            if (completion.token.operation == 0) {
                const std::string_view data(reinterpret_cast<const char*>(completion.data.data()),
                                            completion.data.size());
                EXPECT_EQ(data, patterned_bytes(100, completion.token.slot));
                seen.insert(completion.token.slot);
            }
        }
    }
    for (std::size_t left = count; left > 0;) {  // Each has one more receive in flight.
        left -= proactor().wait(never).size();
    }
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorReceive, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
