#pragma once

#include <torc/config/settings.hpp>
#include <torc/worker/log_writer.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace torc::server {

/// Whether lines have their level in front, as the journal takes it.
enum class LineForm : std::uint8_t { plain, with_level };

/// What torc tells whoever runs it, on standard error: makes all of spdlog's messages, and the
/// texts given to `print`, go through a thread of its own. So nobody waits for a terminal that was
/// stopped or a pipe that nobody reads, and no message can end the process: what can't be written
/// is lost, and counted where that can still be told. Where standard error is the journal's, each
/// line has its level in front.
class Diagnostics {
public:
    /// From here on to the end of the process. Without a thread, for want of one, messages are
    /// written as far as that needs no waiting.
    Diagnostics();
    Diagnostics(const Diagnostics&) = delete;
    Diagnostics& operator=(const Diagnostics&) = delete;
    /// As `finish`.
    ~Diagnostics();

    /// `text`: whole lines.
    void print(std::string_view text) noexcept;
    /// The same of what is wrong.
    void print_error(std::string_view text) noexcept;
    /// Waits for at most a second until all is written, and writes no more.
    void finish();

private:
    std::optional<worker::LogWriter> writer_;
    std::shared_ptr<worker::LogQueue> queue_;
    LineForm form_;
};

/// Which of spdlog's messages come from now on.
void set_log_level(config::LogLevel level) noexcept;

/// Opens /dev/null for those of the standard descriptors (0, 1 and 2) that are closed, so that no
/// socket or file gets their number and with it what is meant for a person. To be called before
/// anything else is opened.
void reserve_standard_descriptors() noexcept;

}  // namespace torc::server
