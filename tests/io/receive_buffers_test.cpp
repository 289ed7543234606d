#include "receive_buffers.hpp"

#include <torc/base/limits.hpp>

#include "support/resident_pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace torc::io {
namespace {

using test::resident_pages;

ReceiveBuffers make_buffers() {
    auto buffers = ReceiveBuffers::create();
    EXPECT_TRUE(buffers.has_value());
    return *std::move(buffers);
}

/// In bytes, of all buffers.
std::size_t memory_of(const ReceiveBuffers& buffers) {
    return test::page_bytes() *
           resident_pages(buffers.address(0),
                          std::size_t{limits::receive_buffers} * limits::receive_buffer_bytes);
}

TEST(ReceiveBuffers, CostNoMemoryAtFirst) {
    const ReceiveBuffers buffers = make_buffers();
    EXPECT_EQ(buffers.ready(), 0U);
    EXPECT_EQ(memory_of(buffers), 0U);
}

TEST(ReceiveBuffers, AreInMemoryWhenTheyAreReady) {
    ReceiveBuffers buffers = make_buffers();
    buffers.make_more_ready();
    EXPECT_EQ(buffers.ready(), limits::receive_buffers_at_first);
    EXPECT_EQ(memory_of(buffers),
              std::size_t{limits::receive_buffers_at_first} * limits::receive_buffer_bytes);
}

TEST(ReceiveBuffers, DoubleUntilAllAreReady) {
    ReceiveBuffers buffers = make_buffers();
    std::uint32_t expected = limits::receive_buffers_at_first;
    for (; expected <= limits::receive_buffers; expected *= 2) {
        buffers.make_more_ready();
        EXPECT_EQ(buffers.ready(), expected);
    }
    buffers.make_more_ready();
    EXPECT_EQ(buffers.ready(), limits::receive_buffers);
}

}  // namespace
}  // namespace torc::io
