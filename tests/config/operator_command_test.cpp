#include <torc/base/start_error.hpp>
#include <torc/config/operator_command.hpp>

#include "support/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace torc::config {
namespace {

using Kind = OperatorCommand::Kind;

std::optional<OperatorCommand> read(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "torc");
    return read_operator_command(static_cast<int>(arguments.size()), arguments.data());
}

TEST(OperatorCommand, IsOneIfItsWordComesFirst) {
    EXPECT_EQ(read({"status"})->kind, Kind::status);
    EXPECT_EQ(read({"drain", "--json"})->format, OperatorCommand::Format::json);
    EXPECT_FALSE(read({"./status"}));
    EXPECT_FALSE(read({"--port", "80", "status"}));
    EXPECT_FALSE(read({}));
}

TEST(OperatorCommand, FindsTheSocketByTheOptionOrTheFile) {
    const torc::test::TemporaryDirectory directory;
    EXPECT_EQ(read({"status"})->socket_path, "/run/torc/admin.sock");
    EXPECT_EQ(read({"status", "--admin", "unix:/a.sock"})->socket_path, "/a.sock");
    EXPECT_EQ(read({"status", "--admin=/a.sock"})->socket_path, "/a.sock");
    // What else is wrong with it is for torc reload to find out.
    const std::string file =
        directory
            .write("torc.toml", "version = 1\n[server]\nwrokers = 2\nadmin = \"unix:/b.sock\"\n")
            .string();
    EXPECT_EQ(read({"reload", "-c", file.c_str()})->socket_path, "/b.sock");
    EXPECT_EQ(read({"reload", "-c", file.c_str(), "--admin", "/a.sock"})->socket_path, "/a.sock");
}

TEST(OperatorCommand, RefusesWhatMakesNoSense) {
    EXPECT_THROW((void)read({"status", "./site"}), StartError);
    EXPECT_THROW((void)read({"reload", "--watch"}), StartError);
    EXPECT_THROW((void)read({"reload", "--admin"}), StartError);
}

}  // namespace
}  // namespace torc::config
