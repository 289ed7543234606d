#pragma once

#include <liburing.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace torc::io {

struct NamedOperation {
    int opcode;
    std::string_view name;
};

/// The io_uring operations of UringProactor: it submits no other.
inline constexpr std::array used_operations = {
    NamedOperation{IORING_OP_ACCEPT, "accept"},
    NamedOperation{IORING_OP_RECV, "recv"},
    NamedOperation{IORING_OP_SEND, "send"},
    NamedOperation{IORING_OP_SENDMSG, "sendmsg"},
    NamedOperation{IORING_OP_OPENAT2, "openat2"},
    NamedOperation{IORING_OP_STATX, "statx"},
    NamedOperation{IORING_OP_READ, "read"},
    NamedOperation{IORING_OP_CLOSE, "close"},
    NamedOperation{IORING_OP_POLL_ADD, "poll"},
    NamedOperation{IORING_OP_TIMEOUT, "timeout"},
    NamedOperation{IORING_OP_TIMEOUT_REMOVE, "timeout update"},
    NamedOperation{IORING_OP_ASYNC_CANCEL, "cancel"},
};

/// Whether `opcode` is among them.
constexpr bool is_used_operation(int opcode) noexcept {
    constexpr std::uint64_t used = [] {
        std::uint64_t opcodes = 0;
        for (const NamedOperation& operation : used_operations) {
            opcodes |= std::uint64_t{1} << static_cast<unsigned>(operation.opcode);
        }
        return opcodes;
    }();
    constexpr int opcodes_max = 64;
    return opcode >= 0 && opcode < opcodes_max && (used >> static_cast<unsigned>(opcode) & 1U) != 0;
}

}  // namespace torc::io
