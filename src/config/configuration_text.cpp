#include "configuration_text.hpp"

#include "configuration_literals.hpp"
#include "listen_tables.hpp"
#include "toml_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace torc::config {
namespace {

/// Writes what torc runs with as a configuration file.
class Writer {
public:
    explicit Writer(const GivenConfiguration& given) : given_(given) {}

    std::string write();

private:
    /// "torc.toml:12".
    [[nodiscard]] std::string place(Position position) const {
        return fmt::format("{}:{}", given_.files.at(position.file), position.line);
    }
    void write_server();
    /// Of flags, variables and [defaults].
    void write_only_site();
    void write_site(const GivenSite& site);
    void write_area(const GivenArea& area);
    /// A value, wherever it is from. `given`: null: the default.
    void write_option(const Option& option, const Given* given);
    [[nodiscard]] std::string literal_of_given(const Option& option, const Given& given) const;
    /// The format of the server's access log, which has no key of its own.
    void add_format_flag(std::vector<std::string>& texts) const;
    /// What of `area` is given, or of `parent`, which may be null; then with defaults.
    void write_values(const GivenOptions& area, const GivenOptions* parent, std::string_view name);
    void write_flag_rules(const Option& option, const Given& given);
    void write_rules(const std::vector<GivenRule>& rules, std::string_view name);
    void write_redirect(const GivenRedirect& redirect);
    void write_line(std::string_view key, const Value& value, std::string_view literal) {
        text_ += fmt::format("{} = {}  # {}\n", key, literal, place(value.position));
    }

    const GivenConfiguration& given_;
    std::string text_ = "version = 1\n";
};

std::string Writer::write() {
    write_server();
    if (given_.sites.empty()) {
        write_only_site();
    }
    for (const GivenSite& site : given_.sites) {
        write_site(site);
    }
    return std::move(text_);
}

void Writer::write_server() {
    for (const std::string_view table : server_tables()) {
        text_ += fmt::format("\n[{}]\n", table);
        for_each_in(table, [this](const Option& option) {
            write_option(option, given_.options.find(option));
        });
    }
}

std::string Writer::literal_of_given(const Option& option, const Given& given) const {
    if (option.key == "server.listen") {
        return literal_of_addresses(given);
    }
    std::vector<std::string> texts;
    texts.reserve(given.values.size());
    for (const Value& value : given.values) {
        texts.push_back(value.text);
    }
    if (option.key == "server.log.access") {
        add_format_flag(texts);
    }
    return literal_of(option, texts);
}

void Writer::write_option(const Option& option, const Given* given) {
    if (given != nullptr) {
        text_ += fmt::format("{} = {}  # {}\n", last_part(option), literal_of_given(option, *given),
                             given->source == Source::file ? place(given->position) : given->name);
    } else if (!option.default_value.empty()) {
        text_ += fmt::format("{} = {}  # default\n", last_part(option),
                             literal_of(option, values_in(option, option.default_value)));
    } else if (!option.default_note.empty()) {
        text_ += fmt::format("# {}: {}\n", last_part(option), option.default_note);
    }
}

void Writer::add_format_flag(std::vector<std::string>& texts) const {
    if (const Given* const format = given_.options.find(option_named("--access-log-format"))) {
        texts.resize(1);
        texts.push_back(format->values.front().text);
    }
}

/// Whether [defaults] may say it of sites.
bool is_inherited(const Option& option) {
    return option.extent == Extent::area || option.extent == Extent::site_and_defaults;
}

void Writer::write_values(const GivenOptions& area, const GivenOptions* parent,
                          std::string_view name) {
    const auto find = [&](const Option& option) {
        const Given* const own = area.find(option);
        return own != nullptr || parent == nullptr ? own : parent->find(option);
    };
    for_each_in("site", [&](const Option& option) {
        const Given* const found = find(option);
        if (found != nullptr || (parent != nullptr && is_inherited(option))) {
            write_option(option, found);
        }
    });
    if (find(option_with_key("site.auth.realm")) != nullptr) {
        text_ += fmt::format("[{}.auth]\n", name);
        for_each_in("site.auth", [&](const Option& option) { write_option(option, find(option)); });
    }
}

void Writer::write_only_site() {
    // Without a root it would be none.
    if (given_.options.find(option_named("DIR")) == nullptr) {
        return;
    }
    text_ += "\n[[site]]\n";
    write_values(given_.options, &given_.defaults.options, "site");
    for_each_in("site.rule", [this](const Option& option) {
        if (const Given* const found = given_.options.find(option)) {
            write_flag_rules(option, *found);
        }
    });
    write_rules(given_.defaults.rules, "site.rule");
}

void Writer::write_site(const GivenSite& site) {
    text_ += "\n[[site]]\n";
    write_values(site.whole.options, &given_.defaults.options, "site");
    write_rules(site.whole.rules, "site.rule");
    write_rules(given_.defaults.rules, "site.rule");
    for (const GivenRedirect& redirect : site.redirects) {
        write_redirect(redirect);
    }
    for (const GivenArea& area : site.areas) {
        write_area(area);
    }
}

void Writer::write_area(const GivenArea& area) {
    text_ += "\n[[site.area]]\n";
    write_line("path", area.path, quote(area.path.text));
    write_values(area.options, nullptr, "site.area");
    write_rules(area.rules, "site.area.rule");
}

void Writer::write_flag_rules(const Option& option, const Given& given) {
    for (const Value& value : given.values) {
        const std::vector<std::string> lines = rule_lines(option, value.text);
        text_ += fmt::format("\n{}\n{}\n{}  # {}\n", lines[0], lines[1], lines[2], given.name);
    }
}

std::string list_of(const std::vector<Value>& values, const auto& literal) {
    std::string list;
    for (const Value& value : values) {
        list += fmt::format("{}{}", list.empty() ? "" : ", ", literal(value.text));
    }
    return '[' + list + ']';
}

void Writer::write_rules(const std::vector<GivenRule>& rules, std::string_view name) {
    for (const GivenRule& rule : rules) {
        text_ += fmt::format("\n[[{}]]\n", name);
        write_line("match", rule.match, quote(rule.match.text));
        if (!rule.statuses.empty()) {
            write_line("status", rule.statuses.front(),
                       list_of(rule.statuses, [](const std::string& text) { return text; }));
        }
        if (!rule.fields.empty()) {
            std::string fields;
            for (const auto& [field, value] : rule.fields) {
                fields += fmt::format("{} {} = {}", fields.empty() ? "" : ",", quote(field.text),
                                      quote(value.text));
            }
            write_line("set", rule.fields.front().name, fmt::format("{{{} }}", fields));
        }
        if (!rule.removed_fields.empty()) {
            write_line("remove", rule.removed_fields.front(), list_of(rule.removed_fields, quote));
        }
        if (rule.cache) {
            write_line("cache", *rule.cache, quote(rule.cache->text));
        }
        if (rule.type) {
            write_line("type", *rule.type, quote(rule.type->text));
        }
    }
}

void Writer::write_redirect(const GivenRedirect& redirect) {
    text_ += "\n[[site.redirect]]\n";
    write_line("from", redirect.from, quote(redirect.from.text));
    write_line("to", redirect.to, quote(redirect.to.text));
    if (!redirect.status.text.empty()) {
        write_line("status", redirect.status, redirect.status.text);
    }
    if (!redirect.host.text.empty()) {
        write_line("host", redirect.host, quote(redirect.host.text));
    }
}

}  // namespace

std::string effective_configuration(const GivenConfiguration& given) {
    return Writer(given).write();
}

bool can_be_written(std::string_view text) {
    constexpr unsigned char first_printable = 0x20;
    constexpr unsigned char delete_character = 0x7f;
    const bool has_control = std::ranges::any_of(text, [](char character) {
        const auto byte = static_cast<unsigned char>(character);
        return (byte < first_printable && character != '\t') || byte == delete_character;
    });
    Problems problems;
    return !has_control && parse_toml("a = " + quote(text), 0, problems).has_value();
}

}  // namespace torc::config
