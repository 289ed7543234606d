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

/// The line that goes with an error or a redirect for who does not ask for HTML. `title`: "404 Not
/// Found".
[[nodiscard]] inline std::string page(std::string_view title) {
    return std::string(title) + "\n";
}

/// What every answer begins with behind its status line.
[[nodiscard]] inline std::string common_fields(std::string_view connection = "") {
    return "Date: " + std::string(date) +
           "\r\nServer: torc\r\nX-Content-Type-Options: nosniff\r\n" + std::string(connection);
}

/// The same of an error or a redirect. `title`: "404 Not Found".
[[nodiscard]] inline std::string error_fields(std::string_view title,
                                              std::string_view connection = "") {
    const bool may_be_kept = title.starts_with('3') || title.starts_with("404");
    return common_fields(may_be_kept ? "Cache-Control: no-cache\r\n"
                                     : "Cache-Control: no-store\r\n") +
           std::string(connection);
}

/// The fields of such a line, and the line.
[[nodiscard]] inline std::string page_answer(std::string_view title) {
    const std::string text = page(title);
    return "Content-Type: text/plain; charset=utf-8\r\nContent-Length: " +
           std::to_string(text.size()) + "\r\n\r\n" + text;
}

/// An error's whole answer. `fields`: such as Connection and Vary, behind those of every answer.
[[nodiscard]] inline std::string error_answer(std::string_view title,
                                              std::string_view fields = "") {
    return "HTTP/1.1 " + std::string(title) + "\r\n" + error_fields(title, fields) +
           page_answer(title);
}

}  // namespace torc::site::test
