#pragma once

#include <torc/config/settings.hpp>

#include "given.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::config {

/// The headings of the help, in its order.
enum class Group : std::uint8_t {
    subject,
    listening,
    serving,
    responding,
    running,
    clients,
    configuring,
    reporting,
};
inline constexpr std::size_t groups = 8;

/// What may have a value of its own of an option of sites.
enum class Extent : std::uint8_t {
    /// Each area, each site and [defaults].
    area,
    /// Each area and each site.
    place,
    /// Each site.
    site,
    /// Each site and [defaults].
    site_and_defaults,
};

/// When a change takes effect in a server that runs.
enum class Liveness : std::uint8_t {
    /// When the configuration is loaded anew.
    live,
    /// In a new process alone: it is a matter of threads or of the memory that they share.
    upgrade,
};

/// Where the values of options go.
struct Destination {
    Settings& settings;
    SiteSettings& site;
    /// Of the site: the whole of it, or one of its areas.
    AreaSettings& area;
};

// What an option takes: how its text is parsed, which values it may have, and where they go. Each
// `set` may throw StartError, which names the option as the user gave it.

/// A whole number from `min` to `max`.
struct Number {
    std::uint64_t min;
    std::uint64_t max;
    void (*set)(const Destination& destination, std::uint64_t number);
};

/// A number of bytes from `min` to `max`, with or without a unit.
struct Size {
    std::uint64_t min;
    std::uint64_t max;
    void (*set)(const Destination& destination, std::uint64_t bytes);
};

/// Whole seconds, from `min` to duration_max.
struct Duration {
    std::chrono::seconds min;
    /// Of the server, or of an area.
    std::variant<std::chrono::seconds Timeouts::*, std::chrono::seconds site::LoadRules::*> value;
};
inline constexpr std::chrono::hours duration_max{24};

/// One of several words.
struct Choice {
    std::span<const std::string_view> words;
    void (*set)(const Destination& destination, std::size_t index);
};

/// On or off. On the command line its name alone means on, and one that begins with "--no-" off.
struct Toggle {
    void (*set)(const Destination& destination, bool is_on);
};

/// Anything. `name`: what an error calls the option.
struct Text {
    void (*set)(const Destination& destination, std::string_view name, const std::string& text);
};

/// Anything, or nothing: in a file `false`, which is here an empty text.
struct OptionalText {
    void (*set)(const Destination& destination, std::string_view name, const std::string& text);
};

/// Any number of values; those that are given replace the default.
struct List {
    /// What separates them in a variable and in one value of the command line.
    char delimiter;
    void (*set)(const Destination& destination, const Given& given, Problems& problems);
};

/// Where requests are logged: a file, "-" or "off". In a file there may be a table in its place,
/// with the format beside the file.
struct LogTarget {
    void (*set)(const Destination& destination, AccessLogSettings log);
};

/// The words for LogFormat, in the order of its values.
inline constexpr std::array<std::string_view, 3> log_format_words = {"combined", "combined-plus",
                                                                     "json"};

/// Takes no value and sets nothing: it asks for something else than a server.
struct Question {};

/// A key that means something only with others of its table, and is read with them (see
/// site_tables).
struct Part {};

using Kind = std::variant<Number, Size, Duration, Choice, Toggle, Text, OptionalText, List,
                          LogTarget, Question, Part>;

/// One option, all that is to be known of it. The command line, the environment, the help, the
/// manual page and the commented configuration file are made of these rows, and a test holds README
/// to them.
struct Option {
    /// Its names on the command line, such as "-p,--port"; without dashes: it is the argument that
    /// needs no name. Empty: it is a matter of configuration files alone.
    std::string_view flags{};
    /// Its variable; empty: none.
    std::string_view variable{};
    /// Its key in a configuration file; empty: none. What is said of "site.x" goes for "x" of
    /// [defaults] and of areas too, where `extent` lets it.
    std::string_view key{};
    Extent extent = Extent::area;
    /// What its value is called in the help; empty: it takes none.
    std::string_view value_name{};
    Group group = Group::subject;
    Liveness liveness = Liveness::live;
    /// As a user would write it, several of a list with its delimiter; empty: see default_note.
    std::string_view default_value{};
    /// The default in words, where it follows from something; empty: default_value tells it.
    std::string_view default_note{};
    /// A value that shows how to give it, where no default does; of a Part as a file has it.
    std::string_view example{};
    Kind kind;
    std::string_view help;
};

/// All options, in the order of the help. A value is set after those of the rows before it.
[[nodiscard]] std::span<const Option> options();

// The tables that these are copied from.
/// What each site may have of its own.
[[nodiscard]] std::span<const Option> site_options() noexcept;
/// What there is once in a process, but for its logs.
[[nodiscard]] std::span<const Option> server_options() noexcept;
/// What it logs, and where.
[[nodiscard]] std::span<const Option> log_options() noexcept;
/// Of these what there is for those who run it.
[[nodiscard]] std::span<const Option> operation_options() noexcept;

/// The row of the flag `name` ("--port", "DIR"), which there must be.
[[nodiscard]] const Option& option_named(std::string_view name);

/// The row of the key "server.port", which there must be.
[[nodiscard]] const Option& option_with_key(std::string_view key);

/// Null: there is no such key.
[[nodiscard]] const Option* find_key(std::string_view key);

/// Whether it is a matter of each site, and not of the process.
[[nodiscard]] constexpr bool is_of_site(const Option& option) noexcept {
    return option.key.starts_with("site.");
}

/// All names of an option on the command line, as in "-p", "--port".
[[nodiscard]] std::vector<std::string_view> names_of(const Option& option);

/// The name that errors use: the first long one; without any, the key.
[[nodiscard]] std::string_view name_of(const Option& option);

/// What was given of options: of each only the source that wins.
class GivenOptions {
public:
    /// Keeps what an earlier call has added for the same option.
    void add(const Option& option, Given given);
    /// Null: not given. Until the next `add`.
    [[nodiscard]] const Given* find(const Option& option) const noexcept;

private:
    struct Entry {
        const Option* option;
        Given given;
    };

    /// Few: there may be thousands of sites.
    std::vector<Entry> entries_;
};

/// Parses `given` as the value of `option`.
void set_option(const Destination& destination, const Option& option, const Given& given,
                Problems& problems);

}  // namespace torc::config
