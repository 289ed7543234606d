#pragma once

#include <torc/io/proactor.hpp>
#include <torc/worker/operation.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace torc::worker::test {

constexpr MonotonicTime noon{std::chrono::hours(12)};

/// Writes down which operation was started last; the test completes it.
class ScriptedProactor final : public io::Proactor {
public:
    void open(io::Token token, int directory, const char* path, const open_how& how,
              Lane lane) override {
        if (std::exchange(is_short_of_memory_, false)) {
            throw std::bad_alloc();
        }
        start(token, lane);
        EXPECT_TRUE(directory == root_ || directory == AT_FDCWD);
        how_ = &how;
        path_ = path;
    }
    void stat(io::Token token, int /*fd*/, struct statx& status, Lane lane) override {
        start(token, lane);
        status_ = &status;
    }
    void read(io::Token token, int /*fd*/, std::span<std::byte> buffer, std::uint64_t /*offset*/,
              Lane lane) override {
        start(token, lane);
        buffer_ = buffer;
    }
    void run(io::Token token, io::BlockingJob& job, Lane lane) override {
        start(token, lane);
        job_ = &job;
    }
    void close(int fd) override {
        ::close(fd);
        closed_sockets_.push_back(fd);
    }
    void close_file(int fd, Lane lane) noexcept override {
        ::close(fd);
        closing_lane_ = lane;
        ++closed_;
    }
    /// The root that everything is to be opened beneath.
    void expect_root(int root) { root_ = root; }

    /// The next open finds no memory.
    void run_short_of_memory() { is_short_of_memory_ = true; }

    [[nodiscard]] int started() const { return started_; }
    [[nodiscard]] Operation last() const { return operation_of(token_); }
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const open_how* how() const { return how_; }
    [[nodiscard]] int wakes() const { return wakes_; }
    [[nodiscard]] int closed() const { return closed_; }
    [[nodiscard]] const std::vector<int>& closed_sockets() const { return closed_sockets_; }
    /// That of the operation that was started last, and that of the file that was closed last.
    [[nodiscard]] Lane lane() const { return lane_; }
    [[nodiscard]] Lane closing_lane() const { return closing_lane_; }
    [[nodiscard]] struct statx& status() { return *status_; }
    [[nodiscard]] std::span<std::byte> buffer() const { return buffer_; }
    [[nodiscard]] io::BlockingJob& job() const { return *job_; }
    /// The end of the operation that was started last.
    [[nodiscard]] io::Completion completion(std::int32_t result) const {
        return {.token = token_, .result = result, .more = false, .data = {}};
    }

    // What a loader never asks for.
    void accept(io::Token /*token*/, int /*listener*/) override { refuse(); }
    void cancel_accept(io::Token /*token*/, int /*listener*/) override { refuse(); }
    void receive(io::Token /*token*/, int /*socket*/) override { refuse(); }
    void send(io::Token /*token*/, int /*socket*/, const msghdr& /*message*/,
              bool /*more_follows*/) override {
        refuse();
    }
    void send_rest(io::Token /*token*/, int /*socket*/, const msghdr& /*message*/,
                   std::size_t /*sent*/, bool /*more_follows*/) override {
        refuse();
    }
    void send_file(io::Token /*token*/, const io::FileSlice& /*slice*/) override { refuse(); }
    void await_input(io::Token /*token*/, int /*fd*/) override { refuse(); }
    void await_priority(io::Token /*token*/, int /*fd*/) override { refuse(); }
    void shutdown(int /*socket*/, int /*how*/) override { refuse(); }
    [[nodiscard]] std::span<const io::Completion> wait(MonotonicTime /*deadline*/) override {
        refuse();
    }
    [[nodiscard]] Now now() const override { return now_; }
    void set_now(MonotonicTime now) { now_.monotonic = now; }
    void set_now(WallTime now) { now_.wall = now; }
    void wake() noexcept override { ++wakes_; }

private:
    [[noreturn]] static void refuse() { throw std::logic_error("not an operation of a loader"); }
    void start(io::Token token, Lane lane) {
        token_ = token;
        lane_ = lane;
        ++started_;
    }

    Now now_{.monotonic = noon};
    io::Token token_;
    bool is_short_of_memory_ = false;
    int started_ = 0;
    int wakes_ = 0;
    int closed_ = 0;
    std::vector<int> closed_sockets_;
    Lane lane_ = Lane::local;
    Lane closing_lane_ = Lane::local;
    std::string path_;
    const open_how* how_ = nullptr;
    struct statx* status_ = nullptr;
    std::span<std::byte> buffer_;
    io::BlockingJob* job_ = nullptr;
    int root_ = -1;
};

}  // namespace torc::worker::test
