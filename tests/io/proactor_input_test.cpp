#include "proactor_fixture.hpp"
#include "support/temporary_directory.hpp"
#include "support/temporary_mount.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

namespace torc::io::test {
namespace {

class ProactorInput : public ProactorTest {
protected:
    void put() const {
        const std::uint64_t one = 1;
        check(static_cast<int>(::write(source_.get(), &one, sizeof one)), "write");
    }
    void take_it() const {
        std::uint64_t count = 0;
        check(static_cast<int>(::read(source_.get(), &count, sizeof count)), "read");
    }

    UniqueFd source_{check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")};
};

TEST_P(ProactorInput, CompletesWhenThereIsSomethingToRead) {
    const Token awaited = await_input(source_.get());
    settle();
    EXPECT_FALSE(take(awaited));
    put();
    EXPECT_GT(finish(awaited).result, 0);
}

TEST_P(ProactorInput, CompletesAtOnceWhenThereIsSomethingAlready) {
    put();
    EXPECT_GT(finish(await_input(source_.get())).result, 0);
}

TEST_P(ProactorInput, CompletesOnceForEachTimeItIsAsked) {
    put();
    EXPECT_GT(finish(await_input(source_.get())).result, 0);
    put();
    settle();
    EXPECT_TRUE(take_all().empty());
    EXPECT_GT(finish(await_input(source_.get())).result, 0) << "something was left unread";
    take_it();
    const Token awaited = await_input(source_.get());
    settle();
    EXPECT_FALSE(take(awaited));
    put();
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
