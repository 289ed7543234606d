#include <torc/server/json.hpp>

#include <fmt/format.h>

#include <iterator>

namespace torc::server {

void append_json(std::string& json, std::string_view text) {
    json += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            json += '\\';
            json += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<unsigned char>(c));
        } else {
            json += c;
        }
    }
    json += '"';
}

std::string json_of(std::string_view text) {
    std::string json;
    append_json(json, text);
    return json;
}

}  // namespace torc::server
