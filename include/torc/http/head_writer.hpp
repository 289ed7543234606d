#pragma once

#include <torc/base/assert.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <system_error>

namespace torc::http {

/// Writes a response head into memory that somebody else owns, front to back.
///
/// Whoever makes one has seen to the room (see limits::response_batch_bytes): running out is a
/// broken invariant, not an answer.
class HeadWriter {
public:
    explicit HeadWriter(std::span<char> buffer) noexcept
        : begin_(buffer.data()), cursor_(buffer.data()), end_(buffer.data() + buffer.size()) {}

    [[gnu::always_inline]] void append(std::string_view text) noexcept {
        TORC_ASSERT(text.size() <= room());
        // memcpy must not be given an empty view's null pointer. std::ranges::copy may be, but
        // becomes a loop over bytes at -O2, which was a fifth of all instructions of a request.
        if (!text.empty()) {
            std::memcpy(cursor_, text.data(), text.size());
            cursor_ += text.size();
        }
    }
    /// In decimal.
    void append(std::uint64_t number) noexcept {
        const auto [end, error] = std::to_chars(cursor_, end_, number);
        TORC_ASSERT(error == std::errc());
        cursor_ = end;
    }
    /// "name: value\r\n".
    void field(std::string_view name, std::string_view value) noexcept {
        append(name);
        append(": ");
        append(value);
        append("\r\n");
    }
    void field(std::string_view name, std::uint64_t value) noexcept {
        append(name);
        append(": ");
        append(value);
        append("\r\n");
    }
    /// By PercentEncoder::Part::path; at most 3 times as long.
    void append_path_encoded(std::string_view path) noexcept;
    /// By PercentEncoder::Part::segment; at most 3 times as long.
    void append_segment_encoded(std::string_view segment) noexcept;
    /// By PercentEncoder::Part::query; at most 3 times as long.
    void append_query(std::string_view query) noexcept;

    [[nodiscard]] std::size_t room() const noexcept {
        return static_cast<std::size_t>(end_ - cursor_);
    }
    [[nodiscard]] std::string_view written() const noexcept {
        return {begin_, static_cast<std::size_t>(cursor_ - begin_)};
    }

private:
    char* begin_;
    char* cursor_;
    char* end_;
};

}  // namespace torc::http
