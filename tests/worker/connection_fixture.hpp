#pragma once

#include "site/assets.hpp"
#include "support/temporary_directory.hpp"
#include "worker/connection_harness.hpp"

#include <gtest/gtest.h>

#include <string>

namespace torc::worker::test {

/// A site with "a" (5 bytes in memory), "b" (1 byte in memory), "large" (on disk) and "directory".
class ConnectionTest : public ::testing::Test {
protected:
    ConnectionTest() { fill(harness_); }

    static void fill(ConnectionHarness& harness) {
        harness.put("a", site::test::memory_asset("12345"));
        harness.put("b", site::test::memory_asset("b"));
        harness.put("large", site::test::disk_asset(large_bytes()));
        harness.put("directory", site::Asset::redirect("directory/"));
    }
    static const std::string& large_bytes() {
        static const std::string bytes = torc::test::patterned_bytes(300'000);
        return bytes;
    }

    ConnectionHarness harness_;
};

}  // namespace torc::worker::test
