// Random traffic over many socket pairs, both ends on the same proactor: every byte is checked, and
// the fixture checks that each operation completes exactly once.

#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>

#include <random>
#include <unordered_map>

namespace torc::io::test {
namespace {

/// The bytes of every stream: what is sent as the n-th byte is the pattern's, at n modulo its size.
constexpr std::size_t pattern_bytes = 1024 * 1024 + 13;
constexpr std::uint64_t stream_bytes_max = 3 * 1024 * 1024;
constexpr std::size_t pairs = 48;
constexpr int streams_in_all = 600;

class ProactorStress : public ProactorTest {
protected:
    void SetUp() override {
        ProactorTest::SetUp();
        const auto path = directory_.write("pattern", pattern_);
        file_.reset(check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open"));
    }

    /// One direction of one connection: a writer, a reader and what is known of both.
    struct Stream {
        int writer = -1;
        int reader = -1;
        std::uint64_t length = 0;
        std::uint64_t sent = 0;
        std::uint64_t received = 0;
        bool writer_busy = false;
        bool reader_busy = false;
        bool writer_ended = false;
        bool reader_ended = false;
        /// Somebody was shut down on purpose: the stream may end anywhere.
        bool cut = false;
        /// What the send in flight sends; kept until it completes.
        std::vector<iovec> pieces;
        msghdr message{};
    };

    std::uint64_t random(std::uint64_t least, std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(least, most)(generator_);
    }
    bool one_in(std::uint64_t count) { return random(1, count) == 1; }

    void open_stream(Stream& stream) {
        std::array<int, 2> ends{};
        if (one_in(2)) {
            const UniqueFd listener = listen_on_loopback(1);
            UniqueFd client = connect_to(listener.get());
            check(::fcntl(client.get(), F_SETFL, O_NONBLOCK), "fcntl");
            ends = {client.release(),
                    check(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC),
                          "accept4")};
        } else {
            check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()),
                  "socketpair");
        }
        stream = Stream{};
        stream.writer = adopt(ends[0]);
        stream.reader = adopt(ends[1]);
        stream.length = one_in(4) ? random(0, stream_bytes_max) : random(0, 20'000);
        ++opened_;
    }

    /// Starts the writer's next operation, or ends its stream when all is sent.
    void write_on(Stream& stream) {
        const std::uint64_t left = stream.length - stream.sent;
        if (left == 0) {
            stream.writer_ended = true;
            proactor().shutdown(stream.writer, SHUT_WR);
            return;
        }
        const std::uint64_t position = stream.sent % pattern_.size();
        const std::uint64_t most = std::min<std::uint64_t>(left, pattern_.size() - position);
        const std::uint64_t count =
            one_in(3) ? most : random(1, std::min<std::uint64_t>(most, 9000));
        stream.writer_busy = true;
        Token token;
        if (one_in(3)) {
            token = send_file({.socket = stream.writer,
                               .file = file_.get(),
                               .offset = position,
                               .length = count});
        } else {
            cut_to_pieces(stream, std::span(pattern_).subspan(position, count));
            token = new_token();
            proactor().send(token, stream.writer, stream.message, one_in(4));
        }
        owner_[token.pack()] = {&stream, true};
    }

    void cut_to_pieces(Stream& stream, std::span<char> bytes) {
        stream.pieces.clear();
        while (!bytes.empty()) {
            const bool is_last = stream.pieces.size() + 1 == limits::response_batch_pieces_max;
            const std::size_t size = is_last ? bytes.size() : random(1, bytes.size());
            stream.pieces.push_back({.iov_base = bytes.data(), .iov_len = size});
            bytes = bytes.subspan(size);
        }
        stream.message.msg_iov = stream.pieces.data();
        stream.message.msg_iovlen = stream.pieces.size();
    }

    void read_on(Stream& stream) {
        stream.reader_busy = true;
        owner_[receive(stream.reader).pack()] = {&stream, false};
    }

    void written(Stream& stream, const Outcome& outcome) {
        stream.writer_busy = false;
        if (outcome.result <= 0) {
            ASSERT_TRUE(stream.cut) << "send: " << outcome.result;
            stream.writer_ended = true;
            proactor().shutdown(stream.writer, SHUT_RDWR);
            return;
        }
        stream.sent += static_cast<std::uint64_t>(outcome.result);
    }

    void read(Stream& stream, const Outcome& outcome) {
        stream.reader_busy = false;
        if (outcome.result == -ENOBUFS) {
            return;
        }
        if (outcome.result <= 0) {
            ASSERT_TRUE(stream.cut || outcome.result == 0) << "receive: " << outcome.result;
            if (!stream.cut) {
                ASSERT_EQ(stream.received, stream.length);
            }
            stream.reader_ended = true;
            return;
        }
        for (std::size_t done = 0; done < outcome.data.size();) {
            const std::size_t position = stream.received % pattern_.size();
            const std::size_t count =
                std::min(outcome.data.size() - done, pattern_.size() - position);
            ASSERT_TRUE(std::string_view(outcome.data).substr(done, count) ==
                        std::string_view(pattern_).substr(position, count))
                << "at byte " << stream.received;
            done += count;
            stream.received += count;
        }
    }

    /// Does one random thing with an idle end of a stream; opens the next stream when this one is
    /// over.
    void act(Stream& stream) {
        const bool is_over = stream.writer_ended && stream.reader_ended && !stream.writer_busy &&
                             !stream.reader_busy;
        if (is_over || stream.writer < 0) {
            if (stream.writer >= 0) {
                close(stream.writer);
                close(stream.reader);
                stream = Stream{};
            }
            if (opened_ < streams_in_all) {
                open_stream(stream);
            }
            return;
        }
        if (one_in(400)) {
            stream.cut = true;
            stream.writer_ended = stream.writer_ended || !stream.writer_busy;
            proactor().shutdown(one_in(2) ? stream.writer : stream.reader, SHUT_RDWR);
            if (stream.writer_ended) {
                proactor().shutdown(stream.writer, SHUT_RDWR);
            }
        }
        if (!stream.writer_busy && !stream.writer_ended && !one_in(3)) {
            write_on(stream);
        }
        if (!stream.reader_busy && !stream.reader_ended && !one_in(3)) {
            read_on(stream);
        }
    }

    [[nodiscard]] bool all_done() const {
        return opened_ >= streams_in_all &&
               std::ranges::all_of(streams_, [](const Stream& s) { return s.writer < 0; });
    }

    void run() {
        const MonotonicTime give_up = std::chrono::steady_clock::now() + (5 * patience);
        while (!all_done()) {
            ASSERT_LT(std::chrono::steady_clock::now(), give_up);
            for (Stream& stream : streams_) {
                act(stream);
            }
            turn(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
            for (const Outcome& outcome : take_all()) {
                const auto [stream, is_write] = owner_.at(outcome.token.pack());
                owner_.erase(outcome.token.pack());
                is_write ? written(*stream, outcome) : read(*stream, outcome);
                if (HasFatalFailure()) {
                    return;
                }
            }
        }
    }

private:
    struct Owner {
        Stream* stream = nullptr;
        bool is_write = false;
    };

    torc::test::TemporaryDirectory directory_;
    std::string pattern_ = torc::test::patterned_bytes(pattern_bytes);
    UniqueFd file_;
    // One seed, one history of choices; only the kernel's timing varies.
    // NOLINTNEXTLINE(cert-msc32-c,cert-msc51-cpp): a failure must come again.
    std::mt19937_64 generator_{20'240'229};
    std::array<Stream, pairs> streams_;
    std::unordered_map<std::uint64_t, Owner> owner_;
    int opened_ = 0;
};

TEST_P(ProactorStress, LosesNeitherByteNorCompletion) {
    run();
    EXPECT_EQ(in_flight(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorStress, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
