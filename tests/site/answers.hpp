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

/// The page that goes with an error or a redirect.
[[nodiscard]] inline std::string page(std::string_view title) {
    return "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width\">\n"
           "<meta name=\"color-scheme\" content=\"light dark\">\n<title>" +
           std::string(title) +
           "</title>\n<body style=\"font-family: system-ui, sans-serif; text-align: center; "
           "padding: 15vh 1rem\">\n<h1>" +
           std::string(title) + "</h1>\n<p>torc</p>\n";
}

/// What every answer begins with behind its status line.
[[nodiscard]] inline std::string common_fields(std::string_view connection = "") {
    return "Date: " + std::string(date) +
           "\r\nServer: torc\r\nX-Content-Type-Options: nosniff\r\n" + std::string(connection);
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
    return "HTTP/1.1 " + std::string(title) + "\r\n" + common_fields(connection) +
           page_answer(title);
}

}  // namespace torc::site::test
