#include <torc/base/ascii.hpp>
#include <torc/file/media_type.hpp>
#include <torc/site/load/content_type.hpp>

#include "load/text.hpp"

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

constexpr std::string_view text_tree = "text/";

/// `extension`: in lower case, with its dot.
bool has_extension(std::string_view path, std::string_view extension) noexcept {
    return path.size() > extension.size() &&
           std::ranges::equal(path.substr(path.size() - extension.size()), extension, {}, to_lower);
}

/// TypeScript, and video that is sent or recorded in packets.
bool is_script_or_video(std::string_view path) noexcept {
    return has_extension(path, ".ts") || has_extension(path, ".mts");
}

bool is_compressed_svg(std::string_view path) noexcept {
    return has_extension(path, ".svgz");
}

std::string_view with_checked_charset(std::string_view type, Beginning text) {
    return !type.ends_with(utf8_parameter) || may_announce_utf8(type, text)
               ? type
               : type.substr(0, type.size() - utf8_parameter.size());
}

}  // namespace

TypeRule make_type_rule(std::string glob, std::string value) {
    const auto is_charset = [](std::string_view text) {
        constexpr std::string_view charset = "charset";
        return !std::ranges::search(text, charset, {}, to_lower).empty();
    };
    TypeRule rule{.glob = std::move(glob), .value = std::move(value)};
    const bool is_text = std::ranges::equal(
        std::string_view(rule.value).substr(0, text_tree.size()), text_tree, {}, to_lower);
    if (is_text && !is_charset(rule.value)) {
        rule.value += utf8_parameter;
        rule.assumes_utf8 = true;
    }
    return rule;
}

bool type_depends_on_contents(std::string_view path, const TypeRules& rules) {
    if (const TypeRule* const rule = rules.find(path)) {
        return rule->assumes_utf8;
    }
    return file::media_type(path).starts_with(text_tree) || is_compressed_svg(path);
}

ContentType content_type(std::string_view path, const TypeRules& rules, Beginning beginning) {
    if (const TypeRule* const rule = rules.find(path)) {
        return {.value = rule->assumes_utf8 ? with_checked_charset(rule->value, beginning)
                                            : rule->value};
    }
    if (is_script_or_video(path) && is_binary(beginning.bytes)) {
        return {.value = "video/mp2t"};
    }
    constexpr std::string_view gzip_magic = "\x1F\x8B";
    const bool is_gzip = is_compressed_svg(path) && beginning.bytes.starts_with(gzip_magic);
    return {.value = with_checked_charset(file::media_type(path), beginning),
            .is_known = file::has_known_media_type(path),
            .coding = is_gzip ? http::ContentCoding::gzip : http::ContentCoding::identity};
}

}  // namespace torc::site
