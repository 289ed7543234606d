#pragma once

#include <cerrno>
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

// What the programs of this folder have in common: they end with an error when anything fails.

namespace torc::bench {

/// `error`: a number of errno(3).
[[noreturn]] inline void fail(const char* what, int error = errno) {
    throw std::system_error(error, std::generic_category(), what);
}

/// For system calls, which leave their error in errno.
inline int check(int result, const char* what) {
    if (result < 0) {
        fail(what);
    }
    return result;
}

/// All of `text`, of an option of the command line.
template <typename Number>
Number parse_number(std::string_view text) {
    Number number{};
    if (const auto [last, error] = std::from_chars(text.begin(), text.end(), number);
        error != std::errc() || last != text.end()) {
        throw std::invalid_argument("not a number: " + std::string(text));
    }
    return number;
}

}  // namespace torc::bench
