#include <torc/base/ascii.hpp>
#include <torc/site/routing/redirect_pattern.hpp>

#include "routing/percent_decoded.hpp"

#include <algorithm>
#include <utility>

namespace torc::site {
namespace {

constexpr std::string_view rest_name = "splat";

}  // namespace

std::size_t placeholder_name_bytes(std::string_view text) noexcept {
    std::size_t bytes = 0;
    while (bytes < text.size() && (is_lower(to_lower(text[bytes])) || text[bytes] == '_' ||
                                   (bytes > 0 && is_digit(text[bytes])))) {
        ++bytes;
    }
    return bytes;
}

std::expected<RedirectPattern, std::string> RedirectPattern::parse(std::string_view from) {
    if (!from.starts_with('/')) {
        return std::unexpected("a path begins with a slash; give /" + std::string(from));
    }
    if (from.find_first_of("?#") != std::string_view::npos) {
        return std::unexpected("a redirect is from a path, whatever the query is; give " +
                               std::string(from.substr(0, from.find_first_of("?#"))));
    }
    RedirectPattern pattern;
    for (std::string_view rest = from.substr(1);;) {
        const std::size_t slash = rest.find('/');
        const bool is_last = slash == std::string_view::npos;
        const Place place = is_last ? Place::last : Place::inner;
        if (std::string flaw = pattern.add(rest.substr(0, slash), place); !flaw.empty()) {
            return std::unexpected(std::move(flaw));
        }
        if (is_last) {
            return pattern;
        }
        rest.remove_prefix(slash + 1);
    }
}

std::string RedirectPattern::add(std::string_view raw_segment, Place place) {
    const bool is_last = place == Place::last;
    const std::string given(raw_segment);
    Segment segment;
    if (is_last && raw_segment.ends_with('*')) {
        raw_segment.remove_suffix(1);
        segment.kind = Segment::Kind::rest;
    } else if (raw_segment.starts_with(':')) {
        raw_segment.remove_prefix(1);
        segment.kind = Segment::Kind::name;
    }
    if (raw_segment.contains('*')) {
        return "an asterisk stands for the rest of a path, at its end alone; for one segment give "
               "a name, as :" +
               std::string("name");
    }
    if (segment.kind == Segment::Kind::name) {
        segment.text = raw_segment;
        if (segment.text.empty() || placeholder_name_bytes(raw_segment) != raw_segment.size()) {
            return "\"" + given +
                   "\" is no name: those are of letters, digits and \"_\"; for a colon give %3A";
        }
    } else {
        auto decoded = percent_decoded(raw_segment);
        if (!decoded) {
            return "\"" + given + "\" is not percent-encoded as it should be; for \"%\" give %25";
        }
        segment.text = std::move(*decoded);
        const bool may_be_empty = is_last || segment.kind == Segment::Kind::rest;
        if (segment.text == "." || segment.text == ".." ||
            (segment.text.empty() && !may_be_empty)) {
            return "a path is matched without empty segments, \".\" and \"..\"; leave them out";
        }
        if (segment.text.contains('/') || segment.text.contains('\0')) {
            return "no path has \"" + given + "\" in it";
        }
    }
    if (segment.kind != Segment::Kind::literal) {
        std::string name(segment.kind == Segment::Kind::rest ? rest_name : segment.text);
        if (std::ranges::find(names_, name) != names_.end()) {
            return "there are two of the name \":" + name + "\"; give them different ones";
        }
        if (names_.size() == captures_max) {
            return "there are more than " + std::to_string(captures_max) + " names in it";
        }
        names_.push_back(std::move(name));
    }
    segments_.push_back(std::move(segment));
    return "";
}

std::string RedirectPattern::literal_path() const {
    std::string path;
    for (const Segment& segment : segments_) {
        path += &segment == segments_.data() ? "" : "/";
        path += segment.text;
    }
    return path;
}

bool RedirectPattern::capture(std::string_view path, Captures& captures) const noexcept {
    std::size_t captured = 0;
    for (const Segment& segment : segments_) {
        const bool is_last = &segment == &segments_.back();
        const std::size_t slash = path.find('/');
        const std::string_view text = path.substr(0, slash);
        switch (segment.kind) {
            case Segment::Kind::rest:
                captures[captured] = path.substr(std::min(segment.text.size(), path.size()));
                return path.starts_with(segment.text);
            case Segment::Kind::name:
                if (text.empty()) {
                    return false;
                }
                captures[captured++] = text;
                break;
            case Segment::Kind::literal:
                if (text != segment.text) {
                    return false;
                }
                break;
        }
        const bool ends = slash == std::string_view::npos;
        if (ends || is_last) {
            return ends && is_last;
        }
        path.remove_prefix(slash + 1);
    }
    return false;
}

}  // namespace torc::site
