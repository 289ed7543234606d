#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// The path that a user's redirect is from, in segments.
///
/// A segment ":name" stands for any one segment that is not empty. A "*" at the very end stands for
/// any rest of the path, an empty one too: "/old/*" is for "/old/" and all beneath, but not for
/// "/old". A slash at the end counts: "/old" is not for "/old/", which is another path, where
/// another file is.
class RedirectPattern {
public:
    struct Segment {
        enum class Kind : std::uint8_t {
            literal,
            name,
            /// The last: what begins with `text`, with all that follows.
            rest,
        };
        Kind kind = Kind::literal;
        /// Decoded; of a name, the name.
        std::string text{};
    };

    static constexpr std::size_t captures_max = 8;
    /// What each name stood for, in their order, then the rest. The views are into the path.
    using Captures = std::array<std::string_view, captures_max>;

    /// `from`: percent-encoded or not, with a slash in front. Else why it can't match any path, and
    /// what would.
    [[nodiscard]] static std::expected<RedirectPattern, std::string> parse(std::string_view from);

    [[nodiscard]] const std::vector<Segment>& segments() const noexcept { return segments_; }
    /// In the order of Captures; that of the rest is "splat".
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
    [[nodiscard]] bool has_placeholders() const noexcept { return !names_.empty(); }
    /// Without placeholders: the one path that it is for, as a http::Target's.
    [[nodiscard]] std::string literal_path() const;

    /// Whether it is for `path`, a http::Target's; and what its placeholders stand for then.
    [[nodiscard]] bool capture(std::string_view path, Captures& captures) const noexcept;

private:
    enum class Place : std::uint8_t { inner, last };

    /// Gives what is wrong with it.
    [[nodiscard]] std::string add(std::string_view raw_segment, Place place);

    std::vector<Segment> segments_;
    std::vector<std::string> names_;
};

/// How long the name is at the front of `text`: letters, digits and "_", of which the first is no
/// digit.
[[nodiscard]] std::size_t placeholder_name_bytes(std::string_view text) noexcept;

}  // namespace torc::site
