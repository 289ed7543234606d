#include <torc/base/limits.hpp>
#include <torc/base/start_error.hpp>
#include <torc/server/diagnostics.hpp>
#include <torc/server/journal.hpp>

#include <fmt/format.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace torc::server {
namespace {

constexpr std::chrono::seconds finish_patience{1};

/// Writes what goes in without waiting.
void write_what_fits(std::string_view text) noexcept {
    auto file = worker::LogFile::of_descriptor(STDERR_FILENO);
    while (file && !text.empty()) {
        const auto written = file->write(text);
        if (!written) {
            return;
        }
        text.remove_prefix(*written);
    }
}

std::string_view color_of(spdlog::level::level_enum level) {
    switch (level) {
        case spdlog::level::debug:
            return "\033[36m";
        case spdlog::level::info:
            return "\033[32m";
        case spdlog::level::warn:
            return "\033[33m\033[1m";
        case spdlog::level::err:
        case spdlog::level::critical:
            return "\033[31m\033[1m";
        case spdlog::level::trace:
        case spdlog::level::off:
        case spdlog::level::n_levels:
            break;
    }
    return {};
}

/// Without a queue there is no thread to wait for a reader.
void push_or_write(worker::LogQueue* queue, std::string_view text) noexcept {
    if (queue != nullptr) {
        queue->push_copy(text);
    } else {
        write_what_fits(text);
    }
}

bool wants_color() noexcept {
    // NOLINTBEGIN(concurrency-mt-unsafe): nothing changes the environment.
    const char* const no_color = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    // NOLINTEND(concurrency-mt-unsafe)
    return ::isatty(STDERR_FILENO) == 1 && (no_color == nullptr || *no_color == '\0') &&
           terminal != nullptr && std::string_view(terminal) != "dumb";
}

JournalLevel journal_level_of(spdlog::level::level_enum level) noexcept {
    switch (level) {
        case spdlog::level::err:
        case spdlog::level::critical:
            return JournalLevel::error;
        case spdlog::level::warn:
            return JournalLevel::warning;
        case spdlog::level::debug:
        case spdlog::level::trace:
            return JournalLevel::debug;
        case spdlog::level::info:
        case spdlog::level::off:
        case spdlog::level::n_levels:
            break;
    }
    return JournalLevel::info;
}

LineForm form_of_standard_error() noexcept {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing changes the environment.
    const char* const stream = std::getenv("JOURNAL_STREAM");
    return stream != nullptr && is_journal(STDERR_FILENO, stream) ? LineForm::with_level
                                                                  : LineForm::plain;
}

class Sink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    Sink(std::shared_ptr<worker::LogQueue> queue, LineForm form)
        : queue_(std::move(queue)), form_(form) {}

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t formatted;
        formatter_->format(message, formatted);
        const std::string_view text(formatted.data(), formatted.size());
        if (form_ == LineForm::with_level) {
            push_or_write(queue_.get(), with_level(journal_level_of(message.level), text));
            return;
        }
        if (!is_colored_ || message.color_range_end <= message.color_range_start) {
            push_or_write(queue_.get(), text);
            return;
        }
        const auto colored = text.substr(message.color_range_start,
                                         message.color_range_end - message.color_range_start);
        push_or_write(
            queue_.get(),
            fmt::format("{}{}{}\033[m{}", text.substr(0, message.color_range_start),
                        color_of(message.level), colored, text.substr(message.color_range_end)));
    }
    void flush_() override {}

private:
    const std::shared_ptr<worker::LogQueue> queue_;
    const LineForm form_;
    const bool is_colored_ = wants_color();
};

}  // namespace

Diagnostics::Diagnostics() : form_(form_of_standard_error()) {
    try {
        auto queue = std::make_shared<worker::LogQueue>(limits::diagnostics_queue_bytes_max);
        if (auto file = worker::LogFile::of_descriptor(STDERR_FILENO)) {
            writer_.emplace(
                *std::move(file), queue, "diagnostics",
                [queue, form = form_](worker::LogWriter::Severity /*severity*/,
                                      const std::string& message) {
                    const std::string text = fmt::format("torc: warning: {}\n", message);
                    return queue->try_push_copy(form == LineForm::with_level
                                                    ? with_level(JournalLevel::warning, text)
                                                    : text);
                });
            queue_ = std::move(queue);
        }
    } catch (const StartError&) {  // NOLINT(bugprone-empty-catch)
        // The server will fail for the same reason, and say so.
    }
    auto logger = std::make_shared<spdlog::logger>("torc", std::make_shared<Sink>(queue_, form_));
    // By default it would be printed to standard error.
    logger->set_error_handler([](const std::string&) {});
    spdlog::set_default_logger(std::move(logger));
    spdlog::set_pattern("torc: %^%l%$: %v");
}

Diagnostics::~Diagnostics() {
    finish();
}

void Diagnostics::print(std::string_view text) noexcept {
    // The journal takes what has no level for information.
    push_or_write(queue_.get(), text);
}

void Diagnostics::print_error(std::string_view text) noexcept {
    if (form_ == LineForm::plain) {
        push_or_write(queue_.get(), text);
        return;
    }
    try {
        push_or_write(queue_.get(), with_level(JournalLevel::error, text));
    } catch (const std::bad_alloc&) {
        push_or_write(queue_.get(), text);
    }
}

void Diagnostics::finish() {
    if (writer_) {
        writer_->finish_within(finish_patience);
        writer_.reset();
    }
}

void set_log_level(config::LogLevel level) noexcept {
    constexpr std::array levels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                   spdlog::level::err, spdlog::level::off};
    spdlog::set_level(levels.at(static_cast<std::size_t>(level)));
}

void reserve_standard_descriptors() noexcept {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) < 0) {
            // The lowest that is free, so it is this one. Where there is no /dev/null, anything
            // that can't be written.
            const int access = descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY;
            if (::open("/dev/null", access) < 0) {
                [[maybe_unused]] const int directory = ::open("/", O_PATH | O_DIRECTORY);
            }
        }
    }
}

}  // namespace torc::server
