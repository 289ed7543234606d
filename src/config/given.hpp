#pragma once

#include <torc/base/start_error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace torc::config {

/// A place in a configuration file, counted from 1; line 0: in none.
struct Position {
    /// Which file: 0 is the one that was named, the others are those that it includes.
    std::uint32_t file = 0;
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    [[nodiscard]] bool operator==(const Position&) const = default;
    [[nodiscard]] auto operator<=>(const Position&) const = default;
};

struct Value {
    std::string text;
    Position position{};
};

/// What a table that stands for a value says beside the text of that, by one of its keys. A list is
/// several with the same key.
struct ValuePart {
    /// Which of Given::values it is about.
    std::size_t value = 0;
    std::string key;
    std::string text;
    Position position{};
};

/// From what an option's value comes; the first of these that has one wins.
enum class Source : std::uint8_t { command_line, environment, file };

/// An option as it was given, not yet parsed.
struct Given {
    Source source = Source::command_line;
    /// What an error calls it: "--port", "TORC_PORT", "server.port".
    std::string name;
    /// One, or several of a list.
    std::vector<Value> values{};
    /// Of its key in a file.
    Position position{};
    std::vector<ValuePart> parts{};
};

/// Everything that is wrong with what was given.
class Problems {
public:
    struct Problem {
        Position position;
        std::string message;
    };

    void add(Position position, std::string message) {
        all_.push_back({.position = position, .message = std::move(message)});
    }
    /// Calls `parse`, and notes the StartError that it throws.
    template <typename Parse>
    void attempt(Position position, Parse parse) {
        try {
            parse();
        } catch (const StartError& error) {
            add(position, error.what());
        }
    }
    /// Notes what is odd, though no error.
    void warn(Position position, std::string message) {
        warnings_.push_back({.position = position, .message = std::move(message)});
    }
    /// In the order in which they were found.
    [[nodiscard]] const std::vector<Problem>& all() const noexcept { return all_; }
    [[nodiscard]] const std::vector<Problem>& warnings() const noexcept { return warnings_; }

private:
    std::vector<Problem> all_;
    std::vector<Problem> warnings_;
};

}  // namespace torc::config
