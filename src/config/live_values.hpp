#pragma once

#include <torc/config/settings.hpp>

#include <span>
#include <string>
#include <string_view>

namespace torc::config {

/// How values of an option of the server are compared and copied between settings.
struct LiveValue {
    std::string_view key;
    /// As a user may write it.
    std::string (*text)(const Settings& settings);
    void (*copy)(const Settings& from, Settings& to);
};

/// One for each key of server_options.
[[nodiscard]] std::span<const LiveValue> live_values() noexcept;

}  // namespace torc::config
