#include <torc/http/conditional.hpp>

#include "characters.hpp"

#include <chrono>
#include <cstddef>
#include <optional>

namespace torc::http {
namespace {

enum class Comparison : std::uint8_t {
    /// Neither tag may be weak.
    strong,
    /// The opaque parts alone count.
    weak,
};

struct EntityTag {
    bool is_weak = false;
    /// With its quotes.
    std::string_view opaque;
};

/// Takes an entity tag from the front of `text` (RFC 9110 §8.8.3). "W/" is case-sensitive.
std::optional<EntityTag> take_entity_tag(std::string_view& text) noexcept {
    EntityTag tag{.is_weak = text.starts_with("W/"), .opaque = {}};
    const std::string_view rest = text.substr(tag.is_weak ? 2 : 0);
    if (!rest.starts_with('"')) {
        return std::nullopt;
    }
    const std::size_t closing_quote = rest.find('"', 1);
    if (closing_quote == std::string_view::npos ||
        !consists_of(CharacterClass::entity_tag, rest.substr(1, closing_quote - 1))) {
        return std::nullopt;
    }
    tag.opaque = rest.substr(0, closing_quote + 1);
    text = rest.substr(closing_quote + 1);
    return tag;
}

std::string_view skip_blanks_and_commas(std::string_view text) noexcept {
    const std::size_t place = text.find_first_not_of(" \t,");
    return place == std::string_view::npos ? std::string_view() : text.substr(place);
}

/// Whether one field line holds a tag that matches `etag`, a strong one. Tags may contain commas,
/// so after a member that is no tag it is not known where the next begins: the rest of the line is
/// not read.
bool list_matches(std::string_view list, std::string_view etag, Comparison comparison) noexcept {
    list = skip_blanks_and_commas(list);
    while (!list.empty()) {
        const auto tag = take_entity_tag(list);
        if (!tag) {
            return false;
        }
        const std::size_t next = list.find_first_not_of(" \t");
        if (next != std::string_view::npos && list[next] != ',') {
            return false;
        }
        if (tag->opaque == etag && (comparison == Comparison::weak || !tag->is_weak)) {
            return true;
        }
        list = skip_blanks_and_commas(list);
    }
    return false;
}

/// Whether If-Match or If-None-Match names the current representation, which exists: so "*" does.
bool names_current(const Request& request, FieldName id, std::string_view etag,
                   Comparison comparison) noexcept {
    for (const Field& field : request.lines(id)) {
        if (field.id == id && (field.value == "*" || list_matches(field.value, etag, comparison))) {
            return true;
        }
    }
    return false;
}

/// The date of a precondition that counts: one valid date, and a modification time to compare it
/// with.
std::optional<DateSeconds> precondition_date(const Request& request, FieldName id,
                                             const Validators& validators,
                                             DateSeconds now) noexcept {
    if (!validators.has_last_modified || !request.has(id) || request.has_several(id)) {
        return std::nullopt;
    }
    return parse_date(request.value(id), now);
}

bool lost_update_guard_holds(const Request& request, const Validators& validators,
                             DateSeconds now) noexcept {
    if (request.has(FieldName::if_match)) {
        return names_current(request, FieldName::if_match, validators.etag, Comparison::strong);
    }
    const auto since = precondition_date(request, FieldName::if_unmodified_since, validators, now);
    return !since || validators.last_modified <= *since;
}

}  // namespace

Precondition evaluate_preconditions(const Request& request, const Validators& validators,
                                    DateSeconds now) noexcept {
    if (!request.has(FieldName::if_match) && !request.has(FieldName::if_unmodified_since) &&
        !request.has(FieldName::if_none_match) && !request.has(FieldName::if_modified_since)) {
        return Precondition::passed;
    }
    const bool is_read = request.method == Method::get || request.method == Method::head;
    // RFC 9110 §13.2.2, steps 1 and 2.
    if (!lost_update_guard_holds(request, validators, now)) {
        return Precondition::failed;
    }
    // Step 3: If-Modified-Since is not looked at beside it.
    if (request.has(FieldName::if_none_match)) {
        if (!names_current(request, FieldName::if_none_match, validators.etag, Comparison::weak)) {
            return Precondition::passed;
        }
        return is_read ? Precondition::not_modified : Precondition::failed;
    }
    // Step 4.
    if (is_read) {
        const auto since =
            precondition_date(request, FieldName::if_modified_since, validators, now);
        if (since && validators.last_modified <= *since) {
            return Precondition::not_modified;
        }
    }
    return Precondition::passed;
}

bool if_range_holds(const Request& request, const Validators& validators,
                    DateSeconds now) noexcept {
    if (!request.has(FieldName::if_range)) {
        return true;
    }
    if (request.has_several(FieldName::if_range)) {
        return false;
    }
    // A weak tag never equals a strong one, prefix and all.
    const std::string_view value = request.value(FieldName::if_range);
    if (value.contains('"')) {
        return !validators.etag.empty() && value == validators.etag;
    }
    // RFC 9110 §8.8.2.2: a file can change twice within the second that a date stands for.
    const auto date = precondition_date(request, FieldName::if_range, validators, now);
    return date && *date == validators.last_modified &&
           validators.last_modified + std::chrono::seconds(1) <= now;
}

}  // namespace torc::http
