#include <torc/base/cpu_set.hpp>
#include <torc/base/start_error.hpp>

#include <gtest/gtest.h>

#include <sched.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace torc {
namespace {

using Cpus = std::vector<unsigned>;

struct GoodList {
    std::string_view text;
    Cpus cpus;
};

TEST(CpuSet, ReadsLists) {
    const GoodList lists[] = {
        {"0", {0}},
        {"7", {7}},
        {"0-3", {0, 1, 2, 3}},
        {"2-2", {2}},
        {"0,2,4", {0, 2, 4}},
        {"4,0,2", {0, 2, 4}},
        {"0-2,1-3,2", {0, 1, 2, 3}},
        {"0-1,8,10-11", {0, 1, 8, 10, 11}},
        {"8191", {8191}},
    };
    for (const auto& [text, cpus] : lists) {
        EXPECT_EQ(parse_cpu_list("--cpus", text), cpus) << text;
    }
}

TEST(CpuSet, RefusesWhatIsNoList) {
    for (const std::string_view text : {"",
                                        ",",
                                        "-",
                                        "a",
                                        "0,",
                                        ",0",
                                        "0,,1",
                                        "0-",
                                        "-1",
                                        "3-1",
                                        "0-3-5",
                                        "0 1",
                                        " 0",
                                        "0 ",
                                        "0x1",
                                        "1.5",
                                        "8192",
                                        "0-8192",
                                        "99999999999999999999",
                                        "+1",
                                        "0;1"}) {
        EXPECT_THROW((void)parse_cpu_list("--cpus", text), StartError) << '"' << text << '"';
    }
}

TEST(CpuSet, ReadsNothingBeyondTheText) {
    EXPECT_EQ(parse_cpu_list("--cpus", std::string_view("12", 1)), Cpus{1});
}

TEST(CpuSet, NamesTheListThatItRefuses) {
    try {
        (void)parse_cpu_list("--cpus", "0-x");
        FAIL();
    } catch (const StartError& error) {
        EXPECT_STREQ(error.what(), "--cpus 0-x: not a list of CPUs; give one like 0-3 or 0,2,4");
    }
}

TEST(CpuSet, AcceptsWantedCpusThatAreAllowed) {
    EXPECT_NO_THROW(require_allowed({0, 2}, {0, 1, 2, 3}));
    EXPECT_NO_THROW(require_allowed({}, {0}));
}

TEST(CpuSet, NamesTheCpusThatAreNotAllowed) {
    try {
        require_allowed({0, 4, 5}, {0, 1});
        FAIL();
    } catch (const StartError& error) {
        EXPECT_STREQ(error.what(), "--cpus: this process may not run on CPU 4,5; it may on 0,1");
    }
}

TEST(CpuSet, KnowsTheCpuThatItRunsOn) {
    const Cpus cpus = allowed_cpus();
    ASSERT_FALSE(cpus.empty());
    EXPECT_TRUE(std::ranges::is_sorted(cpus));
    const int current = ::sched_getcpu();
    ASSERT_GE(current, 0);
    EXPECT_TRUE(std::ranges::binary_search(cpus, static_cast<unsigned>(current)));
}

TEST(CpuSet, PinsTheCallingThreadAlone) {
    const Cpus before = allowed_cpus();
    std::thread([&] {
        EXPECT_TRUE(pin_to_cpus({before.back()}));
        EXPECT_EQ(allowed_cpus(), Cpus{before.back()});
    }).join();
    EXPECT_EQ(allowed_cpus(), before);
}

TEST(CpuSet, ReportsACpuThatIsNotThere) {
    std::thread([] { EXPECT_FALSE(pin_to_cpus({8191})); }).join();
}

}  // namespace
}  // namespace torc
