#pragma once

#include <torc/http/status.hpp>

#include <cstdint>
#include <string>

namespace torc::site {

/// A user's rule that some paths are found elsewhere.
struct Redirect {
    /// Whether it is for paths at which there is a file.
    enum class Over : std::uint8_t { files, nothing_else };

    /// The host that was asked for, in lower case; empty: any of the site's.
    std::string host{};
    /// The path that was asked for, from the root ("/old"); see RedirectPattern.
    std::string from;
    /// A path from the root, or a whole URI; see RedirectLocation. ":splat" is what "*" stood for,
    /// ":name" what the segment was. The query of the request follows, unless this has one.
    std::string to;
    /// 301, 302, 307 or 308 (RFC 9110 §15.4).
    http::Status status = http::Status::moved_permanently;
    Over over = Over::files;

    friend bool operator==(const Redirect&, const Redirect&) = default;
};

}  // namespace torc::site
