#pragma once

#include <torc/http/head_writer.hpp>
#include <torc/http/target.hpp>
#include <torc/site/routing/redirect_pattern.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// Where a user's redirect leads: the value of Location (RFC 9110 §10.2.2), with places for what
/// the placeholders stood for and for the query.
///
/// A value is percent-encoded for the part of the URI that it is put into, and none is put into the
/// authority: so it can neither lead to another host nor end the field. Where it would make an
/// empty segment ("//evil.example", whose first slash is literal) a slash is left out.
class RedirectLocation {
public:
    /// `to`: an absolute path, or a http or https URI; what no URI may contain is percent-encoded.
    /// `names`: the placeholders that there are. Else what is wrong with it, and what would do.
    [[nodiscard]] static std::expected<RedirectLocation, std::string> parse(
        std::string_view to, const std::vector<std::string>& names);

    /// The value for a request for `target`. Its query follows, if `to` has none. `writer` has room
    /// for bytes_max(target).
    void write(const RedirectPattern::Captures& captures, const http::Target& target,
               http::HeadWriter& writer) const noexcept;
    [[nodiscard]] std::size_t bytes_max(const http::Target& target) const noexcept;

    /// The host of a URI, without a port; empty: a path.
    [[nodiscard]] std::string_view host() const noexcept;
    /// Whether it is a URI of the scheme https.
    [[nodiscard]] bool is_secure() const noexcept { return text_.starts_with("https://"); }

private:
    struct Piece {
        enum class Kind : std::uint8_t {
            /// Of anything but the path.
            literal,
            path_literal,
            path_value,
            /// In the query or the fragment.
            value,
            /// That of the request.
            query,
        };
        Kind kind;
        /// Of a value, which of the captures.
        std::uint8_t capture = 0;
        /// Of a literal, where it is in `text_`.
        std::uint32_t begin = 0;
        std::uint32_t bytes = 0;
    };

    enum class Part : std::uint8_t { path, other };

    /// Gives what is wrong with it.
    [[nodiscard]] std::string add_part(std::string_view text, Part part,
                                       const std::vector<std::string>& names);
    void append(std::string_view text, Piece::Kind kind);

    std::string text_;
    std::vector<Piece> pieces_;
    std::size_t values_ = 0;
    /// How long scheme and authority are.
    std::size_t origin_bytes_ = 0;
};

}  // namespace torc::site
