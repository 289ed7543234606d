#pragma once

#include <torc/io/proactor.hpp>

#include "sim/sim_proactor.hpp"

#include <linux/openat2.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace torc::sim {

/// An operation in flight: what it was given, and what that was when it began.
struct SimProactor::Operation {
    enum class Kind : std::uint8_t {
        receive,
        send,
        send_rest,
        send_file,
        open,
        stat,
        read,
        job,
        await_input,
        await_priority,
    };

    Kind kind;
    io::Token token;
    /// Of the socket or file; -1: none.
    int fd = -1;
    std::uint64_t number = 0;
    bool is_scheduled = false;
    /// It was carried out, and the worker may not know that yet.
    bool is_over = false;
    std::vector<std::byte> received{};

    const msghdr* message = nullptr;
    std::size_t message_bytes = 0;
    std::size_t sent_bytes = 0;
    std::size_t sent_before = 0;
    std::uint64_t checksum = 0;

    io::FileSlice slice{};
    std::chrono::duration<std::uint32_t, std::micro> file_wait{};

    int directory = -1;
    const char* path = nullptr;
    std::string path_at_first{};
    const open_how* how = nullptr;
    Lane lane = Lane::local;
    struct statx* status = nullptr;
    std::span<std::byte> buffer{};
    std::uint64_t offset = 0;
    io::BlockingJob* job = nullptr;

    /// Whether it uses memory of who began it: what is awaited does not.
    [[nodiscard]] bool uses_memory() const noexcept {
        return kind != Kind::await_input && kind != Kind::await_priority;
    }
};

/// All bytes of a message, one after the other.
[[nodiscard]] std::string bytes_of(const msghdr& message);
[[nodiscard]] std::uint64_t checksum_of(std::string_view bytes) noexcept;

/// What is to be written to later holds this until then.
inline constexpr std::byte untouched{0xa5};

}  // namespace torc::sim
