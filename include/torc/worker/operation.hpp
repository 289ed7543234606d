#pragma once

#include <torc/base/assert.hpp>
#include <torc/io/proactor.hpp>

#include <cstdint>

namespace torc::worker {

/// io::Token::operation of what a worker starts, and whose slot it is.
enum class Operation : std::uint8_t {
    /// A listener's.
    accept,
    // A connection's.
    receive,
    send,
    send_file,
    // A load's.
    load_open,
    load_stat,
    load_read,
    load_list,
    /// The root's.
    root_open,
    // Of the watch for changes; the first one's slot is a descent's.
    watch_open,
    watch_changes,
    // Of the watch for mounts.
    mounts_changed,
    mounts_read,
    /// The check's of a password.
    password_check,
};

/// Who has to know of the end of an operation.
enum class Owner : std::uint8_t { listener, connection, loader, access };

[[nodiscard]] constexpr Owner owner_of(Operation operation) noexcept {
    switch (operation) {
        case Operation::accept:
            return Owner::listener;
        case Operation::receive:
        case Operation::send:
        case Operation::send_file:
            return Owner::connection;
        case Operation::load_open:
        case Operation::load_stat:
        case Operation::load_read:
        case Operation::load_list:
        case Operation::root_open:
        case Operation::watch_open:
        case Operation::watch_changes:
        case Operation::mounts_changed:
        case Operation::mounts_read:
            return Owner::loader;
        case Operation::password_check:
            return Owner::access;
    }
    assertion_failed("an operation is one of those above");
}

[[nodiscard]] constexpr io::Token make_token(Operation operation, std::uint32_t slot,
                                             std::uint32_t generation = 0) noexcept {
    return io::Token{
        .operation = static_cast<std::uint8_t>(operation), .generation = generation, .slot = slot};
}

[[nodiscard]] constexpr Operation operation_of(const io::Token& token) noexcept {
    return static_cast<Operation>(token.operation);
}

}  // namespace torc::worker
