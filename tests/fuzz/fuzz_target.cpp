#include <torc/base/assert.hpp>
#include <torc/base/limits.hpp>
#include <torc/http/head_writer.hpp>
#include <torc/http/target.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

// What holds for every target:
// - a resolved path never escapes: no "." or "..", no empty segment, no NUL, no leading slash;
// - it is called hidden exactly when a segment is;
// - the path that is a view and the one that is built in the scratch are the same;
// - encoded again, a path resolves to itself.

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
    TORC_ASSERT(target.is_hidden == is_hidden);
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
           left->has_query == right->has_query && left->is_hidden == right->is_hidden;
}

/// Whether `target` comes to `expected`, where it is not too long for a request line.
void check_equal(const std::string& target, const Resolved& expected) {
    static Scratch scratch;
    if (target.size() <= scratch.size()) {
        TORC_ASSERT(are_equal(resolve_target(target, scratch), expected));
    }
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
    }
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
