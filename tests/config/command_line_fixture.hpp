#pragma once

#include <torc/base/start_error.hpp>
#include <torc/base/unique_fd.hpp>
#include <torc/config/command_line.hpp>

#include "support/environment.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace torc::config::test {

/// Standard output is another file for as long as this lives.
class RedirectedOutput {
public:
    explicit RedirectedOutput(const UniqueFd& target) {
        std::fflush(stdout);
        original_.reset(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
        ::dup2(target.get(), STDOUT_FILENO);
    }
    RedirectedOutput(const RedirectedOutput&) = delete;
    RedirectedOutput& operator=(const RedirectedOutput&) = delete;
    ~RedirectedOutput() {
        std::fflush(stdout);
        ::dup2(original_.get(), STDOUT_FILENO);
    }

private:
    UniqueFd original_;
};

/// The variables of this process that torc could read.
inline std::vector<std::string> own_variables() {
    std::vector<std::string> names = {"PORT"};
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text(*variable);
        if (text.starts_with("TORC_")) {
            names.emplace_back(text.substr(0, text.find('=')));
        }
    }
    return names;
}

class CommandLineTest : public ::testing::Test {
protected:
    CommandLineTest() {
        for (const std::string& name : own_variables()) {
            set(name.c_str(), nullptr);
        }
    }

    void set(const char* name, const char* value) { environment_.emplace_back(name, value); }

    /// With standard output not at a terminal, unless the test says otherwise.
    std::variant<Settings, Inquiry, Verdict> read(const std::vector<std::string>& arguments) {
        std::vector<const char*> argv = {"torc"};
        for (const std::string& argument : arguments) {
            argv.push_back(argument.c_str());
        }
        const RedirectedOutput redirected(output_);
        return read_command_line(static_cast<int>(argv.size()), argv.data());
    }
    Settings settings(std::vector<std::string> arguments = {}) {
        arguments.insert(arguments.begin(), "./site");
        return std::get<Settings>(read(arguments));
    }
    std::string refusal(const std::vector<std::string>& arguments) {
        try {
            (void)read(arguments);
            return "";
        } catch (const StartError& error) {
            return error.what();
        }
    }
    void use_terminal() {
        output_.reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        ASSERT_TRUE(::isatty(output_.get()));
    }

    std::list<torc::test::ScopedVariable> environment_;
    UniqueFd output_{::memfd_create("stdout", MFD_CLOEXEC)};
};

}  // namespace torc::config::test
