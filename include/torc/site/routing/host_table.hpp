#pragma once

#include <torc/site/routing/text_index.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace torc::site {

/// Which of many sites a request is for, by its host (RFC 9110 §7.2). A name counts before a
/// wildcard, of several wildcards the longest; then comes the default; without one the request is
/// for none of the sites (421).
///
/// Hosts are compared without case, and a dot at the end ("example.org.") makes no difference. An
/// IP literal is compared as it is written, so give it in the form of RFC 5952, as clients do:
/// "[2001:db8::1]". A percent-encoded name is none of the table's.
class HostTable {
public:
    using SiteIndex = std::uint32_t;

    /// `host`: "example.org", or "*.example.org" for all that have one or more labels before
    /// ".example.org", but not for "example.org" itself. Gives the site that has the host already,
    /// and then changes nothing. Precondition: find_host_flaw says nothing of `host`.
    std::optional<SiteIndex> add(std::string_view host, SiteIndex site);
    void set_default(SiteIndex site) noexcept { default_ = site; }

    /// `host`: as http::host_of gives it: without a port, in any case. Empty, for an HTTP/1.0
    /// client that names none: the default. (nginx gives such a request to the first site where no
    /// default is set, which shows one site in the name of another; torc, as Caddy, to none.)
    ///
    /// Takes no longer for a hostile host than for any of 255 bytes. Neither allocates nor blocks.
    [[nodiscard]] std::optional<SiteIndex> find(std::string_view host) const noexcept;

    /// Whether the host of a request makes no difference.
    [[nodiscard]] bool has_default_alone() const noexcept { return hosts_.empty(); }
    [[nodiscard]] std::size_t memory_bytes() const noexcept { return hosts_.memory_bytes(); }

private:
    [[nodiscard]] std::uint32_t find_wildcard(std::string_view host) const noexcept;

    /// Names, and wildcards without the asterisk (".example.org"), each in a scope of its own.
    TextIndex hosts_;
    /// How many dots the wildcards have at the most, so that no host costs more lookups.
    std::size_t wildcard_dots_max_ = 0;
    std::optional<SiteIndex> default_;
};

/// Why `host` can't be one of a site's, and what would: "a host has no port; give example.org";
/// empty: it may.
[[nodiscard]] std::string find_host_flaw(std::string_view host);

}  // namespace torc::site
