#include "proactor_fixture.hpp"

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

INSTANTIATE_TEST_SUITE_P(Every, ProactorInput, every_backend(), backend_name);

}  // namespace
}  // namespace torc::io::test
