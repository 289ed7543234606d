#pragma once

#include <torc/http/request.hpp>

#include <string_view>

namespace torc::site {

/// Whether a request for `path`, at which there is nothing (with a slash in front or without), is
/// to be answered with a page for people: somebody goes to a view of a single-page application, or
/// a program (a link checker, a preview, a service worker) asks for what a browser would get there.
/// A script, style, image or other part of a page that is missing is an error instead, or it would
/// be read as one.
///
/// A browser says what it wants: Sec-Fetch-Dest and, without that, Sec-Fetch-Mode decide where they
/// tell (Fetch Metadata Request Headers, W3C). Where they do not, Accept must name text/html; or
/// allow it without naming any other type ("*/*" alone, or no Accept), and then `path` must not
/// have the extension of a type of file (file::has_known_extension). What is in "/.well-known/" is
/// no view, whoever asks.
///
/// A response that depends on this carries http::FieldName::accept, sec_fetch_dest and
/// sec_fetch_mode in Vary.
[[nodiscard]] bool wants_page(const http::Request& request, std::string_view path) noexcept;

}  // namespace torc::site
