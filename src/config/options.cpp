#include "options.hpp"

#include <torc/base/assert.hpp>

#include "option_value.hpp"
#include "site_values.hpp"

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
        for (const std::span<const Option> table : {site_options(), server_options()}) {
            std::ranges::copy_if(table, std::back_inserter(rows), [group](const Option& option) {
                return static_cast<std::size_t>(option.group) == group;
            });
        }
    }
    return rows;
}

std::size_t index_of(const Option& option) {
    const std::ptrdiff_t index = &option - options().data();
    TORC_ASSERT(index >= 0 && static_cast<std::size_t>(index) < options().size());
    return static_cast<std::size_t>(index);
}

std::size_t choose_word(const Choice& choice, std::string_view name, std::string_view text) {
    const auto found = std::ranges::find(choice.words, text);
    if (found == choice.words.end()) {
        throw StartError(
            fmt::format("{} {}: give one of {}", name, text, fmt::join(choice.words, ", ")));
    }
    return static_cast<std::size_t>(found - choice.words.begin());
}

/// Parses and sets the value of an option that is not a list. Throws StartError.
struct ValueSetter {
    Settings& settings;
    std::string_view name;
    const std::string& text;

    void operator()(const Number& kind) const {
        kind.set(settings, parse_number(name, text, kind.min, kind.max));
    }
    void operator()(const Size& kind) const {
        kind.set(settings, parse_size(name, text, kind.min, kind.max));
    }
    void operator()(const Duration& kind) const {
        settings.timeouts.*kind.value = parse_duration(name, text, kind.min, duration_max);
    }
    void operator()(const Choice& kind) const { kind.set(settings, choose_word(kind, name, text)); }
    void operator()(const Toggle& kind) const { kind.set(settings, parse_toggle(name, text)); }
    void operator()(const Text& kind) const { kind.set(settings, name, text); }
    void operator()(const List& /*kind*/) const { TORC_ASSERT(false); }
    void operator()(const Question& /*kind*/) const { TORC_ASSERT(false); }
};

/// How errors call an option whether it was given or not; `source`: where it may be given.
std::string_view given_name(const GivenOptions& given, const Option& option, Source source) {
    if (const Given* const found = given.find(option)) {
        return found->name;
    }
    return source == Source::file ? option.key : name_of(option);
}

Position given_position(const GivenOptions& given, const Option& option) {
    const Given* const found = given.find(option);
    return found != nullptr && !found->values.empty() ? found->values.front().position : Position{};
}

/// What is right only together.
void check_together(const Settings& settings, const GivenOptions& given, Problems& problems) {
    const http::ParseLimits& limits = settings.parse_limits;
    const Option& head = option_named("--max-request-head");
    const Option& line = option_named("--max-request-line");
    if (limits.head_bytes_max <= limits.line_bytes_max) {
        const Given* const written = given.find(given.find(head) != nullptr ? head : line);
        const Source source = written != nullptr ? written->source : Source::command_line;
        problems.add(written != nullptr ? written->values.front().position : Position{},
                     fmt::format("{} {}: must be more than {}, which is {}",
                                 given_name(given, head, source), limits.head_bytes_max,
                                 given_name(given, line, source), limits.line_bytes_max));
    }
}

/// What follows from several options, or from where standard output goes.
void finish(Settings& settings, const GivenOptions& given, Output output, Problems& problems) {
    const Option& header = option_named("--header");
    problems.attempt(given_position(given, header), [&] {
        settle_cache_control(settings, given_name(given, header, Source::command_line));
    });
    if (settings.shares && settings.addresses.empty()) {
        settings.addresses = {"0.0.0.0", "::"};
    }
    if (settings.opens_browser && output != Output::terminal) {
        settings.opens_browser = false;
        settings.warnings.emplace_back(
            "--open: no browser is opened, since standard output is no terminal");
    }
    check_together(settings, given, problems);
}

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

std::vector<std::string_view> names_of(const Option& option) {
    std::vector<std::string_view> names;
    for (const auto name : std::views::split(option.flags, ',')) {
        names.emplace_back(name);
    }
    return names;
}

std::string_view name_of(const Option& option) {
    const std::vector<std::string_view> names = names_of(option);
    const auto is_long = [](std::string_view name) { return name.starts_with("--"); };
    const auto found = std::ranges::find_if(names, is_long);
    return found != names.end() ? *found : names.front();
}

void GivenOptions::add(const Option& option, Given given) {
    std::optional<Given>& place = given_.at(index_of(option));
    if (!place) {
        place = std::move(given);
    }
}

const Given* GivenOptions::find(const Option& option) const noexcept {
    const std::optional<Given>& found = given_[index_of(option)];
    return found ? &*found : nullptr;
}

void set_option(Settings& settings, const Option& option, const Given& given, Problems& problems) {
    if (const auto* list = std::get_if<List>(&option.kind)) {
        list->set(settings, given, problems);
        return;
    }
    const Value& value = given.values.front();
    problems.attempt(value.position, [&] {
        std::visit(ValueSetter{.settings = settings, .name = given.name, .text = value.text},
                   option.kind);
    });
}

Settings make_settings(const GivenOptions& given, Output output, Problems& problems) {
    Settings settings;
    settings.sites.front().whole.load_rules.lists_directories = output == Output::terminal;
    if (output == Output::terminal) {
        settings.access_log = "-";
    } else if (given.find(option_named("DIR")) == nullptr && problems.all().empty()) {
        // A service that was started in / would serve / to everybody.
        problems.add({},
                     "no directory given; name the one to serve (torc DIR), since standard output "
                     "is no terminal");
    }
    for (const Option& option : options()) {
        if (const Given* const found = given.find(option)) {
            set_option(settings, option, *found, problems);
        }
    }
    finish(settings, given, output, problems);
    return settings;
}

}  // namespace torc::config
