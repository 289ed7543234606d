#include <torc/base/assert.hpp>
#include <torc/file/glob.hpp>
#include <torc/site/load/cache_control.hpp>
#include <torc/site/load/fingerprint.hpp>

namespace torc::site {
namespace {

constexpr std::string_view ask_each_time = "no-cache";

}  // namespace

std::string_view cache_control(const std::string& path, std::span<const CacheControlRule> rules) {
    for (const CacheControlRule& rule : rules) {
        if (file::matches_glob(rule.glob, path)) {
            return rule.value;
        }
    }
    return is_fingerprinted(path) ? keep_for_a_year : ask_each_time;
}

std::string_view cache_control_field(http::Status status) noexcept {
    switch (status) {
        case http::Status::continue_:
        case http::Status::ok:
        case http::Status::no_content:  // Of OPTIONS, which is never cached (RFC 9110 §9.3.7).
        case http::Status::partial_content:
        case http::Status::not_modified:
            return "";
        case http::Status::moved_permanently:
        case http::Status::not_found:
            return "Cache-Control: no-cache\r\n";
        case http::Status::bad_request:
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
        case http::Status::service_unavailable:
        case http::Status::http_version_not_supported:
            return "Cache-Control: no-store\r\n";
    }
    assertion_failed("the status is one of the enumerators");
}

}  // namespace torc::site
