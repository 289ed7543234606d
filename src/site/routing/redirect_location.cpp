#include <torc/base/ascii.hpp>
#include <torc/http/percent_encoder.hpp>
#include <torc/site/routing/redirect_location.hpp>

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

constexpr std::string_view http_scheme = "http://";
constexpr std::string_view https_scheme = "https://";

/// How long scheme and authority are; 0: it has none.
std::size_t origin_bytes(std::string_view to) noexcept {
    for (const std::string_view scheme : {http_scheme, https_scheme}) {
        if (to.starts_with(scheme)) {
            return std::min(to.find_first_of("/?#", scheme.size()), to.size());
        }
    }
    return 0;
}

std::string find_origin_flaw(std::string_view authority) {
    const auto is_authority = [](char each) {
        return is_lower(to_lower(each)) || is_digit(each) ||
               std::string_view("-._:[]").contains(each);
    };
    if (authority.empty() || !std::ranges::all_of(authority, is_authority)) {
        return "\"" + std::string(authority) +
               "\" is no host; give a URI like https://example.org/:splat";
    }
    const std::size_t literal_end = authority.starts_with('[') ? authority.find(']') : 0;
    const std::size_t colon = std::min(authority.find(':', literal_end), authority.size());
    const std::string_view port = authority.substr(std::min(colon + 1, authority.size()));
    if (colon == 0 || !std::ranges::all_of(port, is_digit)) {
        return "a host can't depend on the request; give a redirect for each";
    }
    return "";
}

std::string encoded(std::string_view text) {
    http::PercentEncoder encoder(http::PercentEncoder::Part::query, text);
    std::string result;
    for (std::string_view piece = encoder.next(); !piece.empty(); piece = encoder.next()) {
        result += piece;
    }
    return result;
}

}  // namespace

std::expected<RedirectLocation, std::string> RedirectLocation::parse(
    std::string_view to, const std::vector<std::string>& names) {
    RedirectLocation location;
    location.origin_bytes_ = origin_bytes(to);
    if (location.origin_bytes_ > 0) {
        const std::string_view origin = to.substr(0, location.origin_bytes_);
        if (std::string flaw = find_origin_flaw(origin.substr(origin.find("//") + 2));
            !flaw.empty()) {
            return std::unexpected(std::move(flaw));
        }
        location.append(origin, Piece::Kind::literal);
    } else if (!to.starts_with('/')) {
        return std::unexpected(
            "give a path, which begins with a slash, or a URI that begins with "
            "http:// or https://");
    } else if (to.starts_with("//")) {
        return std::unexpected("it leads to another host; give https:" + std::string(to));
    }
    const std::size_t fragment = std::min(to.find('#'), to.size());
    const std::size_t query = std::min(to.find('?'), fragment);
    const std::string_view path = to.substr(location.origin_bytes_, query - location.origin_bytes_);
    // RFC 3986 §6.2.3: an empty path is that of the root.
    std::string flaw = location.add_part(path.empty() ? "/" : path, Part::path, names);
    if (query == fragment) {
        location.pieces_.push_back({.kind = Piece::Kind::query});
    } else if (flaw.empty()) {
        flaw = location.add_part(to.substr(query, fragment - query), Part::other, names);
    }
    if (flaw.empty() && fragment < to.size()) {
        location.append("#", Piece::Kind::literal);
        flaw = location.add_part(to.substr(fragment + 1), Part::other, names);
    }
    if (!flaw.empty()) {
        return std::unexpected(std::move(flaw));
    }
    return location;
}

std::string RedirectLocation::add_part(std::string_view text, Part part,
                                       const std::vector<std::string>& names) {
    const Piece::Kind literal =
        part == Part::path ? Piece::Kind::path_literal : Piece::Kind::literal;
    std::size_t literal_end = 0;
    while (literal_end < text.size()) {
        const std::size_t colon = text.find(':', literal_end);
        if (colon == std::string_view::npos) {
            break;
        }
        const std::string_view after = text.substr(colon + 1);
        const std::string_view name = after.substr(0, placeholder_name_bytes(after));
        const auto found = std::ranges::find(names, name);
        if (found != names.end()) {
            append(encoded(text.substr(0, colon)), literal);
            pieces_.push_back(
                {.kind = part == Part::path ? Piece::Kind::path_value : Piece::Kind::value,
                 .capture = static_cast<std::uint8_t>(found - names.begin())});
            ++values_;
            text = after.substr(name.size());
            literal_end = 0;
            continue;
        }
        // Within a segment a colon may be one: "/wiki/Special:Search".
        const bool is_placeholder =
            !name.empty() && colon > 0 && std::string_view("/=").contains(text[colon - 1]);
        if (is_placeholder) {
            return "there is no :" + std::string(name) +
                   " in the path that the redirect is from; for a colon give %3A";
        }
        literal_end = colon + 1;
    }
    append(encoded(text), literal);
    return "";
}

void RedirectLocation::append(std::string_view text, Piece::Kind kind) {
    if (text.empty()) {
        return;
    }
    const auto begin = static_cast<std::uint32_t>(text_.size());
    text_ += text;
    pieces_.push_back(
        {.kind = kind, .begin = begin, .bytes = static_cast<std::uint32_t>(text.size())});
}

void RedirectLocation::write(const RedirectPattern::Captures& captures, const http::Target& target,
                             http::HeadWriter& writer) const noexcept {
    const auto literal = [this](const Piece& piece) {
        return std::string_view(text_).substr(piece.begin, piece.bytes);
    };
    // Whether the path so far ends with a slash.
    bool has_slash = false;
    const auto join = [&has_slash](std::string_view text) {
        while (has_slash && text.starts_with('/')) {
            text.remove_prefix(1);
        }
        has_slash = text.empty() ? has_slash : text.ends_with('/');
        return text;
    };
    for (const Piece& piece : pieces_) {
        switch (piece.kind) {
            case Piece::Kind::literal:
                writer.append(literal(piece));
                break;
            case Piece::Kind::path_literal:
                writer.append(join(literal(piece)));
                break;
            case Piece::Kind::path_value:
                writer.append_path_encoded(join(captures[piece.capture]));
                break;
            case Piece::Kind::value:
                writer.append_segment_encoded(captures[piece.capture]);
                break;
            case Piece::Kind::query:
                if (target.has_query) {
                    writer.append("?");
                    writer.append_query(target.query);
                }
                break;
        }
    }
}

std::size_t RedirectLocation::bytes_max(const http::Target& target) const noexcept {
    constexpr std::size_t encoded_bytes_max = 3;
    return text_.size() + values_ * encoded_bytes_max * target.path.size() + 1 +
           encoded_bytes_max * target.query.size();
}

std::string_view RedirectLocation::host() const noexcept {
    const std::string_view origin = std::string_view(text_).substr(0, origin_bytes_);
    const std::string_view authority =
        origin.substr(std::min(origin.find("//") + 2, origin.size()));
    const std::size_t literal_end = authority.starts_with('[') ? authority.find(']') : 0;
    return authority.substr(0, authority.find(':', literal_end));
}

}  // namespace torc::site
