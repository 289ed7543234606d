#include <torc/config/settings.hpp>

#include "make_settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ranges>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace torc::config {
namespace {

/// `text` as a variable would be read.
Given given(const Option& option, std::string_view text) {
    Given given{.name = std::string(name_of(option))};
    if (const auto* list = std::get_if<List>(&option.kind)) {
        for (const auto part : std::views::split(text, list->delimiter)) {
            given.values.push_back({.text = std::string(std::string_view(part))});
        }
    } else {
        given.values.push_back({.text = std::string(text)});
    }
    return given;
}

TEST(Options, HaveNamesVariablesAndKeysOfTheirOwn) {
    std::set<std::string_view> names;
    for (const Option& option : options()) {
        for (const std::string_view name : names_of(option)) {
            EXPECT_TRUE(names.insert(name).second) << name;
            EXPECT_EQ(&option_named(name), &option);
        }
        for (const std::string_view name : {option.variable, option.key}) {
            EXPECT_TRUE(name.empty() || names.insert(name).second) << name;
        }
    }
}

TEST(Options, HaveVariablesThatFollowFromTheirNames) {
    for (const Option& option : options()) {
        if (std::holds_alternative<Question>(option.kind) || option.flags.empty()) {
            EXPECT_EQ(option.variable, "");
            continue;
        }
        std::string name(name_of(option));
        name.erase(0, name.find_first_not_of('-'));
        std::ranges::replace(name, '-', '_');
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
        EXPECT_EQ(option.variable, "TORC_" + name);
    }
}

TEST(Options, AreLiveButThoseOfThreadsAndTheMemoryThatTheyShare) {
    std::vector<std::string_view> others;
    for (const Option& option : options()) {
        if (option.liveness != Liveness::live && option.key.starts_with("server.")) {
            others.push_back(name_of(option));
        }
    }
    EXPECT_EQ(others, (std::vector<std::string_view>{"--workers", "--cpus", "--pin",
                                                     "--cache-memory", "--io"}));
}

TEST(Options, TakeTheirDefaultsAndExamples) {
    for (const Option& option : options()) {
        for (const std::string_view text : {option.default_value, option.example}) {
            if (text.empty() || std::holds_alternative<Part>(option.kind)) {
                continue;
            }
            Settings settings;
            Problems problems;
            set_option(settings, option, given(option, text), problems);
            EXPECT_TRUE(problems.all().empty()) << problems.all().front().message;
        }
        EXPECT_TRUE(std::holds_alternative<Question>(option.kind) ||
                    option.default_value.empty() != option.example.empty())
            << option.flags;
    }
}

TEST(Options, SayTheDefaultsOfSettings) {
    using std::chrono::seconds;
    Settings found;
    found.port = 1;
    found.shares = true;
    found.opens_browser = true;
    found.parse_limits = {.line_bytes_max = 1, .head_bytes_max = 1, .fields_max = 1};
    found.sites.front().whole.encoded_slash = http::EncodedSlash::separates;
    found.body_bytes_max = 1;
    found.workers = 1;
    found.pin = Pin::on;
    found.io = IoChoice::epoll;
    found.log_level = LogLevel::off;
    found.timeouts = {seconds(1), seconds(1), seconds(1), seconds(1), seconds(1), seconds(1)};
    found.bytes_per_second_min = 1;
    found.connections_per_address_max = 1;
    found.sites.front().whole.load_rules.index_names.clear();
    found.sites.front().whole.load_rules.codings.clear();
    found.sites.front().whole.load_rules.symlinks = file::SymlinkPolicy::all;
    found.sites.front().whole.load_rules.has_clean_urls = true;
    for (const Option& option : options()) {
        Problems problems;
        if (!option.default_value.empty() && !std::holds_alternative<Part>(option.kind)) {
            set_option(found, option, given(option, option.default_value), problems);
        }
    }
    const Settings defaults;
    EXPECT_EQ(found.port, defaults.port);
    EXPECT_EQ(found.shares, defaults.shares);
    EXPECT_EQ(found.opens_browser, defaults.opens_browser);
    EXPECT_EQ(found.sites.front().whole.load_rules.index_names,
              defaults.sites.front().whole.load_rules.index_names);
    EXPECT_EQ(found.sites.front().whole.load_rules.has_clean_urls,
              defaults.sites.front().whole.load_rules.has_clean_urls);
    EXPECT_EQ(found.sites.front().whole.load_rules.symlinks,
              defaults.sites.front().whole.load_rules.symlinks);
    EXPECT_EQ(found.sites.front().whole.load_rules.codings,
              defaults.sites.front().whole.load_rules.codings);
    EXPECT_EQ(found.sites.front().whole.encoded_slash, defaults.sites.front().whole.encoded_slash);
    EXPECT_EQ(found.sites.front().whole.extra_fields.size(),
              defaults.sites.front().whole.extra_fields.size());
    EXPECT_EQ(found.parse_limits.line_bytes_max, defaults.parse_limits.line_bytes_max);
    EXPECT_EQ(found.parse_limits.head_bytes_max, defaults.parse_limits.head_bytes_max);
    EXPECT_EQ(found.parse_limits.fields_max, defaults.parse_limits.fields_max);
    EXPECT_EQ(found.body_bytes_max, defaults.body_bytes_max);
    EXPECT_EQ(found.workers, defaults.workers);
    EXPECT_EQ(found.pin, defaults.pin);
    EXPECT_EQ(found.io, defaults.io);
    EXPECT_EQ(found.log_level, defaults.log_level);
    EXPECT_EQ(found.timeouts.idle, defaults.timeouts.idle);
    EXPECT_EQ(found.timeouts.request, defaults.timeouts.request);
    EXPECT_EQ(found.timeouts.send, defaults.timeouts.send);
    EXPECT_EQ(found.timeouts.linger, defaults.timeouts.linger);
    EXPECT_EQ(found.timeouts.drain, defaults.timeouts.drain);
    EXPECT_EQ(found.timeouts.load, defaults.timeouts.load);
    EXPECT_EQ(found.bytes_per_second_min, defaults.bytes_per_second_min);
    EXPECT_EQ(found.connections_per_address_max, defaults.connections_per_address_max);
}

TEST(Options, TakeOfAllSourcesTheFirstThatHasAValue) {
    const Option& port = option_named("--port");
    GivenOptions all;
    EXPECT_EQ(all.find(port), nullptr);
    all.add(port, given(port, "1"));
    all.add(port, given(port, "2"));
    EXPECT_EQ(all.find(port)->values.front().text, "1");
}

TEST(Options, NoteEverythingThatIsWrong) {
    GivenConfiguration all;
    for (const char* name : {"--port", "--workers", "--idle-timeout", "--io"}) {
        all.options.add(option_named(name), given(option_named(name), "x"));
    }
    const Option& codings = option_named("--codings");
    all.options.add(codings, given(codings, "lz4,br,br"));
    Problems problems;
    (void)make_settings(all, Output::terminal, problems);
    std::vector<std::string> messages;
    for (const Problems::Problem& problem : problems.all()) {
        messages.push_back(problem.message.substr(0, problem.message.find_first_of(" :")));
    }
    EXPECT_EQ(messages, (std::vector<std::string>{"--port", "--workers", "--io", "--idle-timeout",
                                                  "--codings", "--codings"}));
}

}  // namespace
}  // namespace torc::config
