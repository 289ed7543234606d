#include <torc/config/origin.hpp>
#include <torc/config/site_settings.hpp>

#include <fmt/format.h>

namespace torc::config {

std::string describe_setting(const AreaSettings& area, const Origin& origin, std::string_view flag,
                             std::string_view value) {
    if (origin.file == nullptr) {
        return fmt::format("{} {}", origin.name.empty() ? flag : origin.name, value);
    }
    const std::string setting = fmt::format("{}:{}:{}: {} {}", *origin.file, origin.line,
                                            origin.column, origin.name, value);
    return area.origins.site.empty() ? setting
                                     : fmt::format("{} of site '{}'", setting, area.origins.site);
}

std::string describe_users_error(const AreaSettings& area, const std::string& error) {
    const Origin& origin = area.origins.users_file;
    const std::string& path = area.auth->users_file;
    const std::string whole = path + ": ";
    if (origin.file == nullptr || !error.starts_with(whole)) {
        return error;
    }
    return fmt::format("{}: {}", describe_setting(area, origin, origin.name, path),
                       error.substr(whole.size()));
}

}  // namespace torc::config
