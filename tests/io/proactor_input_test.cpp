#include <torc/base/event_fd.hpp>

#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"
#include "support/temporary_mount.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

namespace torc::io::test {
namespace {

class ProactorInput : public ProactorTest {
protected:
    EventFd source_ = EventFd::create().value();
};

TEST_P(ProactorInput, CompletesWhenThereIsSomethingToRead) {
    const Token awaited = await_input(source_.descriptor());
    settle();
    EXPECT_FALSE(take(awaited));
    source_.signal();
    EXPECT_GT(finish(awaited).result, 0);
}

TEST_P(ProactorInput, CompletesAtOnceWhenThereIsSomethingAlready) {
    source_.signal();
    EXPECT_GT(finish(await_input(source_.descriptor())).result, 0);
}

TEST_P(ProactorInput, CompletesOnceForEachTimeItIsAsked) {
    source_.signal();
    EXPECT_GT(finish(await_input(source_.descriptor())).result, 0);
    source_.signal();
    settle();
    EXPECT_TRUE(take_all().empty());
    EXPECT_GT(finish(await_input(source_.descriptor())).result, 0) << "something was left unread";
    source_.clear();
    const Token awaited = await_input(source_.descriptor());
    settle();
    EXPECT_FALSE(take(awaited));
    source_.signal();
    EXPECT_GT(finish(awaited).result, 0);
}

TEST_P(ProactorInput, TellsThatMountsHaveChangedOnceForEachTimeItIsAsked) {
    if (!torc::test::may_mount()) {
        GTEST_SKIP() << "it takes root, or CAP_SYS_ADMIN, to mount";
    }
    const torc::test::TemporaryDirectory directory;
    const UniqueFd mounts(
        check(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC), "open /proc/self/mountinfo"));
    const Token first = await_priority(mounts.get());
    settle();
    auto mount = torc::test::TemporaryMount::tmpfs(directory.path());
    EXPECT_GT(finish(first).result, 0);
    settle();
    EXPECT_TRUE(take_all().empty());
    const Token second = await_priority(mounts.get());
    mount.unmount();
    EXPECT_GT(finish(second).result, 0);
}

INSTANTIATE_TEST_SUITE_P(Every, ProactorInput, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
