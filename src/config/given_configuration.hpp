#pragma once

#include "options.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::config {

/// A [[site.rule]] as it was given.
struct GivenRule {
    struct Field {
        Value name;
        Value value;
    };

    /// What an error calls it: "site.rule", "defaults.rule", "site.area.rule".
    std::string name;
    Position position{};
    Value match{};
    std::vector<Value> statuses{};
    std::vector<Field> fields{};
    /// Of the key "set".
    Position fields_position{};
    std::vector<Value> removed_fields{};
    std::optional<Value> cache{};
    std::optional<Value> type{};
};

/// A [[site.redirect]] as it was given. What is missing has a position of line 0.
struct GivenRedirect {
    Position position{};
    Value from{};
    Value to{};
    Value status{};
    Value host{};
};

/// A [[site.area]] as it was given, or the whole of a site, or [defaults].
struct GivenArea {
    /// What an error calls it: "site", "defaults", "site.area".
    std::string_view name = "site";
    Position position{};
    /// Of an area.
    Value path{};
    /// Rows of site_options alone.
    GivenOptions options{};
    std::vector<GivenRule> rules{};
};

/// A [[site]] as it was given.
struct GivenSite {
    GivenArea whole{};
    std::vector<GivenArea> areas{};
    std::vector<GivenRedirect> redirects{};
};

/// Everything that was given.
struct GivenConfiguration {
    /// Of all sources. What they say of a site is for the one that there is without any in `sites`.
    GivenOptions options{};
    GivenArea defaults{.name = "defaults"};
    /// Each [[site]] of a file.
    std::vector<GivenSite> sites{};
    /// Globs of files that hold more sites.
    std::vector<Value> includes{};
    /// What errors call the files, by Position::file; empty: none is named.
    std::vector<std::string> files{};
};

}  // namespace torc::config
