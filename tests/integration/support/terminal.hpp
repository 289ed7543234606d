#pragma once

#include <torc/base/assert.hpp>
#include <torc/base/unique_fd.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>

namespace torc::test {

/// A terminal for a program to print to.
class Terminal {
public:
    Terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        std::array<char, 64> name{};
        TORC_ASSERT(master_ && ::grantpt(master_.get()) == 0 && ::unlockpt(master_.get()) == 0 &&
                    ::ptsname_r(master_.get(), name.data(), name.size()) == 0);
        slave_.reset(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
        TORC_ASSERT(slave_);
    }
    /// For the program.
    [[nodiscard]] int descriptor() const noexcept { return slave_.get(); }
    void resize(unsigned short columns, unsigned short lines) const {
        const winsize size{.ws_row = lines, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        TORC_ASSERT(::ioctl(master_.get(), TIOCSWINSZ, &size) == 0);
    }
    /// A line that was printed; waits for it.
    [[nodiscard]] std::string read_line() const {
        std::string line;
        for (char character = 0; character != '\n';) {
            if (::read(master_.get(), &character, 1) != 1) {
                break;
            }
            line += character;
        }
        return line;
    }

private:
    UniqueFd master_;
    UniqueFd slave_;
};

}  // namespace torc::test
