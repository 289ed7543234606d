#pragma once

#include <torc/http/date.hpp>
#include <torc/http/status.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace torc::site {

/// A field that a user adds to responses.
struct ExtraField {
    enum class Scope : std::uint8_t {
        every_answer,
        /// 200, 206 and 304 alone: it tells of what was asked for, and would be wrong, or kept by
        /// caches, on an error or a redirect.
        success,
        /// Responses to OPTIONS alone, such as a browser's CORS preflight.
        options,
    };

    std::string name;
    std::string value;
    Scope scope = Scope::every_answer;

    friend bool operator==(const ExtraField&, const ExtraField&) = default;
};
/// All of them together, as they are sent.
inline constexpr std::size_t extra_fields_bytes_max = 4096;

/// Which fields that come of rules a response with some status has, beside those that all have.
struct StatusFields {
    /// Those for what was asked for: Policy::success and the file's own Cache-Control. And
    /// X-Content-Type-Options only where the file's type is known; any other response has it.
    bool is_success = false;
    /// Cache-Control with its line end where there is no file with its own; empty: no such field.
    std::string_view cache_control{};
    /// Retry-After with its line end (RFC 9110 §15.6.4); empty: no such field.
    std::string_view retry_after{};
};

/// | status                  | success fields | Cache-Control | Retry-After |
/// |-------------------------|----------------|---------------|-------------|
/// | 200, 206, 304           | yes            | the file's    |             |
/// | 204                     |                |               |             |
/// | 301, 302, 307, 308, 404 |                | no-cache      |             |
/// | 429                     |                | no-store      | 10 s        |
/// | 503                     |                | no-store      | 5 s         |
/// | any other               |                | no-store      |             |
///
/// Caches may keep 301, 308 and 404 without being told so (RFC 9110 §15.1): they are to ask first,
/// for a file may be there by then, or the redirect taken back. 302 and 307 are the same for all
/// who ask, as these are. Other errors are one client's (401, and 429, which RFC 6585 §4 lets no
/// cache keep), or will pass, and no cache is to give them to others. 204 is for OPTIONS alone,
/// which is never cached (RFC 9110 §9.3.7). 503 is for a file system that does not answer, or a
/// shortage: what is likely to have passed in 5 s. 429 is for who sends wrong passwords, of which
/// one is forgiven every few seconds.
[[nodiscard]] constexpr StatusFields fields_of(http::Status status) noexcept {
    switch (status) {
        case http::Status::ok:
        case http::Status::partial_content:
        case http::Status::not_modified:
            return {.is_success = true};
        case http::Status::continue_:
        case http::Status::no_content:
            return {};
        case http::Status::moved_permanently:
        case http::Status::found:
        case http::Status::temporary_redirect:
        case http::Status::permanent_redirect:
        case http::Status::not_found:
            return {.cache_control = "Cache-Control: no-cache\r\n"};
        case http::Status::service_unavailable:
            return {.cache_control = "Cache-Control: no-store\r\n",
                    .retry_after = "Retry-After: 5\r\n"};
        case http::Status::too_many_requests:
            return {.cache_control = "Cache-Control: no-store\r\n",
                    .retry_after = "Retry-After: 10\r\n"};
        case http::Status::bad_request:
        case http::Status::unauthorized:
        case http::Status::forbidden:
        case http::Status::method_not_allowed:
        case http::Status::not_acceptable:
        case http::Status::request_timeout:
        case http::Status::precondition_failed:
        case http::Status::uri_too_long:
        case http::Status::range_not_satisfiable:
        case http::Status::expectation_failed:
        case http::Status::misdirected_request:
        case http::Status::request_header_fields_too_large:
        case http::Status::internal_server_error:
        case http::Status::not_implemented:
        case http::Status::http_version_not_supported:
            break;
    }
    return {.cache_control = "Cache-Control: no-store\r\n"};
}

/// The fields that come of a site's rules, rendered once, each with its line end.
class Policy {
public:
    /// `extra_fields`: a Server or X-Content-Type-Options among them stands in place of torc's own,
    /// and a Cache-Control of every answer in place of that of fields_of. `removed_fields`: those
    /// of torc's that responses do not have then, by name.
    explicit Policy(const std::vector<ExtraField>& extra_fields,
                    const std::vector<std::string>& removed_fields = {});

    /// Of every response.
    [[nodiscard]] std::string_view always() const noexcept { return always_; }
    /// Of 200, 206 and 304.
    [[nodiscard]] std::string_view success() const noexcept { return success_; }
    /// X-Content-Type-Options, unless a user's stands in its place.
    [[nodiscard]] std::string_view no_sniffing() const noexcept { return no_sniffing_; }
    /// The user's Content-Security-Policy, of all but pages that state their own: a browser
    /// enforces both, and few policies for a site allow the style sheet that stands in a page.
    [[nodiscard]] std::string_view security_policy() const noexcept { return security_policy_; }
    /// Of responses to OPTIONS.
    [[nodiscard]] std::string_view options() const noexcept { return options_; }
    /// In place of what fields_of says of a response without a file, with its line end; empty: no
    /// such field.
    [[nodiscard]] const std::optional<std::string>& cache_control() const noexcept {
        return cache_control_;
    }

    /// The status line of 200, Date, and `always`, `success` and `no_sniffing`: rendered anew once
    /// a second, when it is asked for. A policy is of one thread alone.
    [[nodiscard]] std::string_view ok_prefix(http::DateSeconds now) const {
        if (now != rendered_at_) {
            render(now);
        }
        return ok_prefix_;
    }

    /// Bytes of all of them together.
    [[nodiscard]] std::size_t bytes_max() const noexcept { return bytes_max_; }

private:
    [[nodiscard]] std::string& fields_for(const ExtraField& field);
    void render(http::DateSeconds now) const;

    std::string always_;
    std::string success_;
    std::string_view no_sniffing_;
    std::string security_policy_;
    std::string options_;
    std::optional<std::string> cache_control_;
    std::size_t bytes_max_ = 0;
    mutable std::string ok_prefix_;
    mutable http::DateSeconds rendered_at_ = http::DateSeconds::min();
};

}  // namespace torc::site
