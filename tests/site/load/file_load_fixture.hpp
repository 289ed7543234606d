#pragma once

#include <torc/site/load/file_load.hpp>

#include "site/assets.hpp"
#include "site/load/step_name.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace torc::site {

using Step = test::StepName;

/// A load whose system calls are answered by the test. Descriptors are real, what they say is not.
class FileLoadTest : public ::testing::Test {
protected:
    void start(const file::Metadata* known = nullptr) {
        EXPECT_EQ(start("directory/file", known), Step::open);
    }
    Step start(std::string path, const file::Metadata* known, std::size_t beginning_bytes = 0,
               std::size_t end_bytes = 0) {
        return take(load_.start(std::move(path), known, beginning_bytes, end_bytes));
    }
    Step open() { return open(test::anonymous_file("")); }
    Step open(FileHandle file) { return take(load_.on_opened(std::move(file))); }
    Step stat(int mode, std::uint64_t size, std::uint32_t modified_nanoseconds = 0) {
        struct statx& status = *std::get<StatFile>(step_).status;
        status = {};
        status.stx_mode = static_cast<decltype(status.stx_mode)>(mode);
        status.stx_size = size;
        status.stx_mtime.tv_sec = modified_seconds_;
        status.stx_mtime.tv_nsec = modified_nanoseconds;
        return take(load_.on_stated());
    }
    /// Answers a read with as many of `bytes` as fit.
    Step read(std::string_view bytes) {
        const std::span<std::byte> buffer = read_buffer();
        const std::size_t count = std::min(bytes.size(), buffer.size());
        std::memcpy(buffer.data(), bytes.data(), count);
        return take(load_.on_read(count));
    }
    Step fail(int error) { return take(load_.on_failed(Errno(error))); }

    // The operands of the last step.
    [[nodiscard]] bool is_strict() const { return std::get<OpenFile>(step_).is_strict; }
    [[nodiscard]] std::span<std::byte> read_buffer() const {
        return std::get<ReadFile>(step_).buffer;
    }
    [[nodiscard]] std::uint64_t read_offset() const { return std::get<ReadFile>(step_).offset; }

    std::string_view contents() {
        outcome_ = load_.take_outcome();
        EXPECT_FALSE(outcome_.error);
        return outcome_.contents.view();
    }

    /// What has this time was written just now.
    static constexpr std::int64_t now_seconds =
        std::chrono::duration_cast<std::chrono::seconds>(test::loaded_at.time_since_epoch())
            .count();
    /// Tells one version from another, unless a test says otherwise.
    std::int64_t modified_seconds_ = 1'600'000'000;
    FileLoad load_{10, test::loaded_at};
    FileLoad::Outcome outcome_;

private:
    /// Every digest may begin at once.
    Step take(LoadStep step) {
        step_ = is<BeginDigest>(step) ? load_.on_digest_begun() : step;
        return test::name_of(step_);
    }

    LoadStep step_ = LoadFinished{};
};

}  // namespace torc::site
