#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <string_view>

namespace torc {

/// An errno(3) value as a type of its own, so that it is not taken for a count or a descriptor.
class Errno {
public:
    /// `value` is positive, as in errno, not negated as in a completion.
    constexpr explicit Errno(int value) noexcept : value_(value) {}

    /// The error left by the system call that just failed.
    static Errno last() noexcept { return Errno(errno); }

    [[nodiscard]] constexpr int value() const noexcept { return value_; }
    /// "ENOENT"; "E?" for a number that the C library does not know.
    [[nodiscard]] std::string_view name() const noexcept;
    /// "No such file or directory". Allocates.
    [[nodiscard]] std::string message() const;

    friend constexpr bool operator==(Errno, Errno) noexcept = default;

private:
    int value_;
};

/// What an operation that asks the kernel gives: a value or the kernel's refusal.
template <typename Value>
using Result = std::expected<Value, Errno>;

}  // namespace torc
