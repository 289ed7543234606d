#pragma once

#include <torc/base/clock.hpp>

#include <chrono>
#include <string>
#include <string_view>

// What answers must look like, byte for byte, written down independently of the code that makes
// them.
namespace torc::site::test {

/// When answers are made in these tests, and how they carry it.
inline constexpr WallTime now{std::chrono::seconds(1'700'000'000)};
inline constexpr std::string_view date = "Tue, 14 Nov 2023 22:13:20 GMT";

/// The page that goes with an error or a redirect. `title`: "404 Not Found".
[[nodiscard]] inline std::string page(std::string_view title) {
    const std::string code(title.substr(0, 3));
    return "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
           std::string(title) +
           "</title>\n<style>\n"
           ":root{color-scheme:light dark;background:#fbf9f6;color:#2a241e;"
           "font:1rem/1.5 system-ui,sans-serif}\n"
           "body{max-width:62rem;margin:18vh auto;padding:0 clamp(.75rem,4vw,2rem)}\n"
           "h1{margin:0;font-size:clamp(1.5rem,6vw,2.25rem);font-weight:500;line-height:1.3}\n"
           "b{color:#a34a08}\n"
           "p{margin:.5rem 0;color:#665c51;font-size:.875rem}\n"
           "@media(prefers-color-scheme:dark){:root{background:#16130f;color:#efe8df}"
           "b{color:#f0a35e}p{color:#b3a799}}\n"
           "</style>\n<h1><b>" +
           code + "</b>" + std::string(title.substr(3)) + "</h1>\n<p>torc</p>\n";
}

/// What every answer begins with behind its status line.
[[nodiscard]] inline std::string common_fields(std::string_view connection = "") {
    return "Date: " + std::string(date) +
           "\r\nServer: torc\r\nX-Content-Type-Options: nosniff\r\n" + std::string(connection);
}

/// The same of an error or a redirect. `title`: "404 Not Found".
[[nodiscard]] inline std::string error_fields(std::string_view title,
                                              std::string_view connection = "") {
    const bool may_be_kept = title.starts_with("301") || title.starts_with("404");
    return common_fields(may_be_kept ? "Cache-Control: no-cache\r\n"
                                     : "Cache-Control: no-store\r\n") +
           std::string(connection);
}

/// The fields of a page, and the page.
[[nodiscard]] inline std::string page_answer(std::string_view title) {
    const std::string text = page(title);
    return "Content-Type: text/html; charset=utf-8\r\nContent-Length: " +
           std::to_string(text.size()) + "\r\n\r\n" + text;
}

/// An error's whole answer.
[[nodiscard]] inline std::string error_answer(std::string_view title,
                                              std::string_view connection = "") {
    return "HTTP/1.1 " + std::string(title) + "\r\n" + error_fields(title, connection) +
           page_answer(title);
}

}  // namespace torc::site::test
