#include "full_socket.hpp"
#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <linux/tcp.h>

#include <algorithm>
#include <atomic>
#include <csignal>

namespace torc::io::test {
namespace {

using torc::test::patterned_bytes;

constexpr std::size_t megabyte = 1024 * 1024;

class ProactorSend : public ProactorTest {};

TEST_P(ProactorSend, SendsOnePiece) {
    const auto connection = connect();
    const Message message{"hello"};
    const Outcome outcome = finish(send(connection.socket, message));
    EXPECT_EQ(outcome.result, 5);
    EXPECT_FALSE(outcome.more);
    EXPECT_TRUE(outcome.data.empty());
    EXPECT_EQ(read_exactly(connection.peer.get(), 5), "hello");
}

TEST_P(ProactorSend, SendsPiecesInTheirOrder) {
    const auto connection = connect();
    const Message message{"head ", "", "body ", "tail"};
    EXPECT_EQ(finish(send(connection.socket, message)).result, 14);
    EXPECT_EQ(read_exactly(connection.peer.get(), 14), "head body tail");
}

TEST_P(ProactorSend, SendsAsManyPiecesAsAResponseBatchHolds) {
    const auto connection = connect();
    const std::string bytes = patterned_bytes(limits::response_batch_pieces_max * 100);
    std::vector<std::string_view> pieces;
    pieces.reserve(limits::response_batch_pieces_max);
    for (std::size_t index = 0; index < limits::response_batch_pieces_max; ++index) {
        pieces.push_back(std::string_view(bytes).substr(index * 100, 100));
    }
    const Message message(pieces);
    EXPECT_EQ(finish(send(connection.socket, message)).result,
              static_cast<std::int32_t>(bytes.size()));
    EXPECT_EQ(read_exactly(connection.peer.get(), bytes.size()), bytes);
}

TEST_P(ProactorSend, SendsWhileAReceiveWaits) {
    const auto connection = connect();
    const Token received = receive(connection.socket);
    turn();
    const Message message{"response"};
    EXPECT_EQ(finish(send(connection.socket, message)).result, 8);
    EXPECT_EQ(read_exactly(connection.peer.get(), 8), "response");
    EXPECT_FALSE(take(received)) << "nothing has come";
    write_all(connection.peer.get(), "request");
    EXPECT_EQ(finish(received).data, "request");
}

TEST_P(ProactorSend, ReceivesWhileASendWaitsForRoom) {
    const auto connection = connect();
    const std::string bytes = patterned_bytes(16 * megabyte);
    const Message message{bytes};
    const Token sent = send(connection.socket, message);
    const Token received = receive(connection.socket);
    settle();
    EXPECT_FALSE(take(sent)) << "there is no room for all of it";
    write_all(connection.peer.get(), "request");
    EXPECT_EQ(finish(received).data, "request");
    EXPECT_FALSE(take(sent));
    std::string read;
    const Outcome outcome =
        finish_while(sent, [&] { read_some(connection.peer.get(), read, megabyte); });
    EXPECT_EQ(outcome.result, static_cast<std::int32_t>(bytes.size()));
    read += read_exactly(connection.peer.get(), bytes.size() - read.size());
    EXPECT_EQ(read, bytes);
}

TEST_P(ProactorSend, CompletesOnceWithAllOfManyMegabytesToASlowReader) {
    const auto connection = connect();
    const std::string bytes = patterned_bytes(16 * megabyte);
    const std::string_view view = bytes;
    const Message message{view.substr(0, 3), view.substr(3, 5 * megabyte),
                          view.substr(3 + (5 * megabyte))};
    const Token token = send(connection.socket, message);
    std::string received;
    const auto read_a_little = [&] { read_some(connection.peer.get(), received, 64 * 1024); };
    for (int count = 0; count < 10; ++count) {
        turn();
        read_a_little();
        ASSERT_FALSE(take(token).has_value()) << "the buffers hold less than this message";
    }
    const Outcome outcome =
        finish_while(token, [&] { read_some(connection.peer.get(), received, megabyte); });
    EXPECT_EQ(outcome.result, static_cast<std::int32_t>(bytes.size()));
    received += read_exactly(connection.peer.get(), bytes.size() - received.size());
    EXPECT_TRUE(received == bytes);
}

TEST_P(ProactorSend, SendsOneBigPieceToASlowReader) {
    const auto connection = connect();
    const std::string bytes = patterned_bytes(12 * megabyte);
    const Message message{bytes};
    const Token token = send(connection.socket, message);
    std::string received;
    const Outcome outcome =
        finish_while(token, [&] { read_some(connection.peer.get(), received, 256 * 1024); });
    EXPECT_EQ(outcome.result, static_cast<std::int32_t>(bytes.size()));
    received += read_exactly(connection.peer.get(), bytes.size() - received.size());
    EXPECT_TRUE(received == bytes);
}

TEST_P(ProactorSend, SendsAllToAHalfClosedPeerThatReadsSlowly) {
    const auto connection = connect();
    half_close(connection.peer.get(), connection.socket);
    const std::string bytes = patterned_bytes(16 * megabyte);
    const std::string_view view = bytes;
    const Message message{view.substr(0, 3), view.substr(3)};
    std::string received;
    const auto read_a_little = [&] { read_some(connection.peer.get(), received, 64 * 1024); };
    const Outcome first = finish_while(send(connection.socket, message), read_a_little);
    ASSERT_TRUE(first.result > 0 || first.result == -EAGAIN) << first.result;
    const auto sent = static_cast<std::size_t>(std::max(first.result, 0));
    if (sent < bytes.size()) {
        const Outcome rest =
            finish_while(send_rest(connection.socket, message, sent), read_a_little);
        ASSERT_EQ(rest.result, static_cast<std::int32_t>(bytes.size() - sent));
    }
    received += read_exactly(connection.peer.get(), bytes.size() - received.size());
    EXPECT_TRUE(received == bytes);
}

TEST_P(ProactorSend, SleepsWhileAHalfClosedPeerDoesNotRead) {
    const auto connection = connect();
    half_close(connection.peer.get(), connection.socket);
    fill(connection.socket);
    const Message message{"left", " over"};
    const Token token = send_rest(connection.socket, message, 2);
    settle();
    EXPECT_LT(turns_within(std::chrono::milliseconds(200)), 50U);
    ASSERT_FALSE(take(token).has_value());
    std::string filling;
    const Outcome outcome =
        finish_while(token, [&] { read_some(connection.peer.get(), filling, megabyte); });
    EXPECT_EQ(outcome.result, 7);
    proactor().shutdown(connection.socket, SHUT_WR);
    filling += read_exactly(connection.peer.get(), 64 * megabyte);
    EXPECT_TRUE(filling.ends_with("fft over"));
}

TEST_P(ProactorSend, SendsTheRestToManyHalfClosedPeers) {
    constexpr std::size_t count = 100;
    const Message message{"x", "yz"};
    std::vector<Connection> connections;
    std::vector<Token> tokens;
    for (std::size_t index = 0; index < count; ++index) {
        connections.push_back(connect());
        const Connection& connection = connections.back();
        half_close(connection.peer.get(), connection.socket);
        fill(connection.socket);
        tokens.push_back(send_rest(connection.socket, message, 1));
    }
    settle();
    for (std::size_t index = 0; index < count; ++index) {
        std::string filling;
        const int peer = connections[index].peer.get();
        const auto read = [&] { read_some(peer, filling, megabyte); };
        EXPECT_EQ(finish_while(tokens[index], read).result, 2);
    }
}

TEST_P(ProactorSend, EndsTheRestWhenAHalfClosedSocketIsShutDownOrReset) {
    const Message message{"left over"};
    for (const bool is_reset : {false, true}) {
        auto connection = connect();
        half_close(connection.peer.get(), connection.socket);
        fill(connection.socket);
        const Token token = send_rest(connection.socket, message, 0);
        settle();
        ASSERT_FALSE(take(token).has_value());
        if (is_reset) {
            reset_connection(connection.peer);
        } else {
            proactor().shutdown(connection.socket, SHUT_RDWR);
        }
        EXPECT_LT(finish(token).result, 0);
    }
}

TEST_P(ProactorSend, FailsOrFallsShortWhenThePeerIsGone) {
    auto connection = connect();
    const std::string bytes(16 * megabyte, 'x');
    const Message message{bytes};
    const Token token = send(connection.socket, message);
    settle();
    reset_connection(connection.peer);
    const Outcome outcome = finish(token);
    EXPECT_LT(outcome.result, static_cast<std::int32_t>(bytes.size()));
}

TEST_P(ProactorSend, RaisesNoSignalWhenThePeerIsGone) {
    static std::atomic<int> signals = 0;
    handle_signal(SIGPIPE, [](int) { ++signals; });
    auto connection = connect();
    reset_connection(connection.peer);
    settle();
    const Message one_piece{"x"};
    const Message two_pieces{"x", "y"};
    EXPECT_LT(finish(send(connection.socket, one_piece)).result, 0);
    EXPECT_LT(finish(send(connection.socket, one_piece)).result, 0);
    EXPECT_LT(finish(send(connection.socket, two_pieces)).result, 0);
    EXPECT_EQ(signals, 0);
}

TEST_P(ProactorSend, EndsWhenItsSocketIsShutDown) {
    for (const int how : {SHUT_WR, SHUT_RDWR}) {
        const auto connection = connect();
        fill(connection.socket);
        const std::string bytes(megabyte, 'x');
        const Message message{bytes};
        const Token token = send(connection.socket, message);
        settle();
        ASSERT_FALSE(take(token).has_value());
        proactor().shutdown(connection.socket, how);
        EXPECT_LT(finish(token).result, static_cast<std::int32_t>(bytes.size()));
    }
}

TEST_P(ProactorSend, EndsTheStreamAfterAShutdownForWriting) {
    const auto connection = connect();
    const Message message{"bye"};
    EXPECT_EQ(finish(send(connection.socket, message)).result, 3);
    proactor().shutdown(connection.socket, SHUT_WR);
    EXPECT_EQ(read_exactly(connection.peer.get(), 10), "bye");
    write_all(connection.peer.get(), "still heard");
    EXPECT_EQ(finish(receive(connection.socket)).data, "still heard");
}

TEST_P(ProactorSend, HoldsBackAPartialSegmentWhenMoreFollows) {
    const auto connection = connect();
    const Message head{"head "};
    const Message body{"body"};
    EXPECT_EQ(finish(send(connection.socket, head, true)).result, 5);
    EXPECT_EQ(finish(send(connection.socket, body)).result, 4);
    EXPECT_EQ(read_exactly(connection.peer.get(), 9), "head body");
    tcp_info info{};
    socklen_t length = sizeof info;
    ASSERT_EQ(::getsockopt(connection.socket, IPPROTO_TCP, TCP_INFO, &info, &length), 0);
    EXPECT_EQ(info.tcpi_data_segs_out, 1U);
}

TEST_P(ProactorSend, SendsOnManySocketsAtOnce) {
    constexpr std::size_t count = 300;
    const std::string bytes = patterned_bytes(10'000);
    const Message message{bytes};
    std::vector<Connection> connections;
    std::vector<Token> tokens;
    for (std::size_t index = 0; index < count; ++index) {
        connections.push_back(connect());
        tokens.push_back(send(connections.back().socket, message));
    }
    for (std::size_t index = 0; index < count; ++index) {
        EXPECT_EQ(finish(tokens[index]).result, 10'000);
        EXPECT_EQ(read_exactly(connections[index].peer.get(), bytes.size()), bytes);
    }
}

TEST_P(ProactorSend, AlternatesWithReceivesOnOneSocket) {
    const auto connection = connect();
    for (int round = 0; round < 50; ++round) {
        const std::string request = "request " + std::to_string(round);
        const std::string answer = "answer " + std::to_string(round);
        const Token received = receive(connection.socket);
        write_all(connection.peer.get(), request);
        ASSERT_EQ(finish(received).data, request);
        const Message message{answer};
        ASSERT_EQ(finish(send(connection.socket, message)).result,
                  static_cast<std::int32_t>(answer.size()));
        ASSERT_EQ(read_exactly(connection.peer.get(), answer.size()), answer);
    }
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorSend, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
