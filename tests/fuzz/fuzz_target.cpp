#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/file/hidden_names.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/request.hpp>
#include <torc/http/target.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <regex>
#include <string>
#include <string_view>

// What holds for every target:
// - a resolved path never escapes: no "." or "..", no empty segment, no NUL, no leading slash;
// - it is hidden exactly when a segment is;
// - the path that is a view and the one that is built in the scratch are the same;
// - encoded again, a path resolves to itself;
// - where an encoded slash separates, it is a slash in every respect;
// - OPTIONS takes the same and "*", CONNECT takes a host with a port and nothing else;
// - an IP literal is one when inet_pton(3) and the grammar of those to come say so.

namespace {

using torc::http::HeadWriter;
using torc::http::Rejection;
using torc::http::resolve_target;
using torc::http::Target;

using Scratch = std::array<char, torc::limits::request_line_bytes_default>;
using Resolved = std::expected<Target, Rejection>;

void check_path(const Target& target) {
    std::string_view path = target.path;
    TORC_ASSERT(!path.contains('\0'));
    TORC_ASSERT(!path.starts_with('/'));
    bool is_first = true;
    bool is_hidden = false;
    while (!path.empty()) {
        const std::string_view segment = path.substr(0, path.find('/'));
        TORC_ASSERT(!segment.empty());
        TORC_ASSERT(segment != "." && segment != "..");
        is_hidden |= segment.front() == '.' && !(is_first && segment == ".well-known");
        path.remove_prefix(segment.size());
        if (!path.empty()) {
            path.remove_prefix(1);
        }
        is_first = false;
    }
    TORC_ASSERT(torc::file::HiddenNames().hide(target.path) == is_hidden);
}

bool is_inside(std::string_view view, std::string_view whole) {
    return view.empty() || (view.data() >= whole.data() &&
                            view.data() + view.size() <= whole.data() + whole.size());
}

bool are_equal(const Resolved& left, const Resolved& right) {
    if (left.has_value() != right.has_value()) {
        return false;
    }
    if (!left) {
        return left.error().status == right.error().status &&
               left.error().reason == right.error().reason;
    }
    return left->path == right->path && left->query == right->query &&
           left->has_query == right->has_query;
}

/// Whether `target` comes to `expected`, where it is not too long for a request line.
void check_equal(const std::string& target, const Resolved& expected) {
    static Scratch scratch;
    if (target.size() <= scratch.size()) {
        TORC_ASSERT(are_equal(resolve_target(target, scratch), expected));
    }
}

/// `target`: begins with a slash.
void check_encoded_slashes(std::string_view target) {
    static const std::regex slash("%2[Ff]");
    static Scratch scratch;
    static Scratch other_scratch;
    constexpr std::size_t short_bytes = 256;
    if (target.size() > short_bytes) {
        return;
    }
    const std::size_t path_bytes = std::min(target.find('?'), target.size());
    const std::string plain =
        std::regex_replace(std::string(target.substr(0, path_bytes)), slash, "/") +
        std::string(target.substr(path_bytes));
    using torc::http::EncodedSlash;
    const Resolved resolved = resolve_target(target, scratch, EncodedSlash::separates);
    TORC_ASSERT(are_equal(resolved, resolve_target(plain, other_scratch, EncodedSlash::separates)));
    if (resolved) {
        check_path(*resolved);
    }
}

bool is_valid_for(torc::http::Method method, std::string_view target) {
    static Scratch scratch;
    static torc::http::Request request;
    request.method = method;
    request.target = target;
    return torc::http::check_target_form(request, scratch).has_value();
}

void check_forms(std::string_view input, bool is_resolved) {
    using torc::http::Method;
    TORC_ASSERT(is_valid_for(Method::options, input) == (is_resolved || input == "*"));
    TORC_ASSERT(is_valid_for(Method::post, input) == is_resolved);
    if (is_valid_for(Method::connect, input)) {
        static Scratch scratch;
        const std::string uri = "http://" + std::string(input) + "/";
        TORC_ASSERT(uri.size() > scratch.size() || resolve_target(uri, scratch));
        const std::size_t colon = input.rfind(':');
        TORC_ASSERT(colon > 0 && colon < input.size() - 1);
        TORC_ASSERT(std::stoul(std::string(input.substr(colon + 1))) <= 65535);
        TORC_ASSERT(!is_valid_for(Method::connect, input.substr(0, colon + 1)));
    }
}

void check_ip_literal(const std::string& literal) {
    static const std::regex future("[vV][0-9A-Fa-f]+\\.[A-Za-z0-9._~!$&'()*+,;=:-]+");
    constexpr std::size_t short_bytes = 64;  // The library's regex needs a frame a character.
    if (literal.size() > short_bytes ||
        literal.find_first_of(std::string("]\0", 2)) != literal.npos) {
        return;
    }
    static Scratch scratch;
    in6_addr address{};
    const bool is_literal =
        inet_pton(AF_INET6, literal.c_str(), &address) == 1 || std::regex_match(literal, future);
    TORC_ASSERT(resolve_target("http://[" + literal + "]/", scratch).has_value() == is_literal);
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Scratch scratch;
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (size > scratch.size()) {
        return 0;
    }
    const Resolved resolved = resolve_target(input, scratch);
    if (input.starts_with('/')) {
        // The dot segment forces the long way, a scheme and an authority change nothing.
        check_equal("/." + std::string(input), resolved);
        check_equal("hTTp://[::1]:80" + std::string(input), resolved);
        check_encoded_slashes(input);
    }
    check_forms(input, resolved.has_value());
    check_ip_literal(std::string(input));
    if (!resolved) {
        TORC_ASSERT(!resolved.error().reason.empty());
        return 0;
    }
    check_path(*resolved);
    TORC_ASSERT(is_inside(resolved->path, input) ||
                is_inside(resolved->path, {scratch.data(), scratch.size()}));
    TORC_ASSERT(is_inside(resolved->query, input));

    static std::array<char, 3 * scratch.size() + 2> encoded;
    HeadWriter writer(encoded);
    writer.append("/");
    writer.append_path_encoded(resolved->path);
    if (resolved->has_query) {
        writer.append("?");
        writer.append(resolved->query);
    }
    check_equal(std::string(writer.written()), resolved);
    return 0;
}
