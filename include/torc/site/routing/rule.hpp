#pragma once

#include <torc/http/status.hpp>
#include <torc/site/routing/policy.hpp>

#include <optional>
#include <string>
#include <vector>

namespace torc::site {

/// What a user says of the files that match a glob. Of several rules that match a file, the first
/// that says something of a field is the one that counts for it: one for some files stands before
/// one for all.
struct Rule {
    /// See file::matches_glob. Of a response without a file the path of the request is matched.
    std::string glob;
    /// The rule is for responses with one of these alone; empty: for those that each field's scope
    /// tells.
    std::vector<http::Status> statuses{};
    /// Fields that the response has, in place of torc's own by the same names, and of any that a
    /// later rule says.
    std::vector<ExtraField> fields{};
    /// Names of fields that no later rule adds, nor torc itself.
    std::vector<std::string> removed_fields{};
    /// The value of Cache-Control; empty: no such field. Nothing: the rule says nothing of it.
    std::optional<std::string> cache_control{};
    /// The value of Content-Type.
    std::optional<std::string> content_type{};

    friend bool operator==(const Rule&, const Rule&) = default;
};

}  // namespace torc::site
