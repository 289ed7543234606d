#pragma once

#include <torc/base/ascii.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace torc::site {

/// RFC 1035 §2.3.4: a name is no longer. Longer hosts are in no table.
inline constexpr std::size_t host_bytes_max = 255;

/// A host as tables have it: in lower case, without a dot at the end.
class PlainHost {
public:
    explicit PlainHost(std::string_view host) noexcept {
        if (host.ends_with('.')) {
            host.remove_suffix(1);
        }
        if (host.size() <= buffer_.size()) {
            std::ranges::transform(host, buffer_.begin(), to_lower);
            bytes_ = host.size();
        }
    }

    /// Empty: the host is too long.
    [[nodiscard]] std::string_view text() const noexcept { return {buffer_.data(), bytes_}; }

private:
    std::array<char, host_bytes_max> buffer_;
    std::size_t bytes_ = 0;
};

}  // namespace torc::site
