#pragma once

#include <torc/base/limits.hpp>
#include <torc/http/request_parser.hpp>

#include "support/guarded_buffer.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string_view>

namespace torc::http::test {

/// An input parsed where it ends right before a guard page, together with its bytes.
class ParsedHead {
public:
    explicit ParsedHead(std::string_view input, std::size_t scanned_bytes = 0,
                        const ParseLimits& limits = {})
        : buffer_(input.size()),
          input_(buffer_.place(input)),
          result_(parse_request(input_, scanned_bytes, request_, limits)) {}

    [[nodiscard]] std::string_view input() const { return input_; }
    [[nodiscard]] const ParseResult& result() const { return result_; }
    /// Meaningful when the result says `parsed`.
    [[nodiscard]] const Request& request() const { return request_; }

private:
    torc::test::GuardedBuffer buffer_;
    std::string_view input_;
    Request request_;
    ParseResult result_;
};

/// Checks that two parses of the same bytes came to the same verdict and, when parsed, to the same
/// request.
inline void expect_same(const ParsedHead& actual, const ParsedHead& expected) {
    ASSERT_EQ(actual.result().state, expected.result().state);
    EXPECT_EQ(actual.result().status, expected.result().status);
    EXPECT_EQ(actual.result().reason, expected.result().reason);
    if (expected.result().state != ParseState::parsed) {
        return;
    }
    const Request& request = actual.request();
    const Request& wanted = expected.request();
    EXPECT_EQ(request.method, wanted.method);
    EXPECT_EQ(request.method_text, wanted.method_text);
    EXPECT_EQ(request.target, wanted.target);
    EXPECT_EQ(request.version_minor, wanted.version_minor);
    EXPECT_EQ(request.request_line, wanted.request_line);
    EXPECT_EQ(request.head_bytes, wanted.head_bytes);
    EXPECT_EQ(request.present, wanted.present);
    ASSERT_EQ(request.field_count, wanted.field_count);
    for (std::size_t i = 0; i < request.field_count; ++i) {
        EXPECT_EQ(request.fields()[i].name, wanted.fields()[i].name);
        EXPECT_EQ(request.fields()[i].value, wanted.fields()[i].value);
        EXPECT_EQ(request.fields()[i].id, wanted.fields()[i].id);
    }
}

}  // namespace torc::http::test
