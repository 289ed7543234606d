#include "integration/support/http_client.hpp"

#include <fmt/format.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <system_error>

namespace torc::test {
namespace {

constexpr std::string_view line_end = "\r\n";

[[noreturn]] void fail(const char* what, int error) {
    throw ClientError(fmt::format("{}: {}", what, std::generic_category().message(error)));
}

template <typename Value>
void set_option(int socket, int level, int option, const Value& value) {
    if (::setsockopt(socket, level, option, &value, sizeof value) < 0) {
        fail("setsockopt", errno);
    }
}

/// What a reason phrase and a field value are made of (RFC 9110 §5.5), but for obs-text, which no
/// server needs.
bool is_visible(std::string_view text) {
    return std::ranges::all_of(
        text, [](char octet) { return octet == '\t' || (octet >= 0x20 && octet < 0x7f); });
}

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [&](char octet) {
        return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') ||
               (octet >= 'a' && octet <= 'z') || marks.contains(octet);
    });
}

std::size_t parse_size(std::string_view text, int base, const char* what) {
    std::size_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size, base);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw ClientError(fmt::format("invalid {}: {}", what, text));
    }
    return size;
}

void parse_status_line(std::string_view line, Response& response) {
    // "HTTP/1.1 200 OK"
    constexpr std::string_view version = "HTTP/1.";
    constexpr std::size_t code_offset = version.size() + 2;
    constexpr std::size_t code_bytes = 3;
    constexpr std::size_t reason_offset = code_offset + code_bytes + 1;
    if (!line.starts_with(version) || line.size() < reason_offset || !is_visible(line) ||
        (line[version.size()] != '0' && line[version.size()] != '1') ||
        line[code_offset - 1] != ' ' || line[reason_offset - 1] != ' ') {
        throw ClientError(fmt::format("invalid status line: {}", line));
    }
    response.version_minor = line[version.size()] - '0';
    response.status =
        static_cast<int>(parse_size(line.substr(code_offset, code_bytes), 10, "status code"));
    response.reason = line.substr(reason_offset);
}

void parse_field_line(std::string_view line, Response& response) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) || !is_visible(line)) {
        throw ClientError(fmt::format("invalid field line: {}", line));
    }
    std::string_view value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    response.fields.emplace_back(line.substr(0, colon), value);
}

/// `head`: with its empty line.
Response parse_head(std::string head) {
    Response response;
    std::string_view rest = head;
    for (bool is_first = true; rest != line_end; is_first = false) {
        const std::string_view line = rest.substr(0, rest.find(line_end));
        if (is_first) {
            parse_status_line(line, response);
        } else {
            parse_field_line(line, response);
        }
        rest.remove_prefix(line.size() + line_end.size());
    }
    response.head = std::move(head);
    return response;
}

}  // namespace

bool equals_ignoring_case(std::string_view left, std::string_view right) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return std::ranges::equal(left, right, {}, lower, lower);
}

std::optional<std::string> Response::field(std::string_view name) const {
    if (count(name) != 1) {
        return std::nullopt;
    }
    return std::ranges::find_if(
               fields, [&](const auto& field) { return equals_ignoring_case(field.first, name); })
        ->second;
}

std::size_t Response::count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields, [&](const auto& field) { return equals_ignoring_case(field.first, name); }));
}

bool Response::is_last() const {
    const std::string connection = field("Connection").value_or("");
    return ends_with_connection || equals_ignoring_case(connection, "close") ||
           (version_minor == 0 && !equals_ignoring_case(connection, "keep-alive"));
}

std::string request_bytes(std::string_view method, std::string_view target,
                          std::string_view fields) {
    return fmt::format("{} {} HTTP/1.1\r\nHost: test\r\n{}\r\n", method, target, fields);
}

HttpClient::HttpClient(std::uint16_t port, int receive_buffer_bytes, std::chrono::seconds timeout)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) {
        fail("socket", errno);
    }
    const timeval wait_max{.tv_sec = timeout.count(), .tv_usec = 0};
    set_option(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, wait_max);
    set_option(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, wait_max);
    set_option(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (receive_buffer_bytes > 0) {
        set_option(socket_.get(), SOL_SOCKET, SO_RCVBUF, receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        fail("connect", errno);
    }
}

HttpClient::HttpClient(const std::filesystem::path& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) {
        fail("socket", errno);
    }
    const timeval wait_max{.tv_sec = patience.count(), .tv_usec = 0};
    set_option(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, wait_max);
    set_option(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, wait_max);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.native().copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) < 0) {
        fail("connect", errno);
    }
}

void HttpClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0) {
            fail("send", errno);
        }
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
}

void HttpClient::finish_sending() {
    if (::shutdown(socket_.get(), SHUT_WR) < 0) {
        fail("shutdown", errno);
    }
}

void HttpClient::reset() {
    set_option(socket_.get(), SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
    socket_.reset();
}

HttpClient::Fill HttpClient::fill() {
    received_.erase(0, std::exchange(taken_, 0));
    std::array<char, std::size_t{64} * 1024> buffer;
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count > 0) {
        received_.append(buffer.data(), static_cast<std::size_t>(count));
        return Fill::bytes;
    }
    if (count == 0) {
        return Fill::end;
    }
    if (errno == ECONNRESET) {
        return Fill::reset;
    }
    fail(errno == EAGAIN ? "nothing comes" : "recv", errno);
}

void HttpClient::fill_or_throw(const char* what) {
    const Fill filled = fill();
    if (filled != Fill::bytes) {
        throw ClientError(fmt::format("the connection {} before {}, after \"{}\"",
                                      filled == Fill::end ? "ended" : "was reset", what,
                                      received_.substr(0, 200)));
    }
}

Response HttpClient::receive_head() {
    constexpr std::string_view head_end = "\r\n\r\n";
    std::size_t found = std::string::npos;
    while ((found = received_.find(head_end, taken_)) == std::string::npos) {
        fill_or_throw("the end of a head");
    }
    std::string head = received_.substr(taken_, found + head_end.size() - taken_);
    taken_ = found + head_end.size();
    return parse_head(std::move(head));
}

Response HttpClient::receive_response(std::string_view method) {
    Response response = receive_head();
    if (method == "HEAD" || response.status < 200 || response.status == 204 ||
        response.status == 304) {
        return response;
    }
    const auto length = response.field("Content-Length");
    if (const auto coding = response.field("Transfer-Encoding")) {
        if (length || response.version_minor == 0 || !equals_ignoring_case(*coding, "chunked")) {
            throw ClientError("a body that can't be framed:\n" + response.head);
        }
        response.body = receive_chunks();
    } else if (length) {
        response.body = receive(parse_size(*length, 10, "Content-Length"));
    } else {
        Rest rest = receive_to_end();
        if (response.count("Content-Length") > 0 || rest.ending != Ending::orderly) {
            throw ClientError("no one Content-Length in:\n" + response.head);
        }
        response.body = std::move(rest.bytes);
        response.ends_with_connection = true;
    }
    return response;
}

std::string HttpClient::receive_line() {
    std::size_t found = std::string::npos;
    while ((found = received_.find(line_end, taken_)) == std::string::npos) {
        fill_or_throw("the end of a line");
    }
    std::string line = received_.substr(taken_, found - taken_);
    taken_ = found + line_end.size();
    return line;
}

std::string HttpClient::receive_chunks() {
    constexpr int hexadecimal = 16;
    std::string content;
    while (true) {
        const std::string size_line = receive_line();
        const std::size_t size =
            parse_size(size_line.substr(0, size_line.find(';')), hexadecimal, "chunk size");
        if (size == 0) {
            break;
        }
        content += receive(size);
        if (!receive_line().empty()) {
            throw ClientError("a chunk longer than its size");
        }
    }
    Response trailers;
    for (std::string line = receive_line(); !line.empty(); line = receive_line()) {
        parse_field_line(line, trailers);
    }
    return content;
}

std::string HttpClient::receive(std::size_t count) {
    std::string bytes = received_.substr(taken_, count);
    taken_ += bytes.size();
    while (bytes.size() < count) {
        fill_or_throw("the end of a body");
        const std::size_t missing = count - bytes.size();
        bytes.append(received_, 0, missing);
        taken_ = std::min(missing, received_.size());
    }
    return bytes;
}

HttpClient::Rest HttpClient::receive_to_end() {
    while (true) {
        const Fill filled = fill();
        if (filled != Fill::bytes) {
            return Rest{.bytes = std::exchange(received_, {}),
                        .ending = filled == Fill::end ? Ending::orderly : Ending::reset};
        }
    }
}

std::optional<Ending> HttpClient::ending() {
    if (taken_ < received_.size()) {
        return std::nullopt;
    }
    switch (fill()) {
        case Fill::bytes:
            break;
        case Fill::end:
            return Ending::orderly;
        case Fill::reset:
            return Ending::reset;
    }
    return std::nullopt;
}

Response HttpClient::request(std::string_view method, std::string_view target,
                             std::string_view fields) {
    send(request_bytes(method, target, fields));
    return receive_response(method);
}

std::string resolve_reference(std::string_view target, std::string_view reference) {
    const std::string_view path = reference.substr(0, reference.find('?'));
    const bool has_scheme = path.substr(0, path.find('/')).contains(':');
    if (has_scheme || path.starts_with('/')) {
        return std::string(reference);
    }
    const std::string_view base = target.substr(0, target.find('?'));
    std::vector<std::string_view> segments;
    std::string merged(base.substr(0, base.rfind('/') + 1));
    merged += path;
    // RFC 3986 §5.2.4; what follows the last slash stays, be it empty.
    std::string_view rest = merged;
    while (true) {
        const std::size_t slash = rest.find('/', 1);
        const std::string_view segment = rest.substr(0, slash);
        const bool is_last = slash == std::string_view::npos;
        if (segment == "/..") {
            segments.resize(segments.empty() ? 0 : segments.size() - 1);
        } else if (segment != "/.") {
            segments.push_back(segment);
        }
        if (is_last) {
            if (segment == "/." || segment == "/..") {
                segments.emplace_back("/");
            }
            break;
        }
        rest.remove_prefix(slash);
    }
    std::string resolved;
    for (const std::string_view segment : segments) {
        resolved += segment;
    }
    return resolved += reference.substr(path.size());
}

}  // namespace torc::test
