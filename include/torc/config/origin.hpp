#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace torc::config {

struct AreaSettings;

/// Where a setting was given.
struct Origin {
    /// What it is called there: "site.spa", "--spa", "TORC_SPA"; empty: it is the default.
    std::string name{};
    /// The configuration file; null: it is a flag or a variable.
    std::shared_ptr<const std::string> file{};
    /// From 1 on.
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

/// Where an area's settings that name files were given, for errors about these files.
struct Origins {
    /// The name of the site; empty: its settings are not those of a [[site]].
    std::string site{};
    Origin directory{};
    Origin fallback_path{};
    Origin users_file{};

    /// Settings are the same wherever they are given.
    friend bool operator==(const Origins& /*one*/, const Origins& /*other*/) { return true; }
};

/// How an error about a setting of `area` begins: "torc.toml:12:8: site.spa app.html of site 'www'"
/// for a configuration file, else "--spa app.html". `origin`: one of the area's; `flag`: what it is
/// called where nobody gave it.
[[nodiscard]] std::string describe_setting(const AreaSettings& area, const Origin& origin,
                                           std::string_view flag, std::string_view value);

/// An error of site::UsersFile::load about the users of `area`, with the setting in front where the
/// file as a whole is wrong.
[[nodiscard]] std::string describe_users_error(const AreaSettings& area, const std::string& error);

}  // namespace torc::config
