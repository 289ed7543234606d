#pragma once

#include <torc/config/access_log_settings.hpp>
#include <torc/config/origin.hpp>
#include <torc/http/status.hpp>
#include <torc/http/target.hpp>
#include <torc/site/load/load_rules.hpp>
#include <torc/site/routing/policy.hpp>
#include <torc/site/routing/redirect.hpp>
#include <torc/site/routing/rule.hpp>

#include <optional>
#include <string>
#include <vector>

namespace torc::config {

/// Who may see what is protected (RFC 7617).
struct AuthSettings {
    /// See http::is_realm.
    std::string realm;
    /// Path of a file with a line "user:hash" for each, as htpasswd(1) writes it.
    std::string users_file;

    friend bool operator==(const AuthSettings&, const AuthSettings&) = default;
};

/// How what is beneath a path is served.
struct AreaSettings {
    /// Whole segments with a slash behind them ("download/"); empty: the whole site.
    std::string path{};
    /// The directory that is served. An area without one of its own has that of the site, at the
    /// same paths; in its own, `path` is not looked for.
    std::string directory = ".";
    bool has_own_directory = true;
    site::LoadRules load_rules{};
    /// Fields for every file and response of the area, beside torc's own.
    std::vector<site::ExtraField> extra_fields{};
    http::EncodedSlash encoded_slash = http::EncodedSlash::not_found;
    /// Whether scripts of other origins may read it; the fields that let them are among
    /// `extra_fields`.
    bool is_for_other_origins = false;
    /// Whether responses tell in Server-Timing what they waited for.
    bool tells_timing = false;
    /// What is said by glob, as far as `extra_fields` and `load_rules` do not say it: those come
    /// behind all of these. A glob with a slash is matched with paths from `directory`.
    std::vector<site::Rule> rules{};
    /// Nothing: no password is asked for.
    std::optional<AuthSettings> auth{};
    /// Networks ("10.0.0.0/8") that clients must be of, unless there are none, and those that they
    /// must not be of.
    std::vector<std::string> allowed_networks{};
    std::vector<std::string> denied_networks{};
    Origins origins{};

    friend bool operator==(const AreaSettings&, const AreaSettings&) = default;
};

/// One site: the hosts that it is for, and what they show.
struct SiteSettings {
    /// For logs and metrics.
    std::string name{};
    /// In lower case, without ports: "example.org", or "*.example.org" for all beneath it.
    std::vector<std::string> hosts{};
    /// Whether it is for hosts that no site names.
    bool is_default = false;
    AreaSettings whole{};
    /// None has the same path as another.
    std::vector<AreaSettings> areas{};
    /// The first that matches counts.
    std::vector<site::Redirect> redirects{};
    /// Whether rules and redirects are read from the files _headers and _redirects of the root too
    /// (see add_site_files). These are then neither served nor listed.
    bool has_site_files = false;
    /// Of redirects in _redirects that name none.
    http::Status site_files_status = http::Status::moved_permanently;
    /// Where its requests are logged, or that they are not; nothing: as those of no site.
    std::optional<AccessLogSettings> access_log{};

    friend bool operator==(const SiteSettings&, const SiteSettings&) = default;
};

}  // namespace torc::config
