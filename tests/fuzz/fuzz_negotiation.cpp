#include <torc/base/assert.hpp>
#include <torc/http/negotiation.hpp>
#include <torc/http/request_parser.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

// Each line of the input is a field: Accept when it begins with 'A', else Accept-Encoding. What
// holds for all of them:
// - the qualities are those that a slow reference finds;
// - the order of the fields says nothing, nor does a coding or a type that nobody knows.

namespace {

using torc::http::coding_qualities;
using torc::http::Qualities;
using torc::http::Request;
using torc::http::type_quality;
using torc::http::TypeQuality;

constexpr std::string_view type = "text/html";

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == text.npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

/// Without white space around it, in lower case.
std::string plain(std::string text) {
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    text = text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
    for (char& character : text) {
        if (character >= 'A' && character <= 'Z') {
            character = static_cast<char>(character | 0x20);
        }
    }
    return text;
}

std::optional<int> weight(const std::string& text) {
    static const std::regex grammar("q=(0(\\.[0-9]{0,3})?|1(\\.0{0,3})?)");
    if (text.size() > std::string_view("q=0.000").size() || !std::regex_match(text, grammar)) {
        return std::nullopt;
    }
    std::string digits = text.substr(2);
    std::erase(digits, '.');
    digits.resize(4, '0');
    return std::stoi(digits);
}

/// Keeps the highest.
void note(std::map<std::string, int>& qualities, const std::string& name, int quality) {
    const auto [entry, is_new] = qualities.try_emplace(name, quality);
    entry->second = std::max(entry->second, quality);
}

Qualities expected_codings(const std::vector<std::string>& values) {
    std::map<std::string, int> listed;
    for (const std::string& value : values) {
        for (const std::string& member : split(value, ',')) {
            const auto parts = split(member, ';');
            const auto quality = parts.size() == 1   ? 1000
                                 : parts.size() == 2 ? weight(plain(parts[1]))
                                                     : std::nullopt;
            const std::string name = plain(parts[0]);
            if (quality) {
                note(listed, name == "x-gzip" ? "gzip" : name, *quality);
            }
        }
    }
    const bool has_others = listed.contains("*");
    const int others = has_others ? listed["*"] : 0;
    const auto quality_of = [&](const std::string& name, int unlisted) {
        return static_cast<std::uint16_t>(listed.contains(name) ? listed[name] : unlisted);
    };
    return {quality_of("identity", has_others && others == 0 ? 0 : 1), quality_of("gzip", others),
            quality_of("br", others), quality_of("zstd", others)};
}

/// The value with every comma in a quoted string replaced by a NUL, which no field holds.
std::string without_quoted_commas(std::string value) {
    enum { plain_text, quoted, escaped } state = plain_text;
    for (char& character : value) {
        if (state == escaped) {
            state = quoted;
        } else if (character == '"') {
            state = state == plain_text ? quoted : plain_text;
            continue;
        } else if (state == quoted && character == '\\') {
            state = escaped;
            continue;
        }
        if (state != plain_text && character == ',') {
            character = '\0';
        }
    }
    return value;
}

TypeQuality expected_type(const std::vector<std::string>& values) {
    if (values.empty()) {
        return {.quality = 1000, .is_explicit = false};
    }
    std::map<std::string, int> ranges;
    for (const std::string& value : values) {
        for (const std::string& member : split(without_quoted_commas(value), ',')) {
            std::vector<std::optional<int>> weights;
            const auto parts = split(member, ';');
            for (std::size_t i = 1; i < parts.size(); ++i) {
                if (!plain(parts[i]).empty()) {
                    weights.push_back(weight(plain(parts[i])));
                }
            }
            if (weights.empty()) {
                note(ranges, plain(parts[0]), 1000);
            } else if (weights.size() == 1 && weights[0]) {
                note(ranges, plain(parts[0]), *weights[0]);
            }
        }
    }
    for (const std::string_view range :
         {type, std::string_view("text/*"), std::string_view("*/*")}) {
        if (const auto entry = ranges.find(std::string(range)); entry != ranges.end()) {
            return {.quality = static_cast<std::uint16_t>(entry->second),
                    .is_explicit = range == type};
        }
    }
    return {.quality = 0, .is_explicit = false};
}

struct Outcome {
    Qualities codings{};
    std::uint16_t type_quality = 0;
    bool is_explicit = false;

    friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// Nothing when these are no fields.
std::optional<Outcome> negotiate(const std::vector<std::string>& fields) {
    static Request request;
    static std::string head;
    head = "GET / HTTP/1.1\r\n";
    for (const std::string& field : fields) {
        head += field + "\r\n";
    }
    head += "\r\n";
    const auto result = parse_request(head, 0, request);
    if (result.state != torc::http::ParseState::parsed || request.field_count != fields.size()) {
        return std::nullopt;
    }
    const TypeQuality quality = type_quality(request, type);
    return Outcome{.codings = coding_qualities(request),
                   .type_quality = quality.quality,
                   .is_explicit = quality.is_explicit};
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::string> fields;
    std::vector<std::string> accept;
    std::vector<std::string> accept_encoding;
    for (const std::string& line : split({reinterpret_cast<const char*>(data), size}, '\n')) {
        const bool is_accept = line.starts_with('A');
        const std::string value = line.substr(std::min<std::size_t>(line.size(), 1));
        fields.push_back((is_accept ? "Accept:" : "Accept-Encoding:") + value);
        (is_accept ? accept : accept_encoding).push_back(value);
    }
    const auto outcome = negotiate(fields);
    if (!outcome) {
        return 0;
    }
    const TypeQuality expected = expected_type(accept);
    TORC_ASSERT(outcome->codings == expected_codings(accept_encoding));
    TORC_ASSERT(outcome->type_quality == expected.quality);
    TORC_ASSERT(outcome->is_explicit == expected.is_explicit);
    TORC_ASSERT(std::ranges::all_of(outcome->codings, [](int quality) { return quality <= 1000; }));
    TORC_ASSERT(outcome->type_quality <= 1000);

    std::ranges::reverse(fields);
    TORC_ASSERT(negotiate(fields) == outcome);
    fields.insert(fields.begin(), "Accept-Encoding: x-unknown;q=0.5, identities");
    if (!accept.empty()) {
        fields.emplace_back("Accept: text/x-unknown, texts/*;q=0.5, text/html;level=1");
    }
    const auto with_unknown = negotiate(fields);
    TORC_ASSERT(!with_unknown || with_unknown == outcome);
    return 0;
}
