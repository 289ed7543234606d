#include <torc/server/version.hpp>

#include <gtest/gtest.h>

namespace torc::server {
namespace {

TEST(VersionText, NamesTorcItsCompilerAndTheKernel) {
    const std::string text = version_text();
    EXPECT_TRUE(text.starts_with("torc ")) << text;
    EXPECT_NE(text.find("io_uring"), std::string::npos) << text;
}

}  // namespace
}  // namespace torc::server
