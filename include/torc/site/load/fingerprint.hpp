#pragma once

#include <string_view>

namespace torc::site {

/// Whether the file at `path`, relative to the root, has a hash of its contents in its name, so
/// that other contents would have another name: "assets/index-BfX9a2_k.js".
///
/// A name taken for one wrongly is kept by clients for a year, and nobody can take that back; so
/// the name alone, which may as well hold the identity of a person or a sensor, never decides. The
/// file has to lie where one of today's build tools writes such files, be of a kind that pages are
/// made of, and be named as that tool names them; docs/fingerprints.md lists them. What a person
/// may have chosen ("assets/logo-DarkMode.svg", "assets/photo-20240101.jpg") is no hash there
/// either, nor what images of people and things often go by ("assets/avatar-3f2a1b4c.png").
[[nodiscard]] bool is_fingerprinted(std::string_view path) noexcept;

}  // namespace torc::site
