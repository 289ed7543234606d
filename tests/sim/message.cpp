#include "sim/message.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <chrono>
#include <ctime>

namespace torc::sim {
namespace {

constexpr std::string_view line_end = "\r\n";

/// Gives the response that a head begins, or what is wrong with it.
std::optional<Response> read_head(std::string_view head, std::string& error) {
    Response response;
    constexpr std::string_view version = "HTTP/1.1 ";
    const std::size_t first_end = head.find(line_end);
    const std::string_view status_line = head.substr(0, first_end);
    constexpr std::size_t status_digits = 3;
    const char* const digits = status_line.data() + version.size();
    if (!status_line.starts_with(version) ||
        status_line.size() < version.size() + status_digits + 1 ||
        std::from_chars(digits, digits + status_digits, response.status).ptr !=
            digits + status_digits ||
        digits[status_digits] != ' ') {
        error = "a malformed status line: " + std::string(status_line);
        return std::nullopt;
    }
    head.remove_prefix(first_end + line_end.size());
    while (!head.empty()) {
        const std::size_t end = head.find(line_end);
        const std::string_view line = head.substr(0, end);
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos || line.find_first_of("\r\n") != line.npos) {
            error = "a malformed field: " + std::string(line);
            return std::nullopt;
        }
        std::string name(line.substr(0, colon));
        std::ranges::transform(name, name.begin(), [](unsigned char character) {
            return static_cast<char>(std::tolower(character));
        });
        if (!response.fields.emplace(name, line.substr(colon + 2)).second) {
            error = "a field that comes twice: " + name;
            return std::nullopt;
        }
        head.remove_prefix(end + line_end.size());
    }
    return response;
}

/// How long the body is, or nothing, and what is wrong.
std::optional<std::size_t> body_bytes(const Response& response, bool is_head, std::string& error) {
    constexpr int no_content = 204;
    constexpr int not_modified = 304;
    constexpr int request_timeout = 408;
    const std::string_view text = response.field("content-length");
    const bool has_none = response.status == no_content || response.status == not_modified;
    if (has_none || response.fields.contains("transfer-encoding")) {
        if (!text.empty() || !has_none) {
            error = "a response of which it is unclear where it ends";
            return std::nullopt;
        }
        return 0;
    }
    std::size_t bytes = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (text.empty() || failure != std::errc() || end != text.data() + text.size()) {
        error = "a Content-Length that is no number: " + std::string(text);
        return std::nullopt;
    }
    // Nobody knows of half a request that it is for HEAD.
    return is_head && response.status != request_timeout ? 0 : bytes;
}

}  // namespace

std::string_view Response::field(std::string_view name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string_view() : found->second;
}

std::string ResponseReader::take(std::string_view bytes) {
    bytes_ += bytes;
    constexpr std::string_view beginning = "HTTP/1.1 ";
    const std::string_view begun = std::string_view(bytes_).substr(0, beginning.size());
    return beginning.starts_with(begun) ? "" : "bytes that begin no response";
}

std::optional<Response> ResponseReader::next(bool is_head, std::string& error) {
    constexpr std::string_view head_end = "\r\n\r\n";
    const std::size_t end = bytes_.find(head_end);
    if (end == std::string::npos) {
        return std::nullopt;
    }
    const std::string_view bytes = bytes_;
    auto response = read_head(bytes.substr(0, end + line_end.size()), error);
    const auto length = response ? body_bytes(*response, is_head, error) : std::nullopt;
    const std::size_t head_bytes = end + head_end.size();
    if (!length || bytes.size() < head_bytes + *length) {
        return std::nullopt;
    }
    response->body = bytes.substr(head_bytes, *length);
    bytes_.erase(0, head_bytes + *length);
    return response;
}

std::string http_date(WallTime time) {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    return {text.data(),
            std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

}  // namespace torc::sim
