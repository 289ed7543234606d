#include <torc/base/event_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <poll.h>

namespace torc {
namespace {

bool is_readable(const EventFd& event) {
    pollfd waited{.fd = event.descriptor(), .events = POLLIN, .revents = 0};
    return ::poll(&waited, 1, 0) == 1;
}

TEST(EventFd, IsReadableFromASignalUntilItIsCleared) {
    const auto event = EventFd::create();
    ASSERT_TRUE(event);
    EXPECT_FALSE(is_readable(*event));
    event->signal();
    event->signal();
    EXPECT_TRUE(is_readable(*event));
    event->clear();
    EXPECT_FALSE(is_readable(*event)) << "signals are merged";
}

TEST(EventFd, WaitsForNothingWhenClearedInVain) {
    const EventFd event = EventFd::create_at_start();
    event.clear();
    EXPECT_FALSE(is_readable(event));
}

TEST(EventFd, BlocksAReaderOnlyIfAskedTo) {
    const auto flags = [](EventFd::EmptyRead empty_read) {
        const auto event = EventFd::create(empty_read);
        return event ? ::fcntl(event->descriptor(), F_GETFL) & O_NONBLOCK : -1;
    };
    EXPECT_EQ(flags(EventFd::EmptyRead::fails), O_NONBLOCK);
    EXPECT_EQ(flags(EventFd::EmptyRead::waits), 0);
}

}  // namespace
}  // namespace torc
