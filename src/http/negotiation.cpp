#include <torc/http/negotiation.hpp>

#include "characters.hpp"
#include "list.hpp"

#include <algorithm>
#include <optional>

namespace torc::http {
namespace {

/// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ) (RFC 9110 §12.4.2)
std::optional<std::uint16_t> parse_quality(std::string_view text) noexcept {
    constexpr std::string_view longest = "0.000";
    if (text.empty() || text.size() > longest.size() || (text[0] != '0' && text[0] != '1') ||
        (text.size() > 1 && text[1] != '.')) {
        return std::nullopt;
    }
    int quality = text[0] == '1' ? quality_max : 0;
    int unit = quality_max / 10;
    for (std::size_t i = 2; i < text.size(); ++i) {
        if (!is_digit(text[i])) {
            return std::nullopt;
        }
        quality += (text[i] - '0') * unit;
        unit /= 10;
    }
    if (quality > quality_max) {
        return std::nullopt;
    }
    return static_cast<std::uint16_t>(quality);
}

/// "q=" qvalue
std::optional<std::uint16_t> parse_weight(std::string_view text) noexcept {
    constexpr std::string_view name = "q=";
    if (!equals_ignoring_case(text.substr(0, name.size()), name)) {
        return std::nullopt;
    }
    return parse_quality(text.substr(name.size()));
}

/// Takes what is before the next semicolon, which goes too, without the white space around it.
std::string_view take_part(std::string_view& text) noexcept {
    const std::size_t semicolon = text.find(';');
    const std::string_view part = trim_blanks(text.substr(0, semicolon));
    text.remove_prefix(semicolon == std::string_view::npos ? text.size() : semicolon + 1);
    return part;
}

/// A name by which Accept-Encoding may call a coding.
struct KnownCoding {
    std::string_view name;
    ContentCoding coding;
};
/// The name that Content-Encoding has comes before the alias (RFC 9110 §8.4.1.3).
constexpr auto known_codings = std::to_array<KnownCoding>({
    {.name = "gzip", .coding = ContentCoding::gzip},
    {.name = "br", .coding = ContentCoding::brotli},
    {.name = "zstd", .coding = ContentCoding::zstd},
    {.name = "identity", .coding = ContentCoding::identity},
    {.name = "x-gzip", .coding = ContentCoding::gzip},
});

/// Those of Accept-Encoding while it is read: by ContentCoding, and last that of "*". Unlisted
/// codings have none.
class ListedQualities {
public:
    /// codings [ OWS ";" OWS weight ]
    void read(std::string_view member) noexcept {
        const std::size_t semicolon = member.find(';');
        const auto quality = semicolon == std::string_view::npos
                                 ? quality_max
                                 : parse_weight(trim_blanks(member.substr(semicolon + 1)));
        const auto place = place_of(trim_blanks(member.substr(0, semicolon)));
        if (quality && place) {
            qualities_[*place] = std::max(qualities_[*place], quality);
        }
    }

    [[nodiscard]] bool refuse(ContentCoding coding) const noexcept {
        const auto own = qualities_[static_cast<std::size_t>(coding)];
        return (own ? own : qualities_[any]) == 0;
    }

    [[nodiscard]] constexpr Qualities result() const noexcept {
        const auto others = qualities_[any];
        Qualities result{};
        result.fill(others.value_or(0));
        constexpr auto identity = static_cast<std::size_t>(ContentCoding::identity);
        result[identity] = others == 0 ? 0 : 1;
        for (std::size_t i = 0; i < result.size(); ++i) {
            result[i] = qualities_[i].value_or(result[i]);
        }
        return result;
    }

private:
    static constexpr std::size_t any = content_codings_count;

    static std::optional<std::size_t> place_of(std::string_view coding) noexcept {
        if (coding == "*") {
            return any;
        }
        for (const auto& [name, known] : known_codings) {
            if (equals_ignoring_case(coding, name)) {
                return static_cast<std::size_t>(known);
            }
        }
        return std::nullopt;
    }

    std::array<std::optional<std::uint16_t>, content_codings_count + 1> qualities_;
};

ListedQualities read_listed_qualities(const Request& request) noexcept {
    ListedQualities listed;
    for (const Field& field : request.lines(FieldName::accept_encoding)) {
        if (field.id != FieldName::accept_encoding) {
            continue;
        }
        ListMembers members(field.value);
        for (auto member = members.next(); !member.empty(); member = members.next()) {
            listed.read(member);
        }
    }
    return listed;
}

/// Takes a member from the front of a list in which commas may be quoted (RFC 9110 §5.6.4).
std::string_view take_member(std::string_view& list) noexcept {
    bool is_quoted = false;
    std::size_t end = 0;
    for (; end < list.size() && (is_quoted || list[end] != ','); ++end) {
        if (list[end] == '"') {
            is_quoted = !is_quoted;
        } else if (is_quoted && list[end] == '\\') {
            ++end;
        }
    }
    end = std::min(end, list.size());
    const std::string_view member = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    return member;
}

/// How exactly a media range names a type.
enum class Specificity : std::uint8_t { none, any, same_type, exact };

Specificity specificity_of(std::string_view range, std::string_view type) noexcept {
    if (range == "*/*") {
        return Specificity::any;
    }
    if (equals_ignoring_case(range, type)) {
        return Specificity::exact;
    }
    const std::size_t slash = type.find('/') + 1;
    return range.size() == slash + 1 && range.back() == '*' &&
                   equals_ignoring_case(range.substr(0, slash), type.substr(0, slash))
               ? Specificity::same_type
               : Specificity::none;
}

/// A media range's quality: none when it is malformed or has a parameter of its own.
std::optional<std::uint16_t> quality_of(std::string_view parameters) noexcept {
    std::optional<std::uint16_t> quality;
    while (!parameters.empty()) {
        const std::string_view parameter = take_part(parameters);
        if (parameter.empty()) {
            continue;  // RFC 9110 §5.6.6 allows it.
        }
        const auto weight = parse_weight(parameter);
        if (!weight || quality) {
            return std::nullopt;
        }
        quality = weight;
    }
    return quality.value_or(quality_max);
}

/// Calls `visit` for each well-formed media range of Accept: how exactly it names `type`, and its
/// quality.
template <typename Visit>
void for_each_range(const Request& request, std::string_view type, Visit visit) noexcept {
    for (const Field& field : request.lines(FieldName::accept)) {
        if (field.id != FieldName::accept) {
            continue;
        }
        std::string_view list = field.value;
        while (!list.empty()) {
            std::string_view parameters = take_member(list);
            const std::string_view range = take_part(parameters);
            const auto quality = quality_of(parameters);
            if (range.contains('/') && quality) {
                visit(specificity_of(range, type), *quality);
            }
        }
    }
}

}  // namespace

std::string_view name(ContentCoding coding) noexcept {
    return std::ranges::find(known_codings, coding, &KnownCoding::coding)->name;
}

Qualities coding_qualities(const Request& request) noexcept {
    static constexpr Qualities unlisted = ListedQualities().result();
    if (!request.has(FieldName::accept_encoding)) {
        return unlisted;
    }
    return read_listed_qualities(request).result();
}

bool refuses_coding(const Request& request, ContentCoding coding) noexcept {
    return request.has(FieldName::accept_encoding) && read_listed_qualities(request).refuse(coding);
}

TypeQuality type_quality(const Request& request, std::string_view type) noexcept {
    if (!request.has(FieldName::accept)) {
        return {.quality = quality_max, .is_explicit = false};
    }
    Specificity best = Specificity::none;
    std::uint16_t best_quality = 0;
    for_each_range(request, type, [&](Specificity specificity, std::uint16_t quality) {
        if (specificity < best || specificity == Specificity::none) {
            return;
        }
        best_quality = specificity > best ? quality : std::max(best_quality, quality);
        best = specificity;
    });
    return {.quality = best_quality, .is_explicit = best == Specificity::exact};
}

bool names_other_types(const Request& request, std::string_view type) noexcept {
    bool has_found = false;
    for_each_range(request, type, [&](Specificity specificity, std::uint16_t quality) {
        has_found |= specificity == Specificity::none && quality > 0;
    });
    return has_found;
}

}  // namespace torc::http
