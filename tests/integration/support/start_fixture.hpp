#pragma once

#include "integration/support/server_process.hpp"
#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace torc::test {

class Start : public ::testing::Test {
protected:
    [[nodiscard]] std::string site() const { return directory_.path().string(); }

    TemporaryDirectory directory_;
};

/// The exit status for a reason outside, which starting again may mend, and for what a user chose.
constexpr int failed_start = 1;
constexpr int usage_error = 2;

/// Expects that torc can't start and says so in one line with all of `parts` in it.
inline void expect_failure(const LaunchOptions& options, const std::vector<std::string>& parts,
                           int exit_code = failed_start) {
    const FinishedRun run = run_to_end(options);
    EXPECT_EQ(run.exit_code, exit_code);
    EXPECT_EQ(run.standard_output, "");
    EXPECT_TRUE(run.standard_error.starts_with("torc: ")) << run.standard_error;
    EXPECT_EQ(std::ranges::count(run.standard_error, '\n'), 1) << run.standard_error;
    EXPECT_TRUE(run.standard_error.ends_with('\n')) << run.standard_error;
    for (const std::string& part : parts) {
        EXPECT_TRUE(run.standard_error.contains(part))
            << part << "\nis not in: " << run.standard_error;
    }
}

}  // namespace torc::test
