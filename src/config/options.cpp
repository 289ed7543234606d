#include "options.hpp"

#include <torc/base/assert.hpp>

#include "option_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace torc::config {
namespace {

/// Sorted by the headings of the help; a site's before those of the server under the same.
std::vector<Option> all_rows() {
    std::vector<Option> rows;
    for (std::size_t group = 0; group < groups; ++group) {
        for (const std::span<const Option> table :
             {site_options(), log_options(), server_options(), operation_options()}) {
            std::ranges::copy_if(table, std::back_inserter(rows), [group](const Option& option) {
                return static_cast<std::size_t>(option.group) == group;
            });
        }
    }
    return rows;
}

std::size_t choose_word(std::span<const std::string_view> words, std::string_view name,
                        std::string_view text) {
    const auto found = std::ranges::find(words, text);
    if (found == words.end()) {
        throw StartError(fmt::format("{} {}: give one of {}", name, text, fmt::join(words, ", ")));
    }
    return static_cast<std::size_t>(found - words.begin());
}

/// `given`: a file, or a file and a format.
void set_log(const Destination& destination, const LogTarget& kind, const Given& given,
             Problems& problems) {
    const std::string& file = given.values.front().text;
    AccessLogSettings log{.file = file == "off" ? std::string() : file};
    if (given.values.size() > 1) {
        const Value& format = given.values[1];
        problems.attempt(format.position, [&] {
            log.format = static_cast<LogFormat>(
                choose_word(log_format_words, given.name + ".format", format.text));
        });
    }
    kind.set(destination, std::move(log));
}

/// Parses and sets the value of an option that is neither a list nor a log. Throws StartError.
struct ValueSetter {
    const Destination& destination;
    std::string_view name;
    const std::string& text;

    void operator()(const Number& kind) const {
        kind.set(destination, parse_number(name, text, kind.min, kind.max));
    }
    void operator()(const Size& kind) const {
        kind.set(destination, parse_size(name, text, kind.min, kind.max));
    }
    void operator()(const Duration& kind) const {
        const std::chrono::seconds duration = parse_duration(name, text, kind.min, duration_max);
        if (const auto* const of_server =
                std::get_if<std::chrono::seconds Timeouts::*>(&kind.value)) {
            destination.settings.timeouts.** of_server = duration;
        } else {
            destination.area.load_rules.*std::get<1>(kind.value) = duration;
        }
    }
    void operator()(const Choice& kind) const {
        kind.set(destination, choose_word(kind.words, name, text));
    }
    void operator()(const Toggle& kind) const { kind.set(destination, parse_toggle(name, text)); }
    void operator()(const Text& kind) const { kind.set(destination, name, text); }
    void operator()(const OptionalText& kind) const { kind.set(destination, name, text); }
    void operator()(const auto& /*kind*/) const { TORC_ASSERT(false); }
};

}  // namespace

std::span<const Option> options() {
    static const std::vector<Option> rows = all_rows();
    return rows;
}

const Option& option_named(std::string_view name) {
    const auto found = std::ranges::find_if(options(), [name](const Option& option) {
        const std::vector<std::string_view> names = names_of(option);
        return std::ranges::find(names, name) != names.end();
    });
    TORC_ASSERT(found != options().end());
    return *found;
}

const Option* find_key(std::string_view key) {
    const auto found = std::ranges::find(options(), key, &Option::key);
    return found != options().end() ? &*found : nullptr;
}

const Option& option_with_key(std::string_view key) {
    const Option* const found = find_key(key);
    TORC_ASSERT(found != nullptr);
    return *found;
}

std::vector<std::string_view> names_of(const Option& option) {
    std::vector<std::string_view> names;
    if (!option.flags.empty()) {
        for (const auto name : std::views::split(option.flags, ',')) {
            names.emplace_back(name);
        }
    }
    return names;
}

std::string_view name_of(const Option& option) {
    const std::vector<std::string_view> names = names_of(option);
    if (names.empty()) {
        return option.key;
    }
    const auto is_long = [](std::string_view name) { return name.starts_with("--"); };
    const auto found = std::ranges::find_if(names, is_long);
    return found != names.end() ? *found : names.front();
}

void GivenOptions::add(const Option& option, Given given) {
    if (find(option) == nullptr) {
        entries_.push_back({.option = &option, .given = std::move(given)});
    }
}

const Given* GivenOptions::find(const Option& option) const noexcept {
    const auto found = std::ranges::find(entries_, &option, &Entry::option);
    return found != entries_.end() ? &found->given : nullptr;
}

void set_option(const Destination& destination, const Option& option, const Given& given,
                Problems& problems) {
    if (const auto* list = std::get_if<List>(&option.kind)) {
        list->set(destination, given, problems);
        return;
    }
    if (const auto* log = std::get_if<LogTarget>(&option.kind)) {
        set_log(destination, *log, given, problems);
        return;
    }
    const Value& value = given.values.front();
    problems.attempt(value.position, [&] {
        std::visit(ValueSetter{.destination = destination, .name = given.name, .text = value.text},
                   option.kind);
    });
}

}  // namespace torc::config
