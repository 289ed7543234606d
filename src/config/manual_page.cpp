#include "manual_page.hpp"

#include "help_layout.hpp"
#include "options.hpp"

#include <fmt/format.h>

#include <string_view>

namespace torc::config {
namespace {

constexpr std::string_view beginning =
    R"(.\" Made of the options (src/config) by scripts/documents; not to be edited.
.TH TORC 1 "" torc "User Commands"
.SH NAME
torc \- serve the files of a directory over HTTP/1.1
.SH SYNOPSIS
.B torc
.RI [ OPTIONS ]
[\-\-]
.RI [ DIR " | " FILE ]
.br
.B torc check
.RI [ OPTIONS ]
.br
.BR "torc status" " | " reload " | " reopen " | " upgrade " | " drain " | " stop
[\-\-admin
.IR ADDRESS ]
[\-c
.IR FILE ]
[\-\-json]
.SH DESCRIPTION
torc serves the files of a directory, or one file, over HTTP/1.1.
One thread a CPU has everything that it needs to serve: a listening socket, an io_uring ring, its
connections and its cache of files.
A change on disk shows within a second.
TLS, HTTP/2 and proxying are left to what stands in front of it.
.SH OPTIONS
)";

constexpr std::string_view file_argument =
    R"(.TP
.I FILE
Or the one file to serve, at /FILE and at /, and nothing beside it.
)";

/// Text as roff shows it unchanged.
std::string escape(std::string_view text) {
    std::string escaped;
    for (const char character : text) {
        if (character == '\\') {
            escaped += "\\e";
        } else if (character == '-') {
            escaped += "\\-";
        } else if (character == '\'') {
            escaped += "\\(aq";
        } else if (character == '`') {
            escaped += "\\(ga";
        } else {
            escaped += character;
        }
    }
    // A dot at the beginning of a line would make a request of it.
    return escaped.starts_with('.') ? "\\&" + escaped : escaped;
}

std::string describe(const Option& option) {
    std::string names;
    for (const std::string_view name : names_of(option)) {
        const char font = name.starts_with('-') ? 'B' : 'I';
        names += fmt::format("{}\\f{}{}\\fR", names.empty() ? "" : ", ", font, escape(name));
    }
    if (!option.value_name.empty()) {
        names += fmt::format(" \\fI{}\\fR", escape(option.value_name));
    }
    std::string entry = fmt::format(".TP\n{}\n{}\n", names, escape(text_of(option)));
    if (!option.variable.empty()) {
        entry += fmt::format("Variable: {}.\n", option.variable);
    }
    if (!option.key.empty()) {
        entry += fmt::format("Key: {}.\n", option.key);
    }
    return entry;
}

std::string section(std::string_view title, std::string_view text) {
    return fmt::format(".SH {}\n{}\n", title, escape(text));
}

}  // namespace

std::string manual_page() {
    std::string page(beginning);
    Group group = Group::subject;
    for (const Option& option : options()) {
        if (option.flags.empty()) {
            continue;
        }
        if (option.group != group) {
            if (group == Group::subject) {
                page += file_argument;
            }
            group = option.group;
            page += fmt::format(".SS {}\n", title_of(group));
        }
        page += describe(option);
    }
    page += escape(about_sizes) + '\n';
    page += ".SH CONFIGURATION FILE\nKeys that have no option:\n";
    for (const Option& option : options()) {
        if (option.flags.empty()) {
            page +=
                fmt::format(".TP\n\\fB{}\\fR\n{}\n", escape(option.key), escape(text_of(option)));
        }
    }
    page += section("ENVIRONMENT", about_environment);
    page += escape(about_colours) + '\n';
    page += section("COMMANDS", about_commands);
    page += section("SIGNALS", about_signals);
    page += section("EXIT STATUS", about_exit_status);
    page += ".SH EXAMPLES\n";
    for (const Example& example : examples) {
        page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escape(example.command),
                            escape(example.meaning.empty() ? "As a service." : example.meaning));
    }
    return page;
}

}  // namespace torc::config
