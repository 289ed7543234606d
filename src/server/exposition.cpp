#include <torc/base/assert.hpp>
#include <torc/server/exposition.hpp>

#include <fmt/format.h>

#include <iterator>

namespace torc::server {
namespace {

std::string_view type_word(Exposition::Type type, Exposition::Format format) noexcept {
    switch (type) {
        case Exposition::Type::counter:
            return "counter";
        case Exposition::Type::gauge:
            return "gauge";
        case Exposition::Type::histogram:
            return "histogram";
        case Exposition::Type::info:
            // The older format has no such type.
            return format == Exposition::Format::open_metrics ? "info" : "gauge";
    }
    assertion_failed("a type is one of those above");
}

std::string_view unit_of(std::string_view name) noexcept {
    for (const std::string_view unit : {"seconds", "bytes"}) {
        if (name.ends_with(unit)) {
            return unit;
        }
    }
    return {};
}

void append_escaped(std::string& text, std::string_view value) {
    for (const char c : value) {
        switch (c) {
            case '\\':
                text += "\\\\";
                break;
            case '"':
                text += "\\\"";
                break;
            case '\n':
                text += "\\n";
                break;
            default:
                text += c;
        }
    }
}

}  // namespace

void Exposition::begin(std::string_view name, Type type, std::string_view help) {
    name_ = name;
    type_ = type;
    // What the lines of a family call it: with its suffix in the older format alone.
    const std::string title =
        format_ == Format::text ? fmt::format("{}{}", name, suffix()) : std::string(name);
    auto out = std::back_inserter(text_);
    fmt::format_to(out, "# HELP {} {}\n# TYPE {} {}\n", title, help, title,
                   type_word(type, format_));
    if (const std::string_view unit = unit_of(name);
        format_ == Format::open_metrics && !unit.empty()) {
        fmt::format_to(out, "# UNIT {} {}\n", title, unit);
    }
}

std::string_view Exposition::suffix() const noexcept {
    switch (type_) {
        case Type::counter:
            return "_total";
        case Type::info:
            return "_info";
        case Type::gauge:
        case Type::histogram:
            return "";
    }
    assertion_failed("a type is one of those above");
}

void Exposition::write_name_and_labels(std::string_view suffix, Labels labels) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    for (const auto& [name, value] : labels) {
        text_ += before;
        text_ += name;
        text_ += "=\"";
        append_escaped(text_, value);
        text_ += '"';
        before = ',';
    }
    text_ += labels.size() > 0 ? "} " : " ";
}

void Exposition::add(std::uint64_t value, Labels labels) {
    add_part(suffix(), value, labels);
}

void Exposition::add_seconds(double seconds, Labels labels) {
    add_part_seconds(suffix(), seconds, labels);
}

void Exposition::add_part(std::string_view suffix, std::uint64_t value, Labels labels) {
    write_name_and_labels(suffix, labels);
    fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void Exposition::add_part_seconds(std::string_view suffix, double seconds, Labels labels) {
    write_name_and_labels(suffix, labels);
    fmt::format_to(std::back_inserter(text_), "{}\n", seconds);
}

std::string Exposition::take() {
    if (format_ == Format::open_metrics) {
        text_ += "# EOF\n";
    }
    return std::move(text_);
}

std::string_view Exposition::content_type(Format format) noexcept {
    return format == Format::open_metrics
               ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
               : "text/plain; version=0.0.4; charset=utf-8";
}

Exposition::Format exposition_format(std::string_view accept) noexcept {
    // Who knows it prefers it. Quality values would be for who asks for it and does not want it.
    return accept.find("application/openmetrics-text") != std::string_view::npos
               ? Exposition::Format::open_metrics
               : Exposition::Format::text;
}

}  // namespace torc::server
