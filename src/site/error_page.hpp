#pragma once

#include <torc/http/head_writer.hpp>
#include <torc/http/status.hpp>

#include <cstddef>

namespace torc::site {

/// How long the page is that torc shows for a status when the site has none of its own. At most
/// 1,024 bytes.
[[nodiscard]] std::size_t error_page_bytes(http::Status status) noexcept;

/// Appends it.
void write_error_page(http::Status status, http::HeadWriter& writer) noexcept;

}  // namespace torc::site
