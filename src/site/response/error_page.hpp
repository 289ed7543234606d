#pragma once

#include <torc/http/request.hpp>
#include <torc/http/status.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace torc::site {

/// What torc shows for a status when the site has no page of its own: a page of HTML with the path
/// and a way home to who asks for HTML by name, as browsers do, and one line of text to all others.
class ErrorPage {
public:
    /// `request`: one without a field and a target, when it was too broken to tell.
    ErrorPage(http::Status status, const http::Request& request) noexcept;

    [[nodiscard]] std::string_view content_type() const noexcept;
    /// The value of Content-Security-Policy; empty: no such field.
    [[nodiscard]] std::string_view security_policy() const noexcept;
    [[nodiscard]] std::string_view bytes() const noexcept { return {buffer_.data(), size_}; }

    static constexpr std::size_t bytes_max = 2048;

private:
    bool is_html_;
    std::size_t size_ = 0;
    std::array<char, bytes_max> buffer_;
};

}  // namespace torc::site
