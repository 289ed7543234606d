#pragma once

#include <torc/io/proactor.hpp>

#include <cstdint>
#include <future>

namespace torc::io::test {

/// Runs until it is let go.
class HeldJob final : public BlockingJob {
public:
    std::int32_t run() noexcept override {
        go_.get_future().wait();
        return 0;
    }
    void let_go() { go_.set_value(); }

private:
    std::promise<void> go_;
};

}  // namespace torc::io::test
